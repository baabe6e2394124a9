import { beforeEach, describe, expect, test } from "vitest";
import {
	NetworkWatchdog,
	nextRecoveryAction,
	type Outage,
	type RecoveryAction,
} from "../../src/app/network-watchdog";
import { MemoryKeyValue } from "../memory-key-value";

const minute = 60_000;
const day = 24 * 60;

let storage: MemoryKeyValue;
let now: number;
let isTimeKnown: boolean;
/** After how many minutes, what. */
let actions: [number, RecoveryAction][];
beforeEach(() => {
	storage = new MemoryKeyValue();
	now = 0;
	isTimeKnown = false;
	actions = [];
});

function makeWatchdog(): NetworkWatchdog {
	const taken = (action: RecoveryAction) => () => void actions.push([now, action]);
	return new NetworkWatchdog({
		board: {
			time: { ticks: () => now * minute, set: () => ({}), clear: () => {}, setWallClock: () => {} },
			log: () => {},
			restart: taken("restart the board"),
		},
		storage: {
			keyValue: storage,
			tryWrite: (change) => {
				change();
				return true;
			},
		},
		clock: { now: () => (isTimeKnown ? 1 : undefined) },
		pollTimeServers: taken("poll the time servers"),
		rejoinNetwork: taken("rejoin the network"),
	});
}

/** The actions at attempts every ten minutes, all of which fail. */
function fail(watchdog: NetworkWatchdog, from: number, to: number): [number, RecoveryAction][] {
	actions = [];
	for (now = from; now <= to; now += 10) watchdog.onUnreachable();
	return actions;
}

const beforeRestart: [number, RecoveryAction][] = [
	[60, "poll the time servers"],
	[70, "rejoin the network"],
	[120, "poll the time servers"],
];

describe("the step that is due", () => {
	const fresh: Outage = { unreachableMs: 0, stepsTaken: 0, wasRestarted: false, isTimeKnown: false };
	test.each<[Partial<Outage>, afterMinutes: number, RecoveryAction]>([
		[{}, 60, "poll the time servers"],
		[{ stepsTaken: 1 }, 65, "rejoin the network"],
		[{ stepsTaken: 2 }, 120, "poll the time servers"],
		[{ stepsTaken: 3 }, 125, "restart the board"],
		[{ stepsTaken: 3, wasRestarted: true }, day, "restart the board"],
		[{ stepsTaken: 3, isTimeKnown: true }, 7 * day, "restart the board"],
		[{ stepsTaken: 3, isTimeKnown: true, wasRestarted: true }, 7 * day, "restart the board"],
	])("%o: after %i minutes, %s", (outage, afterMinutes, action) => {
		const unreachableMs = afterMinutes * minute;
		expect(nextRecoveryAction({ ...fresh, ...outage, unreachableMs: unreachableMs - 1 })).toBeUndefined();
		expect(nextRecoveryAction({ ...fresh, ...outage, unreachableMs })).toBe(action);
	});

	test("is none after the last one", () => {
		expect(nextRecoveryAction({ ...fresh, stepsTaken: 4, unreachableMs: 30 * day * minute })).toBeUndefined();
	});
});

test("after an hour it polls the time servers, then rejoins the network, then restarts the board", () => {
	expect(fail(makeWatchdog(), 10, 7 * day)).toEqual([...beforeRestart, [130, "restart the board"]]);
});

test("after its restart it restarts the board once a day", () => {
	fail(makeWatchdog(), 10, 130);
	now = 0;
	expect(fail(makeWatchdog(), 10, 7 * day)).toEqual([...beforeRestart, [day, "restart the board"]]);
});

test("while the time is known it waits for a week: a restart would cost readings their true times", () => {
	isTimeKnown = true;
	expect(fail(makeWatchdog(), 10, 8 * day)).toEqual([...beforeRestart, [7 * day, "restart the board"]]);
});

test("a server that is reachable starts the hour again, and ends the daily restarts", () => {
	const watchdog = makeWatchdog();
	expect(fail(watchdog, 10, 60)).toHaveLength(1);
	now = 65;
	watchdog.onReachable();
	expect(fail(watchdog, 70, 120)).toEqual([]);
	expect(fail(watchdog, 130, 200)).toHaveLength(4);
	expect(storage.values.size).toBe(1);
	watchdog.onReachable();
	expect(storage.values.size).toBe(0);
});

test("the hour begins when the Wi-Fi is joined; joining it again as a step of the recovery does not count", () => {
	const watchdog = makeWatchdog();
	now = 50;
	watchdog.onNetworkJoined();
	expect(fail(watchdog, 60, 100)).toEqual([]);
	expect(fail(watchdog, 110, 120)).toHaveLength(2);
	now = 121;
	watchdog.onNetworkJoined();
	expect(fail(watchdog, 130, 190)).toEqual([
		[170, "poll the time servers"],
		[180, "restart the board"],
	]);
});
