import type { Bytes } from "../boards/ecma419";
import { crc24, crc24Before } from "../common/crc24";

/**
 * The layout on flash (specified in docs/flash-format.md): a sector is a header followed by records, each of which is
 * one write. Numbers are big-endian.
 */

export const sectorHeaderBytes = 40;
/** Bytes of the checksum at the end of a header and of a record. */
export const checksumBytes = 3;

/** Every write is aligned to this, in length and place; bytes. */
export type WriteAlign = 1 | 4 | 16;

export interface SectorHeader {
	/** Counts all sectors ever opened, from 1. */
	readonly sectorNumber: number;
	/** The sequence number of the sector's first record, or the next one if it has none. */
	readonly firstSequence: number;
	/** When the sector was opened, all records up to this sequence number were acknowledged or dropped. */
	readonly acknowledgedSequence: number;
	/** Unused sequence numbers between that one and the sector's first; 32,767: this many or more. */
	readonly skippedPending: number;
	/** Whether the block after this one held something foreign, or a damaged sector, when this one was opened. */
	readonly isNextForeign: boolean;
	/** Offset of the oldest pending record in its sector when this one was opened; 0: unknown. */
	readonly frontOffset: number;
	/** Records dropped so far because the ring was full. */
	readonly droppedRecords: number;
	/** Unused sequence numbers so far: after damage, numbers that may have been assigned are skipped. */
	readonly skippedSequences: number;
	readonly writeAlign: WriteAlign;
}

/** A sector as found on flash. */
export interface Sector extends SectorHeader {
	readonly block: number;
	/** Initial value of its records' checksums: the header's checksum. */
	readonly checksumSeed: number;
}

const magic = [0x44, 0x4b, 0x51] as const;
const versionOffset = 3;
const version = 1;
const aligns: readonly WriteAlign[] = [1, 4, 16];

/** Maximum of {@link SectorHeader.skippedPending}. */
export const maxSkippedPending = 0x7fff;
const nextForeignFlag = 0x8000;
/** No number in a header is higher: sectors and records of 8,000 years, at a thousand a second. */
const maxNumber = 2 ** 47;
/** A repaired header has lower ones: most wrong repairs have not. */
const maxRepairedNumber = 2 ** 40;

/** Writes `header` into the first {@link sectorHeaderBytes} bytes of `bytes`; returns its checksum. */
export function encodeSectorHeader(header: SectorHeader, bytes: Bytes): number {
	bytes.set(magic, 0);
	bytes[3] = (version << 4) | aligns.indexOf(header.writeAlign);
	putUint(bytes, 4, 6, header.sectorNumber);
	putUint(bytes, 10, 6, header.firstSequence);
	putUint(bytes, 16, 6, header.acknowledgedSequence);
	putUint(bytes, 22, 2, header.skippedPending + (header.isNextForeign ? nextForeignFlag : 0));
	putUint(bytes, 24, 2, header.frontOffset);
	putUint(bytes, 26, 6, header.droppedRecords);
	putUint(bytes, 32, 5, header.skippedSequences);
	const checksum = sealChecksum(crc24(0, bytes, 0, sectorHeaderBytes - checksumBytes));
	putUint(bytes, sectorHeaderBytes - checksumBytes, checksumBytes, checksum);
	return checksum;
}

/** `undefined` unless it is a header of this version, intact but for one byte, which is repaired. */
export function parseSectorHeader(bytes: Bytes, block: number): Sector | undefined {
	if (getUint(bytes, sumOffset, checksumBytes) === headerChecksum(bytes))
		return readSectorHeader(bytes, block, maxNumber);
	const repaired = repairHeader(bytes);
	return repaired && readSectorHeader(repaired, block, maxRepairedNumber);
}

const sumOffset = sectorHeaderBytes - checksumBytes;

function headerChecksum(bytes: Bytes): number {
	return sealChecksum(crc24(0, bytes, 0, sumOffset));
}

/** Fields that contradict each other were not written by a queue. */
function readSectorHeader(bytes: Bytes, block: number, limit: number): Sector | undefined {
	const writeAlign = aligns[(bytes[3] ?? 0) & 0x0f];
	const isKnown = magic.every((byte, index) => bytes[index] === byte) && (bytes[3] ?? 0) >> 4 === version;
	if (!isKnown || writeAlign === undefined) return undefined;
	const pending = getUint(bytes, 22, 2);
	const sector = {
		sectorNumber: getUint(bytes, 4, 6),
		firstSequence: getUint(bytes, 10, 6),
		acknowledgedSequence: getUint(bytes, 16, 6),
		skippedPending: pending & maxSkippedPending,
		isNextForeign: pending >= nextForeignFlag,
		frontOffset: getUint(bytes, 24, 2),
		droppedRecords: getUint(bytes, 26, 6),
		skippedSequences: getUint(bytes, 32, 5),
		writeAlign,
		block,
		checksumSeed: headerChecksum(bytes),
	};
	const { firstSequence } = sector;
	const isPlausible =
		sector.sectorNumber > 0 &&
		sector.sectorNumber < limit &&
		firstSequence < limit &&
		sector.acknowledgedSequence < firstSequence &&
		sector.droppedRecords < firstSequence &&
		sector.skippedSequences < firstSequence;
	return isPlausible ? sector : undefined;
}

