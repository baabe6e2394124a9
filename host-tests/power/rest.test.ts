import { beforeEach, describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { type Duties, longestOnline, pauseAfterFailure, type Rest, rest } from "../../src/power/rest";
import { Sleeper } from "../../src/power/sleeper";

const now = 1_000_000;
const idle: Duties = {
	now,
	nextSample: now + 60_000,
	nextUpload: now + 600_000,
	busy: false,
	sending: false,
	onlineSince: undefined,
};
const sleeps: Rest = { kind: "sleep", milliseconds: 60_000 };
const stays: Rest = { kind: "stay" };
const joins: Rest = { kind: "join" };

describe("a board on battery sleeps whenever nothing keeps it awake", () => {
	test.each<[string, Partial<Duties>, Rest]>([
		["nothing to do until the next sample", {}, sleeps],
		["a sample is being measured, or the button is held", { busy: true }, stays],
		["an upload is due, and the radio is off", { nextUpload: now }, joins],
		[
			"an upload is due, and the network is being joined",
			{ nextUpload: now, onlineSince: now - 5_000 },
			stays,
		],
		["a request is under way", { sending: true, onlineSince: now - 5_000 }, stays],
		["the upload is done", { onlineSince: now - 5_000 }, sleeps],
		["nothing waits to be sent", { nextUpload: Number.POSITIVE_INFINITY }, sleeps],
		["the upload came to no end", { nextUpload: now, onlineSince: now - longestOnline }, sleeps],
		["a request came to no end", { sending: true, onlineSince: now - longestOnline }, sleeps],
		["the next sample is so near that waking up would take as long", { nextSample: now + 1_999 }, stays],
		["the next sample is due", { nextSample: now - 5 }, stays],
	])("%s", (_, change, expected) => {
		expect(rest({ ...idle, ...change })).toEqual(expected);
	});
});

describe("the sleeper", () => {
	let time: VirtualTime;
	let duties: Omit<Duties, "now" | "onlineSince">;
	let done: string[];
	let sleeper: Sleeper;
	beforeEach(() => {
		time = new VirtualTime();
		const { nextSample, nextUpload, busy, sending } = { ...idle, nextSample: 60_000, nextUpload: 0 };
		duties = { nextSample, nextUpload, busy, sending };
		done = [];
		sleeper = new Sleeper({
			time,
			duties: () => duties,
			join: () => done.push("join"),
			postpone: (until) => done.push(`postpone to ${until}`),
			sleep: (milliseconds) => done.push(`sleep ${milliseconds}`),
		});
	});

	test("joins once, and sleeps when the upload is done", async () => {
		sleeper.consider();
		await time.advance(7_000);
		sleeper.consider();
		expect(done).toEqual(["join"]);
		duties = { ...duties, nextUpload: 600_000 };
		sleeper.consider();
		expect(done).toEqual(["join", "sleep 53000"]);
		sleeper.consider();
		expect(done).toHaveLength(2);
		expect(time.pending).toBe(0);
	});

	test("without a network it gives up after a while, and tries again later", async () => {
		duties = { ...duties, nextSample: 10 * 60_000 };
		sleeper.consider();
		await time.advance(longestOnline);
		expect(done).toEqual([
			"join",
			`postpone to ${longestOnline + pauseAfterFailure}`,
			`sleep ${10 * 60_000 - longestOnline}`,
		]);
	});

	test("stopped, it does nothing more", async () => {
		sleeper.consider();
		sleeper.stop();
		await time.advance(longestOnline);
		sleeper.consider();
		expect(done).toEqual(["join"]);
	});
});
