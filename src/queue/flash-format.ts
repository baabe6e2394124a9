import type { Bytes } from "../boards/ecma419";
import { lowestByte } from "../common/byte-range";
import { crc24 } from "../common/crc24";

/**
 * The layout on flash (specified in docs/flash-format.md): a sector is a header followed by records, each of which is
 * one write. Numbers are big-endian.
 */

export const sectorHeaderBytes = 40;
/** Bytes of the checksum at the end of a header and of a record. */
export const checksumBytes = 3;

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
}

/** A sector as found on flash. */
export interface Sector extends SectorHeader {
	readonly block: number;
	/** Initial value of its records' checksums: the header's checksum. */
	readonly checksumSeed: number;
}

const magic = [0x44, 0x4b, 0x51] as const;
const versionOffset = 3;
const sumOffset = sectorHeaderBytes - checksumBytes;
/** Version 1 in its upper half. */
const versionByte = 0x10;
/** Both, as 32 bits. */
const headerStart = 0x444b5110;

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
	bytes[versionOffset] = versionByte;
	putUint(bytes, 4, 6, header.sectorNumber);
	putUint(bytes, 10, 6, header.firstSequence);
	putUint(bytes, 16, 6, header.acknowledgedSequence);
	putUint(bytes, 22, 2, header.skippedPending + (header.isNextForeign ? nextForeignFlag : 0));
	putUint(bytes, 24, 2, header.frontOffset);
	putUint(bytes, 26, 6, header.droppedRecords);
	putUint(bytes, 32, 5, header.skippedSequences);
	const checksum = headerChecksum(bytes);
	putChecksum(bytes, sumOffset, checksum);
	return checksum;
}

/** `undefined` unless it is a header of this version, intact but for one byte, which is repaired. */
export function parseSectorHeader(bytes: Bytes, block: number): Sector | undefined {
	const view = viewOf(bytes);
	// What is no queue's costs no checksum.
	if (view.getUint16(0) !== 0x444b && bytes[2] !== magic[2]) return undefined;
	const checksum = headerChecksum(bytes);
	if (storedChecksum(bytes, sumOffset) === checksum)
		return readSectorHeader(view, block, checksum, maxNumber);
	const repaired = repairHeader(bytes);
	if (repaired === undefined) return undefined;
	return readSectorHeader(viewOf(repaired), block, headerChecksum(repaired), maxRepairedNumber);
}

/** The bytes of a header up to its first sequence number. */
export const headerStartBytes = 16;

/**
 * The sector number of a header, unverified: 0 if its first bytes are erased, `undefined` if they are no header's, or of a
 * sector whose records begin at `before` or later. A damaged byte cannot make a newer sector pass for an older one: it
 * changes one of the two numbers.
 */
export function parseSectorNumber(view: DataView, before: number): number | undefined {
	const start = view.getInt32(0);
	// Its first sequence number by the lower four bytes: sectors of a ring are less than half of their range apart.
	// mutation: check-first-sequence
	if (start === headerStart && ((view.getInt32(12) - before) | 0) < 0)
		return view.getUint16(4) * 0x100000000 + view.getUint32(6);
	return start === -1 && view.getInt32(4) === -1 && view.getInt16(8) === -1 ? 0 : undefined;
}

function headerChecksum(bytes: Bytes): number {
	return sealChecksum(crc24(0, bytes, 0, sumOffset));
}

