import { crc32 } from "../clock/crc32";

/** A kept record: version, counter, body, then a CRC-32 of all before it. Big-endian. */
const version = 1;
const headerLength = 5;
const crcLength = 4;

export interface KeptRecord {
	/** Higher in the newer one of two. */
	readonly counter: number;
	readonly body: Uint8Array;
}

export function encodeRecord({ counter, body }: KeptRecord): Uint8Array {
	const bytes = new Uint8Array(headerLength + body.length + crcLength);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, version);
	view.setUint32(1, counter);
	bytes.set(body, headerLength);
	const end = bytes.length - crcLength;
	view.setUint32(end, crc32(bytes.subarray(0, end)));
	return bytes;
}

/** `undefined` for what is not a whole record of this version. */
export function decodeRecord(bytes: Uint8Array): KeptRecord | undefined {
	const end = bytes.length - crcLength;
	if (end < headerLength) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint8(0) !== version || view.getUint32(end) !== crc32(bytes.subarray(0, end))) return undefined;
	return { counter: view.getUint32(1), body: bytes.subarray(headerLength, end) };
}
