import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../../simulator/life/fleet";
import { type PromiseName, promises } from "../../simulator/life/promises";
import type { Trouble } from "../../simulator/life/scenario";
import { mutants } from "./mutants";
import { expectSeen, type Planted } from "./planted";

/**
 * Bugs that break one promise and no other, each in the smallest life that gives it an occasion: what is checked is
 * checked by itself, and would be seen if nothing else were wrong.
 */

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;

const offline: Trouble = { from: 6 * hour, to: 20 * hour, kind: "internet" };
const silence: Trouble = { from: 0, to: 6 * hour, kind: "service", fault: { kind: "silent" } };
const noTime: Trouble = {
	...{ from: 0, to: 6 * hour, kind: "time servers" },
	...{ fault: { kind: "silent" }, all: true },
};
/** Held for twelve seconds: all is forgotten. */
const held: Trouble = { from: 16 * hour, to: 16 * hour + 12 * second, kind: "press", setUpAfter: hour };
const short = { interval: 900, length: day, panel: true };
const outages = [3, 9].map((at): Trouble => ({ from: at * hour, to: (at + 1) * hour, kind: "outage" }));

const cases: Readonly<Partial<Record<PromiseName, readonly Planted[]>>> = {
	delivered: [
		{
			bug: "waits until there is enough to send",
			file: "src/upload/uploader.ts",
			find: "if (readings.length === 0 || !online()",
			replace: "if (readings.length < 100 || !online()",
			life: { interval: 3_600, length: 3 * day },
		},
		{
			bug: "never joins again after three rounds through its networks",
			file: "src/wifi/station.ts",
			find: "this.#timer = time.set(() => this.#join(0), (ceiling * (1 + random())) / 2);",
			replace:
				"if (this.#rounds < 4) this.#timer = time.set(() => this.#join(0), (ceiling * (1 + random())) / 2);",
			life: { interval: 900, length: 4 * day, troubles: [{ ...offline, kind: "radio" }] },
		},
		{
			bug: "knows one network alone",
			file: "src/wifi/station.ts",
			find: "this.#join(this.#current + 1);",
			replace: "this.#pause();",
			life: {
				...{ interval: 900, length: 4 * day, networks: 2 },
				troubles: [{ from: hour, to: 3.5 * day, kind: "away" }],
			},
		},
	],
	numbered: [
		{
			bug: "leaves a number out now and then",
			file: "src/queue/flash-queue.ts",
			find: "return this.#next++;",
			replace: "return (this.#next += this.#next % 7 === 0 ? 2 : 1) - 1;",
			life: short,
		},
	],
	forgotten: [
		{
			bug: "keeps the readings when all is to be forgotten",
			file: "src/app.ts",
			find: "this.#readings.reset();",
			replace: "",
			life: { ...short, length: 2 * day, troubles: [offline, held] },
		},
		{
			bug: "keeps the quarantine",
			file: "src/app.ts",
			find: "this.#quarantine.reset();",
			replace: "",
			life: {
				...{ ...short, length: 2 * day },
				troubles: [
					{ from: 0, to: 9 * hour, kind: "service", fault: { kind: "poison", every: 7, status: 400 } },
					held,
				],
			},
		},
		{
			bug: "keeps the settings from before",
			file: "src/forget.ts",
			find: "...places,",
			replace: "places[1],",
			life: {
				...{ ...short, length: 2 * day },
				troubles: [{ from: hour, to: hour, kind: "settings", change: { location: "Cellar" } }, held],
			},
		},
	],
	secret: [
		{
			bug: "logs the password of a network that it cannot join",
			file: "src/wifi/station.ts",
			find: "this.#options.log(`Wi-Fi: could not join",
			replace:
				"this.#options.log(String(this.#options.networks[0]?.password));\n\t\tthis.#options.log(`Wi-Fi: could not join",
			life: { ...short, troubles: [{ ...offline, kind: "password" }] },
		},
	],
	status: [
		{
			bug: "tells how long it had run at its last reading",
			file: "src/app.ts",
			find: "uptime: board.time.ticks(),",
			replace: "uptime: this.#lastSample,",
			life: short,
		},
		{
			bug: "tells of no more than 20 that wait",
			file: "src/app.ts",
			find: "waiting: this.#readings.length,\n\t\t\tcapacity",
			replace: "waiting: Math.min(20, this.#readings.length),\n\t\t\tcapacity",
			life: { ...short, troubles: [{ ...offline, to: 40 * hour }], length: 2 * day },
		},
		{
			bug: "tells of a full battery",
			file: "src/app.ts",
			find: "batteryLevel: this.#batteryLevel(),\n\t\t};",
			replace: "batteryLevel: 100,\n\t\t};",
			life: { ...short, power: "battery", length: 40 * day, interval: 14_400 },
		},
		{
			bug: "tells of other room than there is",
			file: "src/app.ts",
			find: "capacity: this.#readings.capacity,",
			replace: "capacity: this.#readings.capacity + 1,",
			life: short,
		},
		{
			bug: "calls each boot the first",
			file: "src/app.ts",
			find: "boots: this.#boots,\n\t\t\tuptime",
			replace: "boots: { ...this.#boots, boot: 1 },\n\t\t\tuptime",
			life: { ...short, troubles: outages },
		},
		{
			bug: "tells of damage where there is none",
			file: "src/app.ts",
			find: "damagedBytes: this.#readings.damagedBytes,",
			replace: "damagedBytes: this.#readings.damagedBytes + 1,",
			life: short,
		},
	],
	light: [
		{
			bug: "works, by its light, where it joins",
			file: "src/panel/patterns.ts",
			find: 'if (!situation.online) return "joining";',
			replace: "",
			life: { ...short, troubles: [{ ...offline, kind: "radio" }] },
		},
		{
			bug: "does not show that it sends",
			file: "src/panel/patterns.ts",
			find: 'if (situation.sending) return "sending";',
			replace: "",
			life: { ...short, troubles: [silence] },
		},
		{
			bug: "shows on battery that it works",
			file: "src/panel/patterns.ts",
			find: 'if (situation.saving) return "dark";',
			replace: "",
			life: { ...short, power: "battery", troubles: [noTime] },
		},
		{
			bug: "does not show that all will be forgotten",
			file: "src/panel/patterns.ts",
			find: 'if (situation.held === "forget everything") return "forgetting";',
			replace: "",
			life: { ...short, troubles: [{ ...held, to: held.from + 25 * second }] },
		},
		{
			bug: "does not show that the time is not known",
			file: "src/panel/patterns.ts",
			find: 'return situation.timeKnown ? "working" : "no time";',
			replace: 'return "working";',
			life: { ...short, troubles: [noTime] },
		},
	],
	timed: [
		{
			bug: "takes the second era of NTP for the first",
			file: "src/clock/ntp-packet.ts",
			find: "return inFirstEra + Math.ceil((earliest - inFirstEra) / eraLength) * eraLength;",
			replace: "return inFirstEra;",
			life: { ...short, startedAt: Date.UTC(2036, 1, 6, 12) },
		},
	],
	bounded: [
		{
			bug: "keeps a key for each start",
			file: "src/boot.ts",
			find: "storage.write(bootsKey, bytes);\n\t\t} catch",
			replace: "storage.write(bootsKey, bytes); storage.write('boot' + boot, bytes);\n\t\t} catch",
			life: {
				...short,
				troubles: [{ from: hour, to: hour + 60 * second, kind: "brown-out", each: 700 }],
			},
		},
	],
	budget: [
		{
			bug: "spends in an hour what is left for a month",
			file: "src/upload/pace.ts",
			find: "const reserve = Math.min(1 / reserveInterval, remaining / 2 / untilReset);",
			replace: "const reserve = 1 / 60_000;",
			life: {
				...{ length: 20 * day, interval: 300, plan: 1_000 },
				// What others have used of a month, and what the owner wished for a while, is no excuse in the next.
				troubles: [
					{ from: hour, to: hour, kind: "quota" },
					{ from: 2 * hour, to: 2 * hour, kind: "settings", change: { uploadInterval: 0 } },
					{ from: 3 * hour, to: 3 * hour, kind: "settings", change: { uploadInterval: "auto" } },
				],
				startedAt: Date.UTC(2026, 11, 31),
			},
		},
		{
			bug: "uses the whole plan for what is regular, and has none left for a fault",
			file: "src/upload/pace.ts",
			find: "const regularPart = 0.7;",
			replace: "const regularPart = 1.1;",
			life: { length: 32 * day, interval: 300, plan: 1_000 },
		},
	],
};

let sound: Fleet;
beforeAll(async () => {
	sound = await Fleet.start({ workers: 1 });
});
afterAll(() => sound.stop());

describe.each(Object.entries(cases))("%s", (promise, bugs) => {
	test.each(bugs)("a board that $bug", (planted) => expectSeen(sound, planted, promise));
});

test("each promise has a bug that breaks it and no other", () => {
	const alone = mutants.flatMap(({ breaks }) => (breaks.length === 1 ? breaks : []));
	const seen = new Set<string>([...alone, ...Object.keys(cases)]);
	expect(Object.keys(promises).filter((name) => !seen.has(name))).toEqual([]);
});
