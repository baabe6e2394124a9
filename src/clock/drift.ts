import { quantizeDrift } from "./anchor";
import type { TimeMeasurement } from "./ntp-packet";

/** What is known of the rate of this board's ticks. */
export interface DriftState {
	/** Correction per tick; `undefined` until it is learned. */
	readonly drift: number | undefined;
	/** The measurement with which the next one is compared. */
	readonly baseline: TimeMeasurement | undefined;
}

/** Maximum uncertainty of a learned drift: 10 ppm, 0.86 s a day. */
const requiredAccuracy = 10e-6;
/** No crystal is this far off (the ESP32's: ±10 ppm, with ageing and cold some tens): a larger step means a set clock. */
const maxDrift = 200e-6;

/**
 * Learns the drift from two measurements once they are far enough apart, or precise enough, for their uncertainties not
 * to matter. Until then the first stays the baseline, so that the distance grows.
 */
export function updateDrift(state: DriftState, measured: TimeMeasurement): DriftState {
	const { baseline } = state;
	if (baseline === undefined || measured.ticks <= baseline.ticks) return { ...state, baseline: measured };
	const elapsed = measured.ticks - baseline.ticks;
	const combinedUncertaintyMs = uncertaintyMs(baseline) + uncertaintyMs(measured);
	const gained = measured.utc - baseline.utc - elapsed;
	if (Math.abs(gained) > maxDrift * elapsed + combinedUncertaintyMs) return { ...state, baseline: measured };
	if (combinedUncertaintyMs > requiredAccuracy * elapsed) {
		// A much more precise measurement outweighs the distance that the old baseline has.
		const better = uncertaintyMs(baseline) - uncertaintyMs(measured) > requiredAccuracy * elapsed;
		return better ? { ...state, baseline: measured } : state;
	}
	return { drift: quantizeDrift(gained / elapsed), baseline: measured };
}

/** Maximum difference between the true time and the measured one, milliseconds. */
function uncertaintyMs({ roundTripMs, rootDistanceMs = 0 }: TimeMeasurement): number {
	return roundTripMs / 2 + rootDistanceMs;
}
