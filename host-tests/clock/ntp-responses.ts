/** A time server's answer as the tests want it: a good one, unless they say otherwise. */
export interface NtpResponseFields {
	readonly leap?: number;
	readonly version?: number;
	readonly mode?: number;
	readonly stratum?: number;
	/** Milliseconds. */
	readonly rootDelay?: number;
	readonly rootDispersion?: number;
	readonly reference?: string;
	readonly originate?: Uint8Array;
	/** Unix time in milliseconds; `undefined`: the field is zero. */
	readonly receive?: number | undefined;
	readonly transmit?: number | undefined;
	readonly length?: number;
}

export const nonce = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

export function ntpResponseBytes(fields: NtpResponseFields): Uint8Array {
	const { leap = 0, version = 4, mode = 4, stratum = 2, rootDelay = 10, rootDispersion = 5 } = fields;
	const { reference = "", originate = nonce, receive, transmit, length = 48 } = fields;
	const bytes = new Uint8Array(48);
	const view = new DataView(bytes.buffer);
	bytes[0] = (leap << 6) | (version << 3) | mode;
	bytes[1] = stratum;
	view.setUint32(4, (rootDelay / 1000) * 65_536);
	view.setUint32(8, (rootDispersion / 1000) * 65_536);
	bytes.set(Buffer.from(reference, "latin1").subarray(0, 4), 12);
	bytes.set(originate, 24);
	writeTimestamp(view, 32, receive);
	writeTimestamp(view, 40, transmit);
	const sized = new Uint8Array(length);
	sized.set(bytes.subarray(0, length));
	return sized;
}

function writeTimestamp(view: DataView, offset: number, utc: number | undefined): void {
	if (utc === undefined) return;
	const seconds = Math.floor(utc / 1000);
	view.setUint32(offset, (seconds + 2_208_988_800) % 2 ** 32);
	view.setUint32(offset + 4, ((utc - seconds * 1000) / 1000) * 2 ** 32);
}
