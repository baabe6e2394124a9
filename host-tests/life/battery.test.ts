import { describe, expect, test } from "vitest";
import { Life } from "../../simulator/life/life";
import { calmScenario, type ScenarioFault, type ServiceFault } from "../../simulator/life/scenario";

/** A week of the whole firmware on battery: it sleeps between samples, and joins the network only for uploads. */

const hour = 3_600_000;
const day = 24 * hour;
const week = calmScenario({
	seed: 3,
	startedAt: Date.UTC(2027, 4, 3),
	length: 7 * day,
	interval: 300,
	sectors: 16,
	power: "battery",
	sleepDrift: 8_000,
});

test("it wakes for each sample, is online once an hour, and each reading has its true time", async () => {
	const report = await new Life({ scenario: week }).run();
	expect(report.readings).toBeGreaterThanOrEqual(7 * 24 * 12);
	expect(report.readings - report.delivered).toBeLessThanOrEqual(13);
	expect(report).toMatchObject({ boots: 1, powerCuts: 0, duplicates: 0, overwritten: 0, estimated: 0 });
	expect(report.wakes).toBeGreaterThan(7 * 24 * 11);
	// Its hours are 0.8 % too short, and the last readings are delivered after the week.
	expect(report.handshakes).toBeLessThanOrEqual(7 * 24 * 1.008 + 2);
	expect(report.maxDelayMs).toBeLessThan(2 * hour);
});

test("the service is down for a day at a reading per minute: each reading has its true time, or nearly", async () => {
	const fault: ScenarioFault = {
		kind: "service",
		fault: { kind: "status", status: 503 },
		from: hour,
		to: hour + day,
	};
	const scenario = { ...week, length: 2 * day, interval: 60, faults: [fault] };
	const report = await new Life({ scenario }).run();
	expect(report).toMatchObject({ duplicates: 0, overwritten: 0, boots: 1 });
	expect(report.readings - report.delivered).toBeLessThanOrEqual(61);
});

describe("nothing is lost, and attempts cost at most three minutes of radio per quarter of an hour", () => {
	test.each<[string, ScenarioFault]>([
		["two days without Wi-Fi", { kind: "radio", from: day, to: 3 * day }],
		["two days without internet", { kind: "internet", from: day, to: 3 * day }],
		[
			"the time servers do not respond for a day",
			{ kind: "time servers", fault: { kind: "silent" }, all: true, from: day, to: 2 * day },
		],
		[
			"the service is down for a day",
			{ kind: "service", fault: { kind: "status", status: 503 }, from: day, to: 2 * day },
		],
		[
			"a settings fault for six days: more time measurements than the board keeps",
			{ kind: "service", fault: { kind: "status", status: 401 }, from: hour, to: 6 * day },
		],
		[
			"power fails while it sleeps",
			{ kind: "power", where: "queue", step: 100_000, from: 3 * day, to: 3 * day + hour },
		],
		["a brown-out loop", { kind: "brown-out", each: 700, from: 2 * day, to: 2 * day + 60_000 }],
	])("%s", async (_, fault) => {
		const joins: number[] = [];
		const log = (utc: number, line: string) => {
			if (/^Wi-Fi: (joined|could not join)/.test(line)) joins.push(utc);
		};
		const report = await new Life({ scenario: { ...week, faults: [fault] }, log }).run();
		expect(report).toMatchObject({ duplicates: 0, overwritten: 0, quarantined: 0 });
		const during = joins.filter(
			(utc) => utc >= week.startedAt + fault.from && utc < week.startedAt + fault.to,
		);
		const quarters = Math.ceil((fault.to - fault.from) / (15 * 60_000));
		// A network that is out of range is tried a few times within those three minutes.
		expect(during.length).toBeLessThanOrEqual(12 * quarters + 4);
	});
});

test("with one working time server, a day without network does not prevent a later synchronization", async () => {
	const faults: ScenarioFault[] = [
		{ kind: "time servers", fault: { kind: "silent" }, all: false, from: 0, to: 5 * day },
		{ kind: "radio", from: 60_000, to: day },
	];
	const report = await new Life({ scenario: { ...week, length: 5 * day, faults } }).run();
	expect(report).toMatchObject({ duplicates: 0, overwritten: 0, boots: 1 });
	expect(report.maxDelayMs).toBeLessThan(day + 7 * hour);
});

test("at a reading every seven hours or every day, no time is estimated once the clock is synchronized", async () => {
	for (const interval of [7 * 3_600, 86_400]) {
		const report = await new Life({ scenario: { ...week, length: 20 * day, interval } }).run();
		expect(report.readings).toBeGreaterThanOrEqual(20);
		expect(report).toMatchObject({ estimated: 0, duplicates: 0 });
	}
});

