import type { Bytes } from "../boards/ecma419";
import { crc24 } from "../common/crc24";

/**
 * The layout on flash (docs/flash-format.md has it to the byte): sectors that begin with a header and go on with
 * records, each of which is one write. All numbers are big-endian.
 */

export const sectorHeaderBytes = 40;
/** Bytes of the sum that ends a header and a record. */
export const checksumBytes = 3;

/** Bytes that every write is a multiple of, in length and place. */
export type WriteAlign = 1 | 4 | 16;

export interface SectorHeader {
	/** Counts the sectors ever opened, from 1. */
	readonly sectorNumber: number;
	/** The sequence number that the sector's first record has, or would have. */
	readonly firstSequence: number;
	/** When the sector was opened: everything up to this sequence number was acknowledged or dropped. */
	readonly acknowledgedSequence: number;
	/** When the sector was opened: where the oldest waiting record stood in its sector; 0: not told. */
	readonly frontOffset: number;
	/** Records dropped so far because the ring was full. */
	readonly droppedRecords: number;
	/** Sequence numbers so far that no record has: after damage, numbers that might have been given are left out. */
	readonly skippedSequences: number;
	readonly writeAlign: WriteAlign;
}

/** A header as found on flash. */
export interface Sector extends SectorHeader {
	readonly block: number;
	/** What the sums of the sector's records begin with: the header's own sum. */
	readonly checksumSeed: number;
}

const magic = [0x44, 0x4b, 0x51] as const;
const version = 1;
const aligns: readonly WriteAlign[] = [1, 4, 16];

/** Writes `header` into the first {@link sectorHeaderBytes} bytes of `bytes`; returns the sum. */
export function encodeSectorHeader(header: SectorHeader, bytes: Bytes): number {
	bytes.set(magic, 0);
	bytes[3] = (version << 4) | aligns.indexOf(header.writeAlign);
	putUint(bytes, 4, 6, header.sectorNumber);
	putUint(bytes, 10, 6, header.firstSequence);
	putUint(bytes, 16, 6, header.acknowledgedSequence);
	putUint(bytes, 22, 4, header.frontOffset);
	putUint(bytes, 26, 6, header.droppedRecords);
	putUint(bytes, 32, 5, header.skippedSequences);
	const sum = sealChecksum(crc24(0, bytes, 0, sectorHeaderBytes - checksumBytes));
	putUint(bytes, sectorHeaderBytes - checksumBytes, checksumBytes, sum);
	return sum;
}

/** `undefined` when there is no header of this format and version. */
export function parseSectorHeader(bytes: Bytes, block: number): Sector | undefined {
	const writeAlign = aligns[(bytes[3] ?? 0) & 0x0f];
	const named = magic.every((byte, index) => bytes[index] === byte) && (bytes[3] ?? 0) >> 4 === version;
	if (!named || writeAlign === undefined) return undefined;
	const checksumSeed = getUint(bytes, sectorHeaderBytes - checksumBytes, checksumBytes);
	if (checksumSeed !== sealChecksum(crc24(0, bytes, 0, sectorHeaderBytes - checksumBytes))) return undefined;
	return {
		sectorNumber: getUint(bytes, 4, 6),
		firstSequence: getUint(bytes, 10, 6),
		acknowledgedSequence: getUint(bytes, 16, 6),
		frontOffset: getUint(bytes, 22, 4),
		droppedRecords: getUint(bytes, 26, 6),
		skippedSequences: getUint(bytes, 32, 5),
		writeAlign,
		block,
		checksumSeed,
	};
}

/** Where a sector's records begin. */
export function recordsOffset(align: WriteAlign): number {
	return alignUp(sectorHeaderBytes, align);
}

/** What a record is: data, or that everything up to a number is acknowledged, or was dropped as the ring was full. */
export type RecordKind = "data" | "acknowledged" | "dropped";

/**
 * Body of a mark: how far beyond the header's acknowledgement it goes (2 bytes); then, of an acknowledgement, where
 * the next record stands in its sector (0: not told), of what was dropped, how many records (2 bytes).
 */
export const markBodyBytes = 4;
/** The most that either part of such a body can tell. */
export const maxMarkValue = 0xffff;

/** The largest body that a head can tell. */
const maxCode = 0xfffff;

