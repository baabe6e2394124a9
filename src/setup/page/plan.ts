import { batchPoints, longestMonth } from "../../dakkio/limits";
import { batteryUploads, uploadInterval } from "../../upload/pace";

/** What the intervals of the settings come to. */
export interface Plan {
	/** From one upload to the next, seconds. */
	readonly every: number;
	/** In the longest month. */
	readonly calls: number;
}

/**
 * By the same rules as the firmware goes, with nothing else in a month of the plan, which has `limit` calls;
 * `undefined` for no intervals.
 */
export function planFor(settings: Readonly<Record<string, unknown>>, limit: number): Plan | undefined {
	const { interval, uploadInterval: setting, power } = settings;
	if (!isSeconds(interval) || interval === 0 || !(setting === "auto" || isSeconds(setting))) return undefined;
	const sampling = interval * 1000;
	const whole = { limit, remaining: limit, reset: longestMonth };
	const paced = uploadInterval(setting, sampling, whole, 0);
	const onBattery = power === "battery" && setting === "auto";
	const every = Math.max(sampling, onBattery ? batteryUploads : 0, paced);
	const batches = Math.ceil(every / sampling / batchPoints);
	return { every: every / 1000, calls: Math.round((longestMonth / every) * batches) };
}

function isSeconds(value: unknown): value is number {
	return typeof value === "number" && value >= 0 && value <= 86_400;
}
