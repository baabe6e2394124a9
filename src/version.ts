/** As in package.json; sent as `metadata.firmwareVersion`. */
export const firmwareVersion = "0.2.0";

/** The version that a board runs: this one, unless it simulates another. */
export function versionOf({
	firmwareVersion: simulated,
}: {
	readonly firmwareVersion?: string | undefined;
}): string {
	return simulated ?? firmwareVersion;
}

/** The `User-Agent` header of every request (RFC 9110 section 10.1.5). */
export const userAgent = `dakkio-esp32/${firmwareVersion}`;

/** Midnight UTC of this version's release, milliseconds of Unix time: an earlier time is wrong. */
export const releasedAt = 1795651200000;