/**
 * The header with its damaged byte restored, by its checksum; `undefined` unless a single byte explains it. Never restored
 * are the version, which may be a later one, and a last byte that is erased: that write was ended by a power cut.
 */
function repairHeader(bytes: Bytes): Bytes | undefined {
	const stored = getUint(bytes, sumOffset, checksumBytes);
	const intactMagic = magic.filter((byte, index) => bytes[index] === byte).length;
	if (intactMagic < magic.length - 1 || (bytes[versionOffset] ?? 0) >> 4 !== version) return undefined;
	if ((stored & 0xff) === 0xff) return undefined;
	const repaired = bytes.slice(0, sectorHeaderBytes);
	const difference = crc24(0, bytes, 0, sumOffset) ^ stored;
	// A sealed checksum has lost a bit.
	for (const each of (stored & 0xff) === 0x7f ? [difference, difference ^ 0x80] : [difference]) {
		if ((each & 0xffff) === 0 || (each & 0xff00ff) === 0 || (each & 0xffff00) === 0) return repaired;
		let crc = each;
		for (let at = sumOffset - 1; at >= 0; at--) {
			crc = crc24Before(crc);
			if ((crc & 0xffff) !== 0 || at === versionOffset) continue;
			repaired[at] = (repaired[at] ?? 0) ^ (crc >>> 16);
			return repaired;
		}
	}
	return undefined;
}

/** Offset of a sector's first record. */
export function recordsOffset(align: WriteAlign): number {
	return alignUp(sectorHeaderBytes, align);
}

/** A record is data, or a mark that all records up to a number were acknowledged, or dropped from the full ring. */
export type RecordKind = "data" | "acknowledged" | "dropped";

/**
 * Body of a mark: the sequence number relative to the header's acknowledged one (2 bytes), then the offset of the next
 * record in its sector (acknowledged; 0: unknown) or the number of records (dropped; 2 bytes).
 */
export const markBodyBytes = 4;
/** Maximum of either part, and of an offset in a header. */
export const maxMarkValue = 0xffff;

/** Maximum of a record's code. */
const maxCode = 0xfffff;

/** Codes below this are marks; a data record of n bytes has the code n + 2. */
const firstDataCode = 2;

export interface RecordHeader {
	readonly kind: RecordKind;
	/** Size of the header. */
	readonly headerBytes: number;
	/** Size of the body. */
	readonly bodyBytes: number;
}

/** Maximum size of a record header. */
export const maxRecordHeaderBytes = 3;

function recordHeaderBytes(code: number): number {
	return code < 0x7f ? 1 : code < 0x1000 ? 2 : 3;
}

/**
 * Writes the header of a record; returns its size. Its first byte has at least two zero bits, so that it does not look
 * like erased flash even with a flipped bit.
 */
export function encodeRecordHeader(kind: RecordKind, body: number, bytes: Bytes): number {
	const code = kind === "data" ? body + firstDataCode : kind === "dropped" ? 1 : 0;
	const length = recordHeaderBytes(code);
	if (length === 1) bytes[0] = code;
	else putUint(bytes, 0, length, code + (length === 2 ? 0x8000 : 0xc00000));
	return length;
}

/** `undefined` unless a record header is at `at`. */
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

/** Size of a record on flash, including padding. */
export function recordBytes(kind: RecordKind, body: number, align: WriteAlign): number {
	const header = kind === "data" ? recordHeaderBytes(body + firstDataCode) : 1;
	return alignUp(header + body + checksumBytes, align);
}

/** Maximum size of a body in a sector of `blockLength` bytes. */
export function maxRecordBodyBytes(blockLength: number, align: WriteAlign): number {
	let body = Math.min(blockLength - recordsOffset(align) - checksumBytes, maxCode - firstDataCode);
	while (body > 0 && recordsOffset(align) + recordBytes("data", body, align) > blockLength) body--;
	return body;
}

/** Maximum number of records in `length` bytes of a sector. */
export function maxRecords(length: number, align: WriteAlign): number {
	return Math.ceil(length / recordBytes("data", 0, align));
}

/** The checksum of a record with header and body in `bytes`; it also covers the record's sector and sequence number. */
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

/** Throws a RangeError for a number that `length` bytes do not hold: none may wrap on flash. */
export function putUint(bytes: Bytes, at: number, length: number, value: number): void {
	let rest = value;
	for (let i = at + length - 1; i >= at; i--) {
		bytes[i] = rest % 256;
		rest = Math.floor(rest / 256);
	}
	if (rest !== 0) throw new RangeError(`${value} does not fit ${length} bytes`);
}

export function getUint(bytes: Bytes, at: number, length: number): number {
	let value = 0;
	for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0);
	return value;
}

/** Whether the bytes from `start` up to, not including, `end` are erased. */
export function isErased(bytes: Bytes, start: number, end: number): boolean {
	for (let i = start; i < end; i++) if (bytes[i] !== 0xff) return false;
	return true;
}
