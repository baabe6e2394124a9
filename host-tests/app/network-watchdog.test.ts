import { expect, test } from "vitest";
import { NetworkWatchdog, type RecoveryAction } from "../../src/app/network-watchdog";

const minute = 60_000;
const day = 24 * 60;

/** Attempts every ten minutes, none of which gets anywhere: what is done, and after how many minutes. */
function remedies(
	silence: NetworkWatchdog,
	from: number,
	to: number,
	isTimeKnown = false,
): [number, RecoveryAction][] {
	const done: [number, RecoveryAction][] = [];
	for (let at = from; at <= to; at += 10) {
		const remedy = silence.unreachable({ ticks: at * minute, isTimeKnown });
		if (remedy !== undefined) done.push([at, remedy]);
	}
	return done;
}

const beforeRestart: [number, RecoveryAction][] = [
	[60, "ask for the time"],
	[70, "restart the network"],
	[120, "ask for the time"],
];

test("when nothing is heard for an hour: the time servers are asked, then the network is restarted, then the board", () => {
	expect(remedies(new NetworkWatchdog(0, false), 10, 7 * day)).toEqual([
		...beforeRestart,
		[130, "restart the board"],
	]);
});

test("a board that was restarted for it restarts once a day from then on", () => {
	expect(remedies(new NetworkWatchdog(0, true), 10, 7 * day)).toEqual([
		...beforeRestart,
		[day, "restart the board"],
	]);
});

test("a board that knows the time keeps it for a week: a restart would cost its readings their true times", () => {
	expect(remedies(new NetworkWatchdog(0, false), 10, 8 * day, true)).toEqual([
		...beforeRestart,
		[7 * day, "restart the board"],
	]);
});

test("whatever is heard begins the hour anew", () => {
	const silence = new NetworkWatchdog(0, false);
	expect(remedies(silence, 10, 60)).toHaveLength(1);
	silence.reachable(65 * minute);
	expect(remedies(silence, 70, 120)).toEqual([]);
	expect(remedies(silence, 130, 130)).toEqual([[130, "ask for the time"]]);
});

test("the hour counts from when the Wi-Fi is up, and joining it again as a remedy is no sign of life", () => {
	const silence = new NetworkWatchdog(0, false);
	silence.networkJoined(50 * minute);
	expect(remedies(silence, 60, 100)).toEqual([]);
	expect(remedies(silence, 110, 120)).toHaveLength(2);
	silence.networkJoined(121 * minute);
	expect(remedies(silence, 130, 190)).toEqual([
		[170, "ask for the time"],
		[180, "restart the board"],
	]);
});
