import { quantizeDrift } from "./anchor";
import type { Measurement } from "./ntp-packet";

/** What is known of how fast this board's ticks run. */
export interface DriftState {
	/** What is to be added to each tick, in ticks; `undefined` while not learned. */
	readonly drift: number | undefined;
	/** The measurement that the next one is compared with. */
	readonly baseline: Measurement | undefined;
}

/** How well a rate must be known to be believed: 10 ppm, 0.86 s a day. */
const requiredAccuracy = 10e-6;
/** No crystal is this far off (the ESP32's: ±10 ppm, with ageing and cold some tens): then a clock was set. */
const maxDrift = 200e-6;

/**
 * Learns the rate from two measurements, as soon as they are so far apart, or so good, that their uncertainties
 * cannot pass for a rate. Until then the first one stays the base, so that the distance grows.
 */
export function updateDrift(state: DriftState, measured: Measurement): DriftState {
	const { baseline } = state;
	if (baseline === undefined || measured.ticks <= baseline.ticks) return { ...state, baseline: measured };
	const elapsed = measured.ticks - baseline.ticks;
	const combinedUncertaintyMs = uncertaintyMs(baseline) + uncertaintyMs(measured);
	const gained = measured.utc - baseline.utc - elapsed;
	if (Math.abs(gained) > maxDrift * elapsed + combinedUncertaintyMs) return { ...state, baseline: measured };
	if (combinedUncertaintyMs > requiredAccuracy * elapsed) {
		// A much better measurement makes up for the distance that is lost with the old one.
		const better = uncertaintyMs(baseline) - uncertaintyMs(measured) > requiredAccuracy * elapsed;
		return better ? { ...state, baseline: measured } : state;
	}
	return { drift: quantizeDrift(gained / elapsed), baseline: measured };
}

/** Maximum difference between the true time and the measured one, milliseconds. */
function uncertaintyMs({ roundTripMs, rootDistanceMs = 0 }: Measurement): number {
	return roundTripMs / 2 + rootDistanceMs;
}
