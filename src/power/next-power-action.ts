import { backoffMs } from "../common/backoff";

/** What keeps a board on battery awake. Times are ticks. */
export interface PowerState {
	readonly nowTicks: number;
	readonly nextSampleTicks: number;
	/** `Infinity` without pending readings. */
	readonly nextUploadTicks: number;
	/** A sample is under way, or the button is held. */
	readonly busy: boolean;
	/** A request is under way. */
	readonly sending: boolean;
	/** Since when the radio is on; `undefined` while it is off. */
	readonly onlineSinceTicks: number | undefined;
}

export type PowerAction =
	| { readonly kind: "stay" }
	/** Switch the radio on. */
	| { readonly kind: "join" }
	| { readonly kind: "sleep"; readonly sleepMs: number };

/** A shorter sleep takes more energy to wake up than it saves. */
const minSleepMs = 2_000;
/** For network, time and upload together; then the board sleeps, and unsent readings stay pending. */
export const maxOnlineMs = 3 * 60_000;
/** Delay after {@link maxOnlineMs} without success; doubled each time. */
const minOnlineRetryMs = 15 * 60_000;
const maxOnlineRetryMs = 6 * 3_600_000;

/** Delay before the next attempt, after this many failures in a row. */
export function onlineRetryBackoffMs(failures: number): number {
	return backoffMs(failures, minOnlineRetryMs, maxOnlineRetryMs);
}

/** What a board on battery does next: it sleeps whenever nothing keeps it awake. */
export function nextPowerAction({
	nowTicks,
	nextSampleTicks,
	nextUploadTicks,
	busy,
	sending,
	onlineSinceTicks,
}: PowerState): PowerAction {
	if (busy) return { kind: "stay" };
	const onlineTimedOut = onlineSinceTicks !== undefined && nowTicks - onlineSinceTicks >= maxOnlineMs;
	if (!onlineTimedOut && sending) return { kind: "stay" };
	if (!onlineTimedOut && nextUploadTicks <= nowTicks)
		return onlineSinceTicks === undefined ? { kind: "join" } : { kind: "stay" };
	const sleepMs = nextSampleTicks - nowTicks;
	return sleepMs < minSleepMs ? { kind: "stay" } : { kind: "sleep", sleepMs };
}
