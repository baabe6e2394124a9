import { crc32 } from "./crc32";
import type { Measurement } from "./measurement";

/** What ties the ticks of one boot to the time. Once made it never changes its mind about `start` and `rate`. */
export interface Anchor {
	readonly boot: number;
	/** Unix time of tick 0, milliseconds with a fraction. */
	readonly start: number;
	/** What is to be added to each tick, in ticks: 0.00002 where the ticks are 20 ppm too slow. */
	readonly rate: number;
	/** The latest moment of this boot that is known, milliseconds of Unix time. */
	readonly until: number;
	/**
	 * Ticks, of whole seconds, before which its times are estimates: without end where it was placed between its
	 * neighbours, because this boot never learned the time; more than 0 where it slept long before it did.
	 */
	readonly estimatedBefore: number;
}

/** What the clock keeps over a reboot. */
export interface ClockRecord {
	/** The rate of this board's ticks, once learned. */
	readonly rate: number | undefined;
	/** The last measurement: what a boot that went on after a deep sleep counts its ticks from. */
	readonly last: Pick<Measurement, "utc" | "ticks"> | undefined;
	/** Ticks that a board has counted awake and would not have counted asleep, since its boot began. */
	readonly ahead: number;
	/** In order of their boots; at most {@link mostAnchors}. */
	readonly anchors: readonly Anchor[];
}

/** Anchors kept: as many as fit a page of the chip's key-value storage with room to spare (1.8 KiB). */
export const mostAnchors = 64;

/** The Unix time of a boot's ticks, milliseconds with a fraction. */
export function timeOf({ start, rate }: Pick<Anchor, "start" | "rate">, ticks: number): number {
	return start + ticks * (1 + rate);
}

/**
 * With one more anchor. Without room, the newest of the other boots goes: the oldest may have been sent already
 * and have to stay as they are, and what lies between two anchors can be placed again.
 */
export function withAnchor(
	anchors: readonly Anchor[],
	added: Anchor,
	boot: number,
	most = mostAnchors,
): readonly Anchor[] {
	const others = anchors.filter((anchor) => anchor.boot !== added.boot);
	const all = [...others, added].sort((a, b) => a.boot - b.boot);
	if (all.length <= most) return all;
	const victim = all.findLastIndex((anchor) => anchor.boot !== boot);
	return all.filter((_, index) => index !== victim);
}

// The record: version, flags, learned rate, last measurement, ticks ahead, then the anchors, then a CRC-32 of all
// before it. Big-endian.
const version = 4;
const headerLength = 32;
const anchorLength = 28;
const crcLength = 4;
const rateLearned = 1;
const lastMeasured = 2;
/** Seconds of ticks, 136 years. */
const allEstimated = 0xffffffff;
/** Rates are kept in steps of 10^-8: a millisecond in a day. */
const rateStep = 1e-8;

/** The rate as it comes back from the record. */
export function storableRate(rate: number): number {
	return Math.round(rate / rateStep) * rateStep;
}

export function encodeRecord({ rate, last, ahead, anchors }: ClockRecord): Uint8Array {
	const bytes = new Uint8Array(headerLength + anchors.length * anchorLength + crcLength);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, version);
	view.setUint8(1, (rate === undefined ? 0 : rateLearned) | (last === undefined ? 0 : lastMeasured));
	view.setInt32(4, Math.round((rate ?? 0) / rateStep));
	view.setFloat64(8, last?.utc ?? 0);
	view.setFloat64(16, last?.ticks ?? 0);
	view.setFloat64(24, ahead);
	let at = headerLength;
	for (const anchor of anchors) {
		view.setUint32(at, anchor.boot);
		view.setInt32(at + 4, Math.round(anchor.rate / rateStep));
		view.setFloat64(at + 8, anchor.start);
		view.setFloat64(at + 16, anchor.until);
		view.setUint32(at + 24, Math.min(allEstimated, anchor.estimatedBefore / 1000));
		at += anchorLength;
	}
	view.setUint32(at, crc32(bytes.subarray(0, at)));
	return bytes;
}

/** `undefined` for what is not a whole record of this version. */
export function decodeRecord(bytes: Uint8Array): ClockRecord | undefined {
	const end = bytes.length - crcLength;
	if (end < headerLength || (end - headerLength) % anchorLength !== 0) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint8(0) !== version || view.getUint32(end) !== crc32(bytes.subarray(0, end))) return undefined;
	const anchors: Anchor[] = [];
	for (let at = headerLength; at < end; at += anchorLength) {
		const seconds = view.getUint32(at + 24);
		anchors.push({
			boot: view.getUint32(at),
			rate: view.getInt32(at + 4) * rateStep,
			estimatedBefore: seconds === allEstimated ? Number.POSITIVE_INFINITY : seconds * 1000,
			start: view.getFloat64(at + 8),
			until: view.getFloat64(at + 16),
		});
	}
	const flags = view.getUint8(1);
	return {
		rate: flags & rateLearned ? view.getInt32(4) * rateStep : undefined,
		last: flags & lastMeasured ? { utc: view.getFloat64(8), ticks: view.getFloat64(16) } : undefined,
		ahead: view.getFloat64(24),
		anchors,
	};
}
