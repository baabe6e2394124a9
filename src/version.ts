/** As in package.json; sent as `metadata.firmwareVersion`. */
export const firmwareVersion = "0.1.0";

/** The `User-Agent` header of every request (RFC 9110 section 10.1.5). */
export const userAgent = `dakkio-esp32/${firmwareVersion}`;

/** Midnight UTC of this version's release, milliseconds of Unix time: an earlier time is wrong. */
export const releasedAt = 1795478400000;
