import { afterAll, beforeAll, test } from "vitest";
import { Fleet } from "../../simulator/life/fleet";
import type { PromiseName } from "../../simulator/life/promises";
import { expectSeen, type Planted } from "./planted";

/**
 * Bugs of this firmware that lives have found: the smallest life that showed each, and the bug itself, put back in. The
 * life must be good now, and must see the bug when it is there.
 */

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

interface Found extends Planted {
	readonly breaks: PromiseName;
}

const found: readonly Found[] = [
	{
		bug: "the crystal's ticks of a long time awake were taken for the slow oscillator's",
		breaks: "timed",
		file: "src/clock/clock.ts",
		find: "return sleeps ? ticks - this.#ahead - ((ticks - this.#wokeAt) * rate) / (1 + rate) : ticks;",
		replace: "return sleeps && rate > 1 ? 0 : ticks;",
		life: {
			...{ power: "battery", interval: 900, panel: true, sleepDrift: 10_000, length: 3 * day },
			troubles: [
				{ from: 30 * hour, to: 35.2 * hour, kind: "time servers", fault: { kind: "silent" }, all: true },
				{ from: 30 * hour, to: 35.2 * hour, kind: "service", fault: { kind: "drip" } },
			],
		},
	},
	{
		bug: "days before the first answer of a time server were told as true to a second",
		breaks: "timed",
		file: "src/clock/clock.ts",
		find: "return Math.max(0, Math.ceil((ticks - this.#believed) / 1000) * 1000);",
		replace: "return 0;",
		life: {
			...{ interval: 3600, drift: 60, length: 4 * day },
			troubles: [{ from: 0, to: 3 * day, kind: "time servers", fault: { kind: "silent" }, all: true }],
		},
	},
	{
		bug: "days after the last answer of a time server were told as true to a second",
		breaks: "timed",
		file: "src/clock/clock.ts",
		find: "ticks - (this.#last?.ticks ?? ticks) > this.#believed",
		replace: "false",
		life: {
			...{ interval: 900, drift: 5, length: 4 * day },
			troubles: [{ from: hour + 25 * minute, to: 3.9 * day, kind: "radio" }],
		},
	},
	{
		bug: "a board that was started while all time servers had asked not to be asked never asked again",
		breaks: "delivered",
		file: "src/clock/schedule.ts",
		find: "const longestKissWait = day;",
		replace: "const longestKissWait = Number.POSITIVE_INFINITY;",
		life: {
			...{ interval: 900, length: 4 * day },
			troubles: [
				{
					from: 2 * hour,
					to: 21 * hour,
					kind: "time servers",
					fault: { kind: "kiss", code: "DENY" },
					all: true,
				},
				{ from: 16 * hour, to: 16.1 * hour, kind: "outage" },
			],
		},
	},
	{
		bug: "where power went while all was being forgotten, the readings were gone and the settings stayed",
		breaks: "kept",
		file: "src/app.ts",
		find: "this.#tolerate(() => beginForgetting(this.#storage));",
		replace: "",
		life: {
			...{ seed: 4, panel: true, interval: 900, length: 2 * day },
			troubles: [
				{ from: 3 * hour, to: 7 * hour, kind: "internet" },
				{ from: 5 * hour, to: 5 * hour + 12_000, kind: "press", setUpAfter: hour },
				{
					...{ from: 5 * hour + 12_000, to: 5 * hour + 17_000, kind: "power" },
					...{ where: "key-value", step: 0 },
				},
			],
		},
	},
	{
		bug: "a BME280 in another's place was read with the other's calibration",
		breaks: "genuine",
		file: "src/sensors/bosch280.ts",
		find: "if (this.chip.readUint8(register.configuration) !== ownConfiguration) {",
		replace: "if (ownConfiguration === 0) {",
		life: {
			...{ interval: 900, length: day },
			troubles: [5, 9.03, 15.03].map((at) => ({
				...{ from: at * hour, to: at * hour + 1_000, kind: "sensor", how: "swapped" },
			})),
		},
	},
];

let sound: Fleet;
beforeAll(async () => {
	sound = await Fleet.start({ workers: 1 });
});
afterAll(() => sound.stop());

test.each(found)("$bug: not any more", ({ breaks, ...planted }) => expectSeen(sound, planted, breaks));
