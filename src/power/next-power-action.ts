import { backoffMs } from "../common/backoff";

/** What a board on battery has still to do. Ticks. */
export interface PowerState {
	readonly now: number;
	readonly nextSample: number;
	/** When the network is needed for the next upload; without end while nothing waits. */
	readonly nextUpload: number;
	/** A reading is being measured or stored, or a person holds the button. */
	readonly busy: boolean;
	/** A request is under way. */
	readonly sending: boolean;
	/** Since when the network has been wanted; `undefined` while it is not. */
	readonly onlineSince: number | undefined;
}

export type PowerAction =
	| { readonly kind: "stay" }
	/** The radio is needed. */
	| { readonly kind: "join" }
	| { readonly kind: "sleep"; readonly sleepMs: number };

/** Waking up takes about so long, and as much energy as it saves. Milliseconds. */
const minSleepMs = 2_000;
/** The network, the time and an upload may take so long; what is left then is for the next time. Milliseconds. */
export const maxOnlineMs = 3 * 60_000;
/** After a time online that came to no end the next attempt waits, twice as long each time. Milliseconds. */
const minOnlineRetryMs = 15 * 60_000;
const maxOnlineRetryMs = 6 * 3_600_000;

/** How long the next attempt waits after so many in a row that came to no end, milliseconds. */
export function onlineRetryBackoffMs(failures: number): number {
	return backoffMs(failures, minOnlineRetryMs, maxOnlineRetryMs);
}

/** What a board on battery does next: it sleeps whenever it can. */
export function nextPowerAction({
	now,
	nextSample,
	nextUpload,
	busy,
	sending,
	onlineSince,
}: PowerState): PowerAction {
	if (busy) return { kind: "stay" };
	const onlineTimedOut = onlineSince !== undefined && now - onlineSince >= maxOnlineMs;
	if (!onlineTimedOut && sending) return { kind: "stay" };
	if (!onlineTimedOut && nextUpload <= now)
		return onlineSince === undefined ? { kind: "join" } : { kind: "stay" };
	const sleepMs = nextSample - now;
	return sleepMs < minSleepMs ? { kind: "stay" } : { kind: "sleep", sleepMs };
}
