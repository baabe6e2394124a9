import { beforeEach, describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import {
	maxOnlineMs,
	nextPowerAction,
	onlineRetryBackoffMs,
	type PowerAction,
	type PowerState,
} from "../../src/power/next-power-action";
import { PowerManager } from "../../src/power/power-manager";

const nowTicks = 1_000_000;
const idle: PowerState = {
	nowTicks,
	nextSampleTicks: nowTicks + 60_000,
	nextUploadTicks: nowTicks + 600_000,
	busy: false,
	sending: false,
	onlineSinceTicks: undefined,
};
const sleeps: PowerAction = { kind: "sleep", sleepMs: 60_000 };
const stays: PowerAction = { kind: "stay" };
const joins: PowerAction = { kind: "join" };

describe("a board on battery sleeps whenever nothing keeps it awake", () => {
	test.each<[string, Partial<PowerState>, PowerAction]>([
		["nothing to do until the next sample", {}, sleeps],
		["a sample is being measured, or the button is held", { busy: true }, stays],
		["an upload is due, and the radio is off", { nextUploadTicks: nowTicks }, joins],
		[
			"an upload is due, and the network is being joined",
			{ nextUploadTicks: nowTicks, onlineSinceTicks: nowTicks - 5_000 },
			stays,
		],
		["a request is under way", { sending: true, onlineSinceTicks: nowTicks - 5_000 }, stays],
		["the upload is done", { onlineSinceTicks: nowTicks - 5_000 }, sleeps],
		["no reading is pending", { nextUploadTicks: Number.POSITIVE_INFINITY }, sleeps],
		[
			"the upload does not end",
			{ nextUploadTicks: nowTicks, onlineSinceTicks: nowTicks - maxOnlineMs },
			sleeps,
		],
		["a request does not end", { sending: true, onlineSinceTicks: nowTicks - maxOnlineMs }, sleeps],
		["the next sample is too soon to sleep", { nextSampleTicks: nowTicks + 1_999 }, stays],
		["the next sample is due", { nextSampleTicks: nowTicks - 5 }, stays],
	])("%s", (_, change, expected) => {
		expect(nextPowerAction({ ...idle, ...change })).toEqual(expected);
	});
});

test.each([
	[1, 15],
	[2, 30],
	[4, 120],
	[6, 360],
	[1000, 360],
])("after %i attempts in a row that came to no end the next one waits %i minutes", (failures, minutes) => {
	expect(onlineRetryBackoffMs(failures)).toBe(minutes * 60_000);
});

describe("the power manager", () => {
	let time: VirtualTime;
	let duties: Omit<PowerState, "nowTicks" | "onlineSinceTicks">;
	let done: string[];
	let sleeper: PowerManager;
	beforeEach(() => {
		time = new VirtualTime();
		const {
			nextSample: nextSampleTicks,
			nextUpload: nextUploadTicks,
			busy,
			sending,
		} = { ...idle, nextSample: 60_000, nextUpload: 0 };
		duties = { nextSampleTicks, nextUploadTicks, busy, sending };
		done = [];
		sleeper = new PowerManager({
			board: { time },
			get powerState() {
				return duties;
			},
			joinNetwork: () => done.push("join"),
			postponeUpload: (now) => done.push(`postpone at ${now}`),
			sleep: (milliseconds) => done.push(`sleep ${milliseconds}`),
		});
	});

	test("joins once, and sleeps when the upload is done", async () => {
		sleeper.update();
		await time.advance(7_000);
		sleeper.update();
		expect(done).toEqual(["join"]);
		duties = { ...duties, nextUploadTicks: 600_000 };
		sleeper.update();
		expect(done).toEqual(["join", "sleep 53000"]);
		sleeper.update();
		expect(done).toHaveLength(2);
		expect(time.pending).toBe(0);
	});

	test("without a network it gives up after a while, and tries again later", async () => {
		duties = { ...duties, nextSampleTicks: 10 * 60_000 };
		sleeper.update();
		await time.advance(maxOnlineMs);
		expect(done).toEqual(["join", `postpone at ${maxOnlineMs}`, `sleep ${10 * 60_000 - maxOnlineMs}`]);
	});

	test("a sleep that fails is tried again", async () => {
		let failures = 2;
		const stubborn = new PowerManager({
			board: { time },
			powerState: {
				...duties,
				nextSampleTicks: 3_600_000,
				nextUploadTicks: Number.POSITIVE_INFINITY,
			},
			joinNetwork: () => {},
			postponeUpload: () => {},
			sleep: (milliseconds) => {
				if (failures-- > 0) throw new Error("the storage is full");
				done.push(`sleep ${milliseconds}`);
			},
		});
		stubborn.update();
		await time.advance(60_000);
		expect(done).toEqual(["sleep 3590000"]);
	});

	test("stop ends it", async () => {
		sleeper.update();
		sleeper.stop();
		await time.advance(maxOnlineMs);
		sleeper.update();
		expect(done).toEqual(["join"]);
	});
});
