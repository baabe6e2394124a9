import { freePlanCalls } from "../dakkio/limits";

/** The part of the plan's calls that regular uploads may use; the rest is for retries and other devices. */
const regularPart = 0.7;
const month = 31 * 86_400_000;

/**
 * The time from one regular upload to the next, milliseconds. "auto" keeps one device within the Free plan;
 * sending more often than sampling would be empty.
 */
export function uploadInterval(setting: number | "auto", sampling: number): number {
	if (setting !== "auto") return setting * 1000;
	return Math.max(sampling, Math.ceil(month / (freePlanCalls * regularPart)));
}
