/** Why setup is open. */
export type SetupReason = "no settings" | "asked for" | "no network" | "safe mode";

const minuteMs = 60_000;
/** Setup without a visit closes after this time. */
export const idleTimeoutMs = 10 * minuteMs;
/** Between two attempts to join the saved networks while setup is open: each leaves the access point's channel. */
export const rejoinIntervalMs = 2 * minuteMs;

/** The state of an open setup; times in ticks. */
export interface OpenSetup {
	readonly now: number;
	readonly reason: SetupReason;
	/** At least one network is saved. */
	readonly hasNetworks: boolean;
	/** Clients of the access point. */
	readonly stationCount: number;
	/** When setup was opened, or the last request or change of clients. */
	readonly lastVisit: number;
	/** When the saved networks were last tried, or setup was opened. */
	readonly lastJoinAttempt: number;
	/** A test is running, or a network is being joined. */
	readonly busy: boolean;
}

export type SetupAction =
	/** Back to normal operation. */
	| { readonly kind: "close" }
	/** Join a saved network, and close if that succeeds. */
	| { readonly kind: "try networks" }
	/** Decide again at these ticks; `undefined`: after the next change. */
	| { readonly kind: "wait"; readonly until: number | undefined };

/** Setup stays open for a connected client, and without a saved network. In safe mode, closing returns to normal operation. */
export function nextSetupAction(open: OpenSetup): SetupAction {
	const { now, reason, hasNetworks, stationCount, lastVisit, lastJoinAttempt, busy } = open;
	if (busy || !(hasNetworks || reason === "safe mode") || stationCount > 0)
		return { kind: "wait", until: undefined };
	const closesAt = lastVisit + idleTimeoutMs;
	if (now >= closesAt) return { kind: "close" };
	// Setup opened by the button, or in safe mode, stays open even if a network is available.
	if (reason !== "no network") return { kind: "wait", until: closesAt };
	const triesAt = Math.max(lastJoinAttempt, lastVisit) + rejoinIntervalMs;
	if (now >= triesAt) return { kind: "try networks" };
	return { kind: "wait", until: Math.min(triesAt, closesAt) };
}
