import { crc32 } from "./crc32";

/** A persisted record: version, counter, body, then a CRC-32 of all before it. Big-endian. */
const recordVersion = 1;
const headerBytes = 5;
const crcBytes = 4;

export interface CheckedRecord {
	/** The newer of two records has the higher one. */
	readonly counter: number;
	readonly body: Uint8Array;
}

export function encodeCheckedRecord({ counter, body }: CheckedRecord): Uint8Array {
	const bytes = new Uint8Array(headerBytes + body.length + crcBytes);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, recordVersion);
	view.setUint32(1, counter);
	bytes.set(body, headerBytes);
	const end = bytes.length - crcBytes;
	view.setUint32(end, crc32(bytes.subarray(0, end)));
	return bytes;
}

/** `undefined` unless it is a complete record of this version. `isIntact`: its checksum need not be verified. */
export function decodeCheckedRecord(bytes: Uint8Array, isIntact = false): CheckedRecord | undefined {
	const end = bytes.length - crcBytes;
	if (end < headerBytes) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint8(0) !== recordVersion) return undefined;
	if (!isIntact && view.getUint32(end) !== crc32(bytes.subarray(0, end))) return undefined;
	return { counter: view.getUint32(1), body: bytes.subarray(headerBytes, end) };
}