function viewOf(bytes: Bytes): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fields that contradict each other were not written by a queue. */
function readSectorHeader(
	view: DataView,
	block: number,
	checksumSeed: number,
	limit: number,
): Sector | undefined {
	if (view.getUint32(0) !== headerStart) return undefined;
	const pending = view.getUint16(22);
	const sector = {
		sectorNumber: getUint48(view, 4),
		firstSequence: getUint48(view, 10),
		acknowledgedSequence: getUint48(view, 16),
		skippedPending: pending & maxSkippedPending,
		isNextForeign: pending >= nextForeignFlag,
		frontOffset: view.getUint16(24),
		droppedRecords: getUint48(view, 26),
		skippedSequences: view.getUint8(32) * 0x100000000 + view.getUint32(33),
		block,
		checksumSeed,
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

function getUint48(view: DataView, at: number): number {
	return view.getUint16(at) * 0x100000000 + view.getUint32(at + 2);
}

/**
 * The header with its damaged byte restored, by its checksum; `undefined` unless a single byte explains it. Never restored
 * are the version, which may be a later one, and a last byte that is erased: that write was ended by a power cut.
 */
function repairHeader(bytes: Bytes): Bytes | undefined {
	const stored = storedChecksum(bytes, sumOffset);
	const intactMagic = magic.filter((byte, index) => bytes[index] === byte).length;
	if (intactMagic < magic.length - 1 || bytes[versionOffset] !== versionByte) return undefined;
	if ((stored & 0xff) === 0xff) return undefined;
	const repaired = bytes.slice(0, sectorHeaderBytes);
	const difference = crc24(0, bytes, 0, sumOffset) ^ stored;
	// A sealed checksum has lost a bit.
	for (const each of (stored & 0xff) === 0x7f ? [difference, difference ^ 0x80] : [difference]) {
		if ((each & 0xffff) === 0 || (each & 0xff00ff) === 0 || (each & 0xffff00) === 0) return repaired;
		let crc = each;
		for (let at = sumOffset - 1; at >= 0; at--) {
			crc = checksumBefore(crc);
			if ((crc & 0xffff) !== 0 || at === versionOffset) continue;
			repaired[at] = (repaired[at] ?? 0) ^ (crc >>> 16);
			return repaired;
		}
	}
	return undefined;
}

/** The CRC-24 before a byte 0 that left `crc`: where a difference between two checksums came from. */
function checksumBefore(crc: number): number {
	let before = crc;
	// The generator's lowest bit is 1: that of the result shows whether the generator was applied.
	for (let bit = 0; bit < 8; bit++)
		before = before & 1 ? ((before ^ 0x864cfb) >>> 1) | 0x800000 : before >>> 1;
	return before;
}

/** A record is data, or a mark that all records up to a number were acknowledged, or dropped from the full ring. */
export type RecordKind = "data" | "acknowledged" | "dropped";

/**
 * Body of a mark: the sequence number relative to the header's acknowledged one (2 bytes), then the offset of the next
 * record in its sector (acknowledged; 0: unknown) or the number of records (dropped; 2 bytes).
 */
export const markBodyBytes = 4;
/** Size of a mark on flash. */
export const markBytes = 1 + markBodyBytes + checksumBytes;
/** Maximum of either part, and of an offset in a header. */
export const maxMarkValue = 0xffff;

/** Maximum of a record's code. */
const maxCode = 0xfffff;

/** Codes below this are marks; a data record of n bytes has the code n + 2. */
export const firstDataCode = 2;
/** From this code on, a header has more than one byte. */
export const firstLongCode = 0x7f;

/** Maximum size of a record header. */
export const maxRecordHeaderBytes = 3;

function recordHeaderBytes(code: number): number {
	return code < firstLongCode ? 1 : code < 0x1000 ? 2 : 3;
}

/** A record's header, read: in one object for all records of a reader, because there are many. */
export class RecordHeader {
	kind: RecordKind = "data";
	/** Size of the header. */
	headerBytes = 0;
	/** Size of the body. */
	bodyBytes = 0;

	/** Takes the header at `at`; false unless there is one. */
	parse(bytes: Bytes, at: number): boolean {
		let code = bytes[at] ?? 0xff;
		let length = 1;
		if (code >= firstLongCode) {
			const second = bytes[at + 1] ?? 0xff;
			if (code >> 4 === 0x8) length = 2;
			else if (code >> 4 === 0xc) length = 3;
			else return false;
			code = ((code & 0x0f) << 8) | second;
			if (length === 3) code = (code << 8) | (bytes[at + 2] ?? 0xff);
			if (recordHeaderBytes(code) !== length) return false;
		}
		this.headerBytes = length;
		const isData = code >= firstDataCode;
		this.kind = isData ? "data" : code === 0 ? "acknowledged" : "dropped";
		this.bodyBytes = isData ? code - firstDataCode : markBodyBytes;
		return true;
	}

	/** Size of the record on flash. */
	get recordBytes(): number {
		return this.headerBytes + this.bodyBytes + checksumBytes;
	}
}

/**
 * Writes the header of a record; returns its size. Its first byte has at least two zero bits, so that it does not look
 * like erased flash even with a flipped bit.
 */
export function encodeRecordHeader(kind: RecordKind, body: number, bytes: Bytes): number {
	const code = kind === "data" ? body + firstDataCode : kind === "dropped" ? 1 : 0;
	if (code < firstLongCode) {
		bytes[0] = code;
		return 1;
	}
	const length = recordHeaderBytes(code);
	putUint(bytes, 0, length, code + (length === 2 ? 0x8000 : 0xc00000));
	return length;
}

/** Size of a data record on flash. */
export function recordBytes(body: number): number {
	return recordHeaderBytes(body + firstDataCode) + body + checksumBytes;
}

/** Maximum size of a body in a sector of `blockLength` bytes. */
export function maxRecordBodyBytes(blockLength: number): number {
	let body = Math.min(blockLength - sectorHeaderBytes - checksumBytes, maxCode - firstDataCode);
	while (body > 0 && sectorHeaderBytes + recordBytes(body) > blockLength) body--;
	return body;
}

/** Maximum number of records in `length` bytes of a sector. */
export function maxRecords(length: number): number {
	return Math.ceil(length / recordBytes(0));
}

/**
 * The checksum of a record with header and body in `bytes`; it also covers the record's sector and sequence number.
 */
export function recordChecksum(
	sector: Sector,
	sequence: number,
	bytes: Bytes,
	start: number,
	end: number,
): number {
	const seed = sector.checksumSeed ^ ((sequence - sector.firstSequence) & 0xffffff);
	return sealChecksum(crc24(seed, bytes, start, end));
}

/** The checksum of a record, at its end; as {@link getUint} reads it, for what is read most. */
export function storedChecksum(bytes: Bytes, at: number): number {
	return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

/** Writes the checksum of a record. */
export function putChecksum(bytes: Bytes, at: number, checksum: number): void {
	bytes[at] = checksum >> 16;
	bytes[at + 1] = checksum >> 8;
	bytes[at + 2] = checksum;
}

/**
 * A checksum as stored: its last byte is never 0xFF, the value of erased flash, so a write that ended early is always
 * detected, not only with the probability of a CRC.
 */
function sealChecksum(crc: number): number {
	return (crc & 0xff) === 0xff ? crc & 0xffff7f : crc;
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
	return end <= bytes.length && lowestByte(bytes, start, end) >= 0xff;
}
