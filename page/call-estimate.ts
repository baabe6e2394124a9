import { maxBatchPoints, maxMonthMs } from "../src/dakkio/rate-limits";
import { batteryUploadIntervalMs, uploadIntervalMs } from "../src/upload/upload-interval";

/** The API calls that the intervals cause. */
export interface CallEstimate {
	/** Between uploads, seconds. */
	readonly intervalS: number;
	/** In a month of 31 days. */
	readonly calls: number;
	/** Varies if an upload's readings are not a multiple of those in a call. */
	readonly callsPerUpload: { readonly min: number; readonly max: number };
}

/**
 * By the firmware's own rules, for a board that has all `limit` calls of the plan to itself; `undefined` if the
 * intervals are not valid.
 */
export function estimateCalls(
	settings: Readonly<Record<string, unknown>>,
	limit: number,
): CallEstimate | undefined {
	const { interval, uploadInterval: setting, power } = settings;
	if (!isSeconds(interval) || interval === 0 || !(setting === "auto" || isSeconds(setting))) return undefined;
	const sampling = interval * 1000;
	const whole = { limit, remaining: limit, resetUtc: maxMonthMs };
	const paced = uploadIntervalMs(setting, sampling, whole, 0);
	const onBattery = power === "battery" && setting === "auto";
	const every = Math.max(sampling, onBattery ? batteryUploadIntervalMs : 0, paced);
	const readings = Math.floor(every / sampling);
	/** Share of uploads with one more reading. */
	const share = every / sampling - readings;
	const min = Math.ceil(readings / maxBatchPoints);
	const max = share === 0 ? min : Math.ceil((readings + 1) / maxBatchPoints);
	const perUpload = min * (1 - share) + max * share;
	return {
		intervalS: every / 1000,
		calls: Math.round((maxMonthMs / every) * perUpload),
		callsPerUpload: { min, max },
	};
}

function isSeconds(value: unknown): value is number {
	return typeof value === "number" && value >= 0 && value <= 86_400;
}
