import type { PendingTimes } from "../../src/clock/clock";
import type { SampleTime } from "../../src/reading/reading";

/** Pending readings with these times; `hasUnread`: there are others, which cannot be read. */
export function pendingTimes(
	readings: readonly { readonly time: SampleTime }[],
	hasUnread = false,
): PendingTimes {
	let failedReads = 0;
	return {
		readable: () => {
			if (hasUnread) failedReads++;
			return readings;
		},
		get failedReads() {
			return failedReads;
		},
	};
}
