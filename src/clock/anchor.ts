import { crc32 } from "../common/crc32";
import type { Measurement } from "./ntp-packet";

/** What ties the ticks of one boot to the time. Once made it never changes its mind about `start` and `rate`. */
export interface Anchor {
	readonly boot: number;
	/** Unix time of tick 0, milliseconds with a fraction. */
	readonly startUtc: number;
	/** What is to be added to each tick, in ticks: 0.00002 where the ticks are 20 ppm too slow. */
	readonly drift: number;
	/** The latest moment of this boot that is known, milliseconds of Unix time. */
	readonly lastKnownUtc: number;
	/**
	 * Ticks, of whole seconds, before which its times are estimates: without end where it was placed between its
	 * neighbours, because this boot never learned the time; more than 0 where it slept long before it did.
	 */
	readonly estimatedBeforeTicks: number;
}

/** What the clock keeps over a reboot. */
export interface ClockRecord {
	/** The rate of this board's ticks, once learned. */
	readonly drift: number | undefined;
	/** The last measurement: what a boot that went on after a deep sleep counts its ticks from. */
	readonly lastMeasurement: Pick<Measurement, "utc" | "ticks"> | undefined;
	/** Ticks that a board has counted awake and would not have counted asleep, since its boot began. */
	readonly awakeExcessTicks: number;
	/** In order of their boots; at most {@link maxAnchors}. */
	readonly anchors: readonly Anchor[];
}

/** Anchors kept: as many as fit a page of the chip's key-value storage with room to spare (1.8 KiB). */
export const maxAnchors = 64;

/** The Unix time of a boot's ticks, milliseconds with a fraction. */
export function utcOfTicks({ startUtc, drift }: Pick<Anchor, "startUtc" | "drift">, ticks: number): number {
	return startUtc + ticks * (1 + drift);
}

/**
 * With one more anchor. Without room, the newest of the other boots goes: the oldest may have been sent already
 * and have to stay as they are, and what lies between two anchors can be placed again.
 */
export function addAnchor(
	anchors: readonly Anchor[],
	added: Anchor,
	boot: number,
	maxCount = maxAnchors,
): readonly Anchor[] {
	const others = anchors.filter((anchor) => anchor.boot !== added.boot);
	const all = [...others, added].sort((a, b) => a.boot - b.boot);
	if (all.length <= maxCount) return all;
	const evictedIndex = all.findLastIndex((anchor) => anchor.boot !== boot);
	return all.filter((_, index) => index !== evictedIndex);
}

// The record: version, flags, learned rate, last measurement, ticks ahead, then the anchors, then a CRC-32 of all
// before it. Big-endian.
const version = 4;
const headerBytes = 32;
const anchorBytes = 28;
const crcBytes = 4;
const hasDriftFlag = 1;
const hasMeasurementFlag = 2;
/** Seconds of ticks, 136 years. */
const allEstimatedS = 0xffffffff;
/** Rates are kept in steps of 10^-8: a millisecond in a day. */
const driftStep = 1e-8;

/** The rate as it comes back from the record. */
export function quantizeDrift(rate: number): number {
	return Math.round(rate / driftStep) * driftStep;
}

export function encodeClockRecord({
	drift,
	lastMeasurement,
	awakeExcessTicks,
	anchors,
}: ClockRecord): Uint8Array {
	const bytes = new Uint8Array(headerBytes + anchors.length * anchorBytes + crcBytes);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, version);
	view.setUint8(
		1,
		(drift === undefined ? 0 : hasDriftFlag) | (lastMeasurement === undefined ? 0 : hasMeasurementFlag),
	);
	view.setInt32(4, Math.round((drift ?? 0) / driftStep));
	view.setFloat64(8, lastMeasurement?.utc ?? 0);
	view.setFloat64(16, lastMeasurement?.ticks ?? 0);
	view.setFloat64(24, awakeExcessTicks);
	let at = headerBytes;
	for (const anchor of anchors) {
		view.setUint32(at, anchor.boot);
		view.setInt32(at + 4, Math.round(anchor.drift / driftStep));
		view.setFloat64(at + 8, anchor.startUtc);
		view.setFloat64(at + 16, anchor.lastKnownUtc);
		view.setUint32(at + 24, Math.min(allEstimatedS, anchor.estimatedBeforeTicks / 1000));
		at += anchorBytes;
	}
	view.setUint32(at, crc32(bytes.subarray(0, at)));
	return bytes;
}

/** `undefined` for what is not a whole record of this version. */
export function decodeClockRecord(bytes: Uint8Array): ClockRecord | undefined {
	const end = bytes.length - crcBytes;
	if (end < headerBytes || (end - headerBytes) % anchorBytes !== 0) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint8(0) !== version || view.getUint32(end) !== crc32(bytes.subarray(0, end))) return undefined;
	const anchors: Anchor[] = [];
	for (let at = headerBytes; at < end; at += anchorBytes) {
		const seconds = view.getUint32(at + 24);
		anchors.push({
			boot: view.getUint32(at),
			drift: view.getInt32(at + 4) * driftStep,
			estimatedBeforeTicks: seconds === allEstimatedS ? Number.POSITIVE_INFINITY : seconds * 1000,
			startUtc: view.getFloat64(at + 8),
			lastKnownUtc: view.getFloat64(at + 16),
		});
	}
	const flags = view.getUint8(1);
	return {
		drift: flags & hasDriftFlag ? view.getInt32(4) * driftStep : undefined,
		lastMeasurement:
			flags & hasMeasurementFlag ? { utc: view.getFloat64(8), ticks: view.getFloat64(16) } : undefined,
		awakeExcessTicks: view.getFloat64(24),
		anchors,
	};
}
