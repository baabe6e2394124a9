import type { Bytes } from "../boards/ecma419";
import { crc24, seal } from "./crc24";

/**
 * The layout on flash (docs/flash-format.md has it to the byte): sectors that begin with a header and go on with
 * records, each of which is one write. All numbers are big-endian.
 */

export const headerLength = 40;
/** Bytes of the sum that ends a header and a record. */
export const sumLength = 3;

/** Bytes that every write is a multiple of, in length and place. */
export type WriteAlign = 1 | 4 | 16;

export interface SectorHeader {
	/** Counts the sectors ever opened, from 1. */
	readonly sector: number;
	/** The sequence number that the sector's first record has, or would have. */
	readonly first: number;
	/** When the sector was opened: everything up to this sequence number was acknowledged or dropped. */
	readonly acknowledged: number;
	/** When the sector was opened: where the oldest waiting record stood in its sector; 0: not told. */
	readonly offset: number;
	/** Records dropped so far because the ring was full. */
	readonly dropped: number;
	/** Sequence numbers so far that no record has: after damage, numbers that might have been given are left out. */
	readonly skipped: number;
	readonly align: WriteAlign;
}

/** A header as found on flash. */
export interface FoundSector extends SectorHeader {
	readonly block: number;
	/** What the sums of the sector's records begin with: the header's own sum. */
	readonly seed: number;
}

const magic = [0x44, 0x4b, 0x51] as const;
const version = 1;
const aligns: readonly WriteAlign[] = [1, 4, 16];

/** Writes `header` into the first {@link headerLength} bytes of `bytes`; returns the sum. */
export function encodeHeader(header: SectorHeader, bytes: Bytes): number {
	bytes.set(magic, 0);
	bytes[3] = (version << 4) | aligns.indexOf(header.align);
	putNumber(bytes, 4, 6, header.sector);
	putNumber(bytes, 10, 6, header.first);
	putNumber(bytes, 16, 6, header.acknowledged);
	putNumber(bytes, 22, 4, header.offset);
	putNumber(bytes, 26, 6, header.dropped);
	putNumber(bytes, 32, 5, header.skipped);
	const sum = seal(crc24(0, bytes, 0, headerLength - sumLength));
	putNumber(bytes, headerLength - sumLength, sumLength, sum);
	return sum;
}

/** `undefined` when there is no header of this format and version. */
export function parseHeader(bytes: Bytes, block: number): FoundSector | undefined {
	const align = aligns[(bytes[3] ?? 0) & 0x0f];
	const named = magic.every((byte, index) => bytes[index] === byte) && (bytes[3] ?? 0) >> 4 === version;
	if (!named || align === undefined) return undefined;
	const seed = getNumber(bytes, headerLength - sumLength, sumLength);
	if (seed !== seal(crc24(0, bytes, 0, headerLength - sumLength))) return undefined;
	return {
		sector: getNumber(bytes, 4, 6),
		first: getNumber(bytes, 10, 6),
		acknowledged: getNumber(bytes, 16, 6),
		offset: getNumber(bytes, 22, 4),
		dropped: getNumber(bytes, 26, 6),
		skipped: getNumber(bytes, 32, 5),
		align,
		block,
		seed,
	};
}

/** Where a sector's records begin. */
export function recordsStart(align: WriteAlign): number {
	return roundUp(headerLength, align);
}

/** What a record is: data, or that everything up to a number is acknowledged, or was dropped as the ring was full. */
export type RecordKind = "data" | "acknowledged" | "dropped";

/**
 * Body of a mark: how far beyond the header's acknowledgement it goes (2 bytes); then, of an acknowledgement, where
 * the next record stands in its sector (0: not told), of what was dropped, how many records (2 bytes).
 */
export const markBody = 4;
/** The most that either part of such a body can tell. */
export const markLimit = 0xffff;

/** The largest body that a head can tell. */
const largestCode = 0xfffff;

/** Codes below this are kinds; a data record of n bytes has the code n + 2. */
const dataCode = 2;

export interface RecordHead {
	readonly kind: RecordKind;
	/** Bytes of the head itself. */
	readonly head: number;
	/** Bytes of the body. */
	readonly body: number;
}

/** Bytes of the largest head. */
export const largestHead = 3;

function headLength(code: number): number {
	return code < 0x7f ? 1 : code < 0x1000 ? 2 : 3;
}

/**
 * Writes the head of a record; returns its length. A head's first byte has at least two zero bits, so that not
 * even with one bit flipped does it look like erased flash.
 */
export function encodeHead(kind: RecordKind, body: number, bytes: Bytes): number {
	const code = kind === "data" ? body + dataCode : kind === "dropped" ? 1 : 0;
	const length = headLength(code);
	if (length === 1) bytes[0] = code;
	else putNumber(bytes, 0, length, code + (length === 2 ? 0x8000 : 0xc00000));
	return length;
}

/** `undefined` when the bytes at `at` are no head of a record. */
export function parseHead(bytes: Bytes, at: number): RecordHead | undefined {
	const byte = bytes[at] ?? 0xff;
	if (byte < 0x7f) return headOf(byte, 1);
	const second = bytes[at + 1] ?? 0xff;
	if (byte >> 4 === 0x8) return headOf(((byte & 0x0f) << 8) | second, 2);
	if (byte >> 4 === 0xc) return headOf(((byte & 0x0f) << 16) | (second << 8) | (bytes[at + 2] ?? 0xff), 3);
	return undefined;
}

function headOf(code: number, head: number): RecordHead | undefined {
	if (headLength(code) !== head) return undefined;
	if (code >= dataCode) return { kind: "data", head, body: code - dataCode };
	return { kind: code === 0 ? "acknowledged" : "dropped", head, body: markBody };
}

/** Bytes that a record takes on flash. */
export function recordLength(kind: RecordKind, body: number, align: WriteAlign): number {
	const head = kind === "data" ? headLength(body + dataCode) : 1;
	return roundUp(head + body + sumLength, align);
}

/** The largest body that a sector of `blockLength` bytes can hold. */
export function largestBody(blockLength: number, align: WriteAlign): number {
	let body = Math.min(blockLength - recordsStart(align) - sumLength, largestCode - dataCode);
	while (body > 0 && recordsStart(align) + recordLength("data", body, align) > blockLength) body--;
	return body;
}

/** The most records that `length` bytes of a sector can hold. */
export function mostRecords(length: number, align: WriteAlign): number {
	return Math.ceil(length / recordLength("data", 0, align));
}

/** The sum of a record whose head and body stand in `bytes`; it also covers which record of which sector it is. */
export function recordSum(
	sector: FoundSector,
	sequence: number,
	bytes: Bytes,
	start: number,
	end: number,
): number {
	return seal(crc24(sector.seed ^ ((sequence - sector.first) & 0xffffff), bytes, start, end));
}

export function roundUp(length: number, align: number): number {
	return Math.ceil(length / align) * align;
}

export function putNumber(bytes: Bytes, at: number, length: number, value: number): void {
	let rest = value;
	for (let i = at + length - 1; i >= at; i--) {
		bytes[i] = rest % 256;
		rest = Math.floor(rest / 256);
	}
}

export function getNumber(bytes: Bytes, at: number, length: number): number {
	let value = 0;
	for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0);
	return value;
}

/** Whether the bytes from `start` up to `end` are as after an erase. */
export function isBlank(bytes: Bytes, start: number, end: number): boolean {
	for (let i = start; i < end; i++) if (bytes[i] !== 0xff) return false;
	return true;
}
