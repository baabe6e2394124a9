import type { Board } from "../boards/board";
import type { Clock } from "../clock/clock";
import { isFlagSet, setFlag } from "../common/persistent-values";
import type { DeviceStorage } from "./device-storage";

export type RecoveryAction = "poll the time servers" | "rejoin the network" | "restart the board";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * What to do while no server is reachable although the Wi-Fi is up. A resolver that answers is reachable, so a failure
 * of the service does not restart the board. Before each restart the time servers are polled: their response
 * distinguishes a dead network from a name that does not exist.
 */
const recoverySteps: readonly { readonly afterMs: number; readonly action: RecoveryAction }[] = [
	{ afterMs: 60 * minuteMs, action: "poll the time servers" },
	{ afterMs: 65 * minuteMs, action: "rejoin the network" },
	{ afterMs: 120 * minuteMs, action: "poll the time servers" },
	{ afterMs: 125 * minuteMs, action: "restart the board" },
];

export interface Outage {
	readonly unreachableMs: number;
	/** Steps taken in this outage. */
	readonly stepsTaken: number;
	/** The watchdog has restarted the board, and no server has been reachable since. */
	readonly wasRestarted: boolean;
	/** A restart loses the time of day: until the next time response, readings have an estimated time. */
	readonly isTimeKnown: boolean;
}

/** The step that is due; `undefined` if none is. A restart is repeated once a day, or once a week if it loses the time. */
export function nextRecoveryAction(outage: Outage): RecoveryAction | undefined {
	const { unreachableMs, stepsTaken, wasRestarted, isTimeKnown } = outage;
	const step = recoverySteps[stepsTaken];
	if (step === undefined) return undefined;
	let { afterMs } = step;
	if (step.action === "restart the board") {
		if (isTimeKnown) afterMs = 7 * dayMs;
		else if (wasRestarted) afterMs = dayMs;
	}
	return unreachableMs < afterMs ? undefined : step.action;
}

export interface NetworkWatchdogOptions {
	readonly board: Pick<Board, "time" | "log" | "restart">;
	readonly storage: Pick<DeviceStorage, "keyValue" | "tryWrite">;
	readonly clock: Pick<Clock, "now">;
	pollTimeServers(): void;
	rejoinNetwork(): void;
}

/** Recovers from a network that is joined and gets nowhere: polls, rejoins, and finally restarts the board. */
export class NetworkWatchdog {
	private readonly options: NetworkWatchdogOptions;
	private readonly wasRestarted: boolean;
	private lastReachableTicks: number;
	private stepsTaken = 0;

	constructor(options: NetworkWatchdogOptions) {
		this.options = options;
		this.lastReachableTicks = options.board.time.ticks();
		this.wasRestarted = isFlagSet(options.storage.keyValue, "silence");
	}

	/** A server was reached, or a name resolved. */
	onReachable(): void {
		const { board, storage } = this.options;
		this.lastReachableTicks = board.time.ticks();
		this.stepsTaken = 0;
		storage.tryWrite(() => setFlag(storage.keyValue, "silence", false));
	}

	/** The Wi-Fi was joined. That proves nothing while recovery is under way. */
	onNetworkJoined(): void {
		if (this.stepsTaken === 0) this.lastReachableTicks = this.options.board.time.ticks();
	}

	/** An attempt reached no server; takes the step that is due. */
	onUnreachable(): void {
		const { board, storage, clock } = this.options;
		const action = nextRecoveryAction({
			unreachableMs: board.time.ticks() - this.lastReachableTicks,
			stepsTaken: this.stepsTaken,
			wasRestarted: this.wasRestarted,
			isTimeKnown: clock.now() !== undefined,
		});
		if (action === undefined) return;
		this.stepsTaken++;
		board.log(`network: no server reachable although the Wi-Fi is up; next: ${action}`);
		if (action === "poll the time servers") this.options.pollTimeServers();
		else if (action === "rejoin the network") this.options.rejoinNetwork();
		else {
			storage.tryWrite(() => setFlag(storage.keyValue, "silence", true));
			board.restart();
		}
	}
}
