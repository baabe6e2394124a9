import { storableRate } from "./anchor";
import { type Measurement, uncertainty } from "./measurement";

/** What is known of how fast this board's ticks run. */
export interface RateState {
	/** What is to be added to each tick, in ticks; `undefined` while not learned. */
	readonly rate: number | undefined;
	/** The measurement that the next one is compared with. */
	readonly base: Measurement | undefined;
}

/** How well a rate must be known to be believed: 10 ppm, 0.86 s a day. */
const accuracy = 10e-6;
/** No crystal is this far off (the ESP32's: ±10 ppm, with ageing and cold some tens): then a clock was set. */
const largestRate = 200e-6;

/**
 * Learns the rate from two measurements, as soon as they are so far apart, or so good, that their uncertainties
 * cannot pass for a rate. Until then the first one stays the base, so that the distance grows.
 */
export function learnRate(state: RateState, measured: Measurement): RateState {
	const { base } = state;
	if (base === undefined || measured.ticks <= base.ticks) return { ...state, base: measured };
	const elapsed = measured.ticks - base.ticks;
	const doubt = uncertainty(base) + uncertainty(measured);
	const gained = measured.utc - base.utc - elapsed;
	if (Math.abs(gained) > largestRate * elapsed + doubt) return { ...state, base: measured };
	if (doubt > accuracy * elapsed) {
		// A much better measurement makes up for the distance that is lost with the old one.
		const better = uncertainty(base) - uncertainty(measured) > accuracy * elapsed;
		return better ? { ...state, base: measured } : state;
	}
	return { rate: storableRate(gained / elapsed), base: measured };
}