test.each<[string, ServiceFault]>([
	["503", { kind: "status", status: 503 }],
	["refused", { kind: "refused" }],
	["silent", { kind: "silent" }],
])("a failing service costs no more attempts than a working one: %s", async (_, serviceFault) => {
	const fault: ScenarioFault = { kind: "service", fault: serviceFault, from: hour, to: hour + day };
	let tries = 0;
	const log = (_: number, line: string) => {
		if (line.startsWith("not sent")) tries++;
	};
	const report = await new Life({ scenario: { ...week, length: 2 * day, faults: [fault] }, log }).run();
	expect(tries).toBeGreaterThan(14);
	expect(tries).toBeLessThanOrEqual(25);
	expect(report).toMatchObject({ duplicates: 0, estimated: 0 });
});

test("responses are lost for a day: batches shrink, and stay small across sleeps", async () => {
	const fault: ScenarioFault = {
		kind: "service",
		fault: { kind: "answer lost" },
		from: hour,
		to: hour + day,
	};
	const scenario = { ...week, length: 2 * day, interval: 60, faults: [fault] };
	let tries = 0;
	const log = (_: number, line: string) => {
		if (line.startsWith("not sent")) tries++;
	};
	const report = await new Life({ scenario, log }).run();
	expect(tries).toBeGreaterThan(14);
	// The first two attempts send one and two hours' readings; each later one sends half as many.
	expect(report.duplicates).toBeLessThan(2 * tries + 60 + 2 * 120);
	expect(report).toMatchObject({ overwritten: 0, boots: 1 });
});

describe("the key-value storage refuses changes for two days", () => {
	const from = 6 * hour;
	const refused: ScenarioFault = { kind: "refused writes", from, to: from + 2 * day };
	const settingsFault: ScenarioFault = {
		...{ kind: "service", fault: { kind: "status", status: 401 } },
		...{ from: from + 1, to: from + 2 * day },
	};
	/** Counts lines of the log while it lasts. */
	async function live(interval: number, more: readonly ScenarioFault[], counted: RegExp) {
		const scenario = { ...week, length: 4 * day, interval, faults: [refused, ...more] };
		let count = 0;
		const log = (utc: number, line: string) => {
			const since = utc - scenario.startedAt;
			if (since >= refused.from && since < refused.to && counted.test(line)) count++;
		};
		return { report: await new Life({ scenario, log }).run(), count };
	}

	test.each([60, 300])(
		"a reading every %i s: each is sent within hours, and the network joined once an hour",
		async (interval) => {
			const { report, count } = await live(interval, [], /^Wi-Fi: joined/);
			expect(report).toMatchObject({ duplicates: 0, overwritten: 0, quarantined: 0, boots: 1 });
			expect(report.maxDelayMs).toBeLessThan(3 * hour);
			expect(count).toBeGreaterThan(40);
			expect(count).toBeLessThanOrEqual(50);
		},
	);

	test("a settings fault is tried again once an hour", async () => {
		const { report, count } = await live(60, [settingsFault], /^not sent/);
		expect(report).toMatchObject({ duplicates: 0, overwritten: 0, quarantined: 0 });
		expect(count).toBeGreaterThan(30);
		expect(count).toBeLessThanOrEqual(50);
	});
});

test("a button that is stuck for a day causes no extra wakes and no factory reset", async () => {
	const fault: ScenarioFault = { kind: "press", setUpAfter: 60_000, from: hour, to: hour + day };
	let early = 0;
	const log = (_: number, line: string) => {
		if (line.startsWith("woken early")) early++;
	};
	const scenario = { ...week, length: 2 * day, panel: true, faults: [fault] };
	const report = await new Life({ scenario, log }).run();
	expect(early).toBeLessThanOrEqual(1);
	expect(report).toMatchObject({ duplicates: 0, overwritten: 0, boots: 1 });
	expect(report.readings - report.delivered).toBeLessThanOrEqual(13);
});

test.each([3_600, 7_200])(
	"at a reading every %i s, each reading is sent at the wake that measured it",
	async (interval) => {
		const report = await new Life({ scenario: { ...week, interval } }).run();
		// Readings are counted for six hours more, until the last one is certainly delivered.
		const after = (6 * hour) / (interval * 1_000);
		expect(report.handshakes).toBeGreaterThanOrEqual(report.readings - after - 2);
		expect(report.maxDelayMs).toBeLessThan(60_000);
	},
);