/** Codes below this are kinds; a data record of n bytes has the code n + 2. */
const firstDataCode = 2;

export interface RecordHeader {
	readonly kind: RecordKind;
	/** Bytes of the head itself. */
	readonly headerBytes: number;
	/** Bytes of the body. */
	readonly bodyBytes: number;
}

/** Bytes of the largest head. */
export const maxRecordHeaderBytes = 3;

function recordHeaderBytes(code: number): number {
	return code < 0x7f ? 1 : code < 0x1000 ? 2 : 3;
}

/**
 * Writes the head of a record; returns its length. A head's first byte has at least two zero bits, so that not
 * even with one bit flipped does it look like erased flash.
 */
export function encodeRecordHeader(kind: RecordKind, body: number, bytes: Bytes): number {
	const code = kind === "data" ? body + firstDataCode : kind === "dropped" ? 1 : 0;
	const length = recordHeaderBytes(code);
	if (length === 1) bytes[0] = code;
	else putUint(bytes, 0, length, code + (length === 2 ? 0x8000 : 0xc00000));
	return length;
}

/** `undefined` when the bytes at `at` are no head of a record. */
export function parseRecordHeader(bytes: Bytes, at: number): RecordHeader | undefined {
	const byte = bytes[at] ?? 0xff;
	if (byte < 0x7f) return toRecordHeader(byte, 1);
	const second = bytes[at + 1] ?? 0xff;
	if (byte >> 4 === 0x8) return toRecordHeader(((byte & 0x0f) << 8) | second, 2);
	if (byte >> 4 === 0xc)
		return toRecordHeader(((byte & 0x0f) << 16) | (second << 8) | (bytes[at + 2] ?? 0xff), 3);
	return undefined;
}

function toRecordHeader(code: number, headerBytes: number): RecordHeader | undefined {
	if (recordHeaderBytes(code) !== headerBytes) return undefined;
	if (code >= firstDataCode) return { kind: "data", headerBytes, bodyBytes: code - firstDataCode };
	return { kind: code === 0 ? "acknowledged" : "dropped", headerBytes, bodyBytes: markBodyBytes };
}

/** Bytes that a record takes on flash. */
export function recordBytes(kind: RecordKind, body: number, align: WriteAlign): number {
	const head = kind === "data" ? recordHeaderBytes(body + firstDataCode) : 1;
	return alignUp(head + body + checksumBytes, align);
}

/** The largest body that a sector of `blockLength` bytes can hold. */
export function maxRecordBodyBytes(blockLength: number, align: WriteAlign): number {
	let body = Math.min(blockLength - recordsOffset(align) - checksumBytes, maxCode - firstDataCode);
	while (body > 0 && recordsOffset(align) + recordBytes("data", body, align) > blockLength) body--;
	return body;
}

/** The most records that `length` bytes of a sector can hold. */
export function maxRecords(length: number, align: WriteAlign): number {
	return Math.ceil(length / recordBytes("data", 0, align));
}

/** The sum of a record whose head and body stand in `bytes`; it also covers which record of which sector it is. */
export function recordChecksum(
	sector: Sector,
	sequence: number,
	bytes: Bytes,
	start: number,
	end: number,
): number {
	return sealChecksum(
		crc24(sector.checksumSeed ^ ((sequence - sector.firstSequence) & 0xffffff), bytes, start, end),
	);
}

/**
 * A checksum as stored: its last byte is never 0xFF, the value of erased flash, so a write that ended early is always
 * detected, not only with the probability of a CRC.
 */
function sealChecksum(crc: number): number {
	return (crc & 0xff) === 0xff ? crc & 0xffff7f : crc;
}

export function alignUp(length: number, align: number): number {
	return Math.ceil(length / align) * align;
}

export function putUint(bytes: Bytes, at: number, length: number, value: number): void {
	let rest = value;
	for (let i = at + length - 1; i >= at; i--) {
		bytes[i] = rest % 256;
		rest = Math.floor(rest / 256);
	}
}

export function getUint(bytes: Bytes, at: number, length: number): number {
	let value = 0;
	for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0);
	return value;
}

/** Whether the bytes from `start` up to `end` are as after an erase. */
export function isErased(bytes: Bytes, start: number, end: number): boolean {
	for (let i = start; i < end; i++) if (bytes[i] !== 0xff) return false;
	return true;
}
