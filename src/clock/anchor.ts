import { crc32 } from "../common/crc32";
import type { TimeMeasurement } from "./ntp-packet";

/** Maps the ticks of one boot to the time. `startUtc` and `drift` never change once it is recorded. */
export interface Anchor {
	readonly boot: number;
	/** Unix time of tick 0, milliseconds with a fraction. */
	readonly startUtc: number;
	/** Correction per tick: 0.00002 if the ticks are 20 ppm too slow. */
	readonly drift: number;
	/** The latest known moment of this boot, milliseconds of Unix time. */
	readonly lastKnownUtc: number;
	/**
	 * Ticks, in whole seconds, before which its times are estimates: infinite if the boot was never synchronized and is
	 * placed between its neighbours, above 0 if it slept long before its first synchronization.
	 */
	readonly estimatedBeforeTicks: number;
}

/** What the clock persists. */
export interface ClockRecord {
	/** Learned drift of the ticks; `undefined` before. */
	readonly drift: number | undefined;
	/** The last measurement: a boot that resumes from deep sleep continues from it. */
	readonly lastMeasurement: Pick<TimeMeasurement, "utc" | "ticks"> | undefined;
	/** Ticks counted awake since the boot began that would not have been counted asleep. */
	readonly awakeExcessTicks: number;
	/** Sorted by boot; at most {@link maxAnchors}. */
	readonly anchors: readonly Anchor[];
}

/** As many anchors (1.8 KiB) as fit a page of the chip's key-value storage with room to spare. */
export const maxAnchors = 64;

/** The Unix time of a boot's ticks, milliseconds with a fraction. */
export function utcOfTicks({ startUtc, drift }: Pick<Anchor, "startUtc" | "drift">, ticks: number): number {
	return startUtc + ticks * (1 + drift);
}

/**
 * The anchors with one added. If there is no room, the newest of the other boots is evicted: readings of the oldest may
 * have been sent with their times already, and a boot between two anchors can be placed again.
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

// The record: version, flags, drift, last measurement, awake excess, the anchors, then a CRC-32 of all before it.
// Big-endian.
const version = 4;
const headerBytes = 32;
const anchorBytes = 28;
const crcBytes = 4;
const hasDriftFlag = 1;
const hasMeasurementFlag = 2;
/** Stored for infinity; as seconds it would be 136 years. */
const allEstimatedS = 0xffffffff;
/** Drift is stored in steps of 10^-8: a millisecond in a day. */
const driftStep = 1e-8;

/** The drift as it is read back from the record. */
export function quantizeDrift(drift: number): number {
	return Math.round(drift / driftStep) * driftStep;
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

/** `undefined` unless it is a complete record of this version. */
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
