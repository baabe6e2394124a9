/** What is done, one after the other, while not even a name can be resolved although the Wi-Fi is up. */
export type RecoveryAction = "ask for the time" | "restart the network" | "restart the board";

/** In the storage while the last restart was for a silent network, and it is still silent. */
export const networkWatchdogKey = "silence";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * A server that is down is nobody's reason to restart: something still answers, if only the resolver. Before a
 * restart the time servers are asked, because their answer tells a dead network from a name that does not exist.
 */
const recoverySteps: readonly { readonly after: number; readonly remedy: RecoveryAction }[] = [
	{ after: 60 * minuteMs, remedy: "ask for the time" },
	{ after: 65 * minuteMs, remedy: "restart the network" },
	{ after: 120 * minuteMs, remedy: "ask for the time" },
	{ after: 125 * minuteMs, remedy: "restart the board" },
];

/** What is known when an attempt got nowhere. */
export interface UnreachableEvent {
	readonly ticks: number;
	/** A restart forgets the time of day, and readings until the next answer have only an estimate. */
	readonly isTimeKnown: boolean;
}

/** How long nothing has been heard from the network, in a board's ticks. */
export class NetworkWatchdog {
	private readonly wasRestarted: boolean;
	private lastReachableTicks: number;
	private stepsTaken = 0;

	/** `restarted`: the board was restarted for this, and nothing has been heard since. */
	constructor(ticks: number, restarted: boolean) {
		this.lastReachableTicks = ticks;
		this.wasRestarted = restarted;
	}

	/** Something came from the network. */
	reachable(ticks: number): void {
		this.lastReachableTicks = ticks;
		this.stepsTaken = 0;
	}

	/** The Wi-Fi was joined. While a remedy is being tried, that alone proves nothing. */
	networkJoined(ticks: number): void {
		if (this.stepsTaken === 0) this.lastReachableTicks = ticks;
	}

	/** Nothing came at this attempt; each remedy is named once. */
	unreachable({ ticks, isTimeKnown }: UnreachableEvent): RecoveryAction | undefined {
		const next = recoverySteps[this.stepsTaken];
		if (next === undefined) return undefined;
		const after = next.remedy === "restart the board" ? this.restartAfterMs(isTimeKnown) : undefined;
		if (ticks - this.lastReachableTicks < (after ?? next.after)) return undefined;
		this.stepsTaken++;
		return next.remedy;
	}

	/** One that did not help is repeated once a day; one that costs true times waits for a week. */
	private restartAfterMs(timeKnown: boolean): number | undefined {
		if (timeKnown) return 7 * dayMs;
		return this.wasRestarted ? dayMs : undefined;
	}
}
