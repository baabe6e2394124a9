/** Why the board is in setup. */
export type SetupReason = "no settings" | "asked for" | "no network";

const minuteMs = 60_000;
/** Setup that nobody visits closes after so long. */
export const idleTimeoutMs = 10 * minuteMs;
/** Between two attempts at the saved networks while setup is open: each takes the radio off the access point's channel. */
export const rejoinIntervalMs = 2 * minuteMs;

/** What an open setup does by itself; ticks. */
export interface OpenSetup {
	readonly now: number;
	readonly reason: SetupReason;
	/** There is a network to go back to, perhaps since a moment ago. */
	readonly hasNetworks: boolean;
	/** Joined to the access point. */
	readonly stationCount: number;
	/** When it was opened, or somebody last asked for something, or was joined. */
	readonly lastVisit: number;
	/** When the saved networks were last tried, or setup was opened. */
	readonly lastJoinAttempt: number;
	/** A test is under way, or a network is being joined. */
	readonly busy: boolean;
}

export type SetupAction =
	/** Back to the usual work. */
	| { readonly kind: "close" }
	/** Try the saved networks; when one can be joined, close. */
	| { readonly kind: "try networks" }
	/** Look again at these ticks; `undefined`: when something has changed. */
	| { readonly kind: "wait"; readonly until: number | undefined };

/** Nobody is ever thrown out, and a board without settings has nothing to go back to. */
export function nextSetupAction(open: OpenSetup): SetupAction {
	const { now, reason, hasNetworks, stationCount, lastVisit, lastJoinAttempt, busy } = open;
	if (busy || !hasNetworks || stationCount > 0) return { kind: "wait", until: undefined };
	const closesAt = lastVisit + idleTimeoutMs;
	if (now >= closesAt) return { kind: "close" };
	// Who has pressed the button, or has not said that it is over, wants the page, although the network may be there.
	if (reason !== "no network") return { kind: "wait", until: closesAt };
	const triesAt = Math.max(lastJoinAttempt, lastVisit) + rejoinIntervalMs;
	if (now >= triesAt) return { kind: "try networks" };
	return { kind: "wait", until: Math.min(triesAt, closesAt) };
}
