import { describe, expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Reading, SampleContext } from "../../src/reading/reading";
import { ReadingLog } from "../../src/store/reading-log";
import { below, randomFrom } from "../queue/seeded-random";

const context: SampleContext = {
	boot: 7,
	deviceId: "ESP32-A1B2C3",
	location: "Kitchen – süd",
	firmwareVersion: "0.1.0",
	fields: [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "humidity", unit: "percent", decimals: 2 },
		{ name: "pressure", unit: "hPa", decimals: 2 },
	],
};

function reading(i: number): Reading {
	return {
		time: { utc: 1_750_000_000_000 + i * 60_000 },
		values: [20 + (i % 7) / 100, 45.5 - (i % 5) / 100, 1013.25 + (i % 3) / 100],
		batteryLevel: 87,
		signalStrength: -60 - (i % 4),
	};
}

function newLog(image?: Uint8Array) {
	const flash = new NorFlash({ blocks: 8, blockLength: 4096, ...(image ? { image } : {}) });
	return { flash, log: new ReadingLog(flash) };
}

describe("the log of readings", () => {
	test("gives back what was stored, in order, with its context, after a restart too", () => {
		const { flash, log } = newLog();
		const numbers = Array.from({ length: 1000 }, (_, i) => log.append(reading(i), context));
		expect(numbers).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
		const expected = numbers.map((sequence, i) => ({ ...reading(i), sequence, context }));
		expect([...log.pending()]).toEqual(expected);
		const { log: again } = newLog(flash.image);
		expect(again.length).toBe(1000);
		expect([...again.pending()]).toEqual(expected);
		expect([...again.pending(700)]).toEqual(expected.slice(699));
		again.acknowledge(650);
		expect([...again.pending()]).toEqual(expected.slice(650));
		const { log: third, flash: last } = newLog(flash.image);
		expect(third.length).toBe(350);
		expect(third.oldestSequence).toBe(651);
		expect(third.newestSequence).toBe(1000);
		expect([...third.pending()]).toEqual(expected.slice(650));
		expect(third.append(reading(1000), { ...context, boot: 8 })).toBe(1001);
		expect([...third.pending(1001)]).toEqual([
			{ ...reading(1000), sequence: 1001, context: { ...context, boot: 8 } },
		]);
		expect(last.violations).toEqual([]);
	});

	test("passes over what cannot be read, on request, and has it again as soon as it can be", () => {
		const { flash, log } = newLog();
		for (let i = 0; i < 2000; i++) log.append(reading(i), context);
		const numbers = (from?: number) => Array.from(log.readable(from), ({ sequence }) => sequence);
		const all = numbers();
		expect(all.length).toBe(2000);
		flash.wearOut(1, "read throws");
		const { failedReads } = log;
		const some = numbers();
		expect(log.failedReads).not.toBe(failedReads);
		expect(some.length).toBeGreaterThan(1000);
		expect(some.length).toBeLessThan(2000);
		expect([some[0], some.at(-1)]).toEqual([1, 2000]);
		expect(numbers(1900)).toEqual(all.slice(1899));
		flash.wearOut(1, undefined);
		expect(numbers()).toEqual(all);
	});

	test("drops and counts the oldest readings when it is full, and numbering continues", () => {
		const { log } = newLog();
		for (let i = 0; i < 20_000; i++) log.append(reading(i), context);
		expect(log.length + log.droppedReadings).toBe(20_000);
		const kept = [...log.pending()];
		expect(kept.length).toBe(log.length);
		expect(kept.at(-1)?.sequence).toBe(20_000);
		expect(log.length).toBeGreaterThan(3000);
	});

	test("numbers skipped because of damage do not count towards the capacity", () => {
		const { flash, log } = newLog();
		for (let i = 0; i < 50; i++) log.append(reading(i), context);
		// The next sector: its header is lost, and records stand behind it.
		flash.image.fill(0x55, 4096, 4096 + 200);
		const { log: again } = newLog(flash.image);
		expect(again.length).toBe(50);
		expect(again.capacityReadings).toBe(log.capacityReadings);
		expect(again.append(reading(50), context)).toBeGreaterThan(51);
	});

	test("a reset empties it, and numbering continues", () => {
		const { flash, log } = newLog();
		for (let i = 0; i < 10; i++) log.append(reading(i), context);
		log.reset();
		expect(log.length).toBe(0);
		expect([...log.pending()]).toEqual([]);
		const { log: again } = newLog(flash.image);
		expect(again.length).toBe(0);
		expect(again.append(reading(0), context)).toBe(11);
	});

	test("reads the same after an acknowledgement and after a new mount, whatever is read in between", () => {
		const random = randomFrom(8);
		const { flash, log } = newLog();
		for (let round = 0; round < 150; round++) {
			const boot = 1 + Math.floor(round / 37);
			for (let i = below(40, random); i >= 0; i--) {
				const varied = random() < 0.1 ? { ...context, location: `place ${below(3, random)}` } : context;
				log.append(reading(below(1000, random)), { ...varied, boot });
			}
			const taken: number[] = [];
			const wanted = 1 + below(30, random);
			for (const { sequence } of log.pending()) {
				taken.push(sequence);
				if (taken.length >= wanted) break;
			}
			if (random() < 0.3) for (const _ of log.pending(log.oldestSequence)) if (random() < 0.2) break;
			log.acknowledge(taken.at(-(1 + below(2, random))) ?? 0);
			const whole = [...newLog(flash.image.slice()).log.pending()];
			expect([...log.pending()]).toEqual(whole);
			if (whole.length > 0) expect(log.newestBoot).toBe(boot);
		}
	});

	test("a board that wakes for each reading stores the context seldom, and reads little each time", () => {
		const { flash } = newLog();
		const expected: object[] = [];
		let maxReadBytes = 0;
		let kept: string | undefined;
		for (let i = 0; i < 300; i++) {
			const log = new ReadingLog(flash, undefined, kept === undefined ? undefined : JSON.parse(kept));
			const before = flash.counts.readBytes;
			expect(log.append(reading(i), context)).toBe(i + 1);
			maxReadBytes = Math.max(maxReadBytes, flash.counts.readBytes - before);
			expected.push({ ...reading(i), sequence: i + 1, context });
			kept = JSON.stringify(log.newestState);
		}
		expect([...new ReadingLog(flash).pending()]).toEqual(expected);
		expect(flash.counts.programmedBytes / 300).toBeLessThan(9);
		expect(maxReadBytes).toBeLessThan(500);
	});

	test("a kept state is used only if no reading was stored since; values of all types continue from it", () => {
		const random = randomFrom(12);
		const { flash } = newLog();
		const { fields } = context;
		const extremes = [
			undefined,
			true,
			false,
			"open",
			"läuft \u{1f600} \ud800",
			Number.NaN,
			-Infinity,
			1e12,
			3,
		];
		const wide = { ...context, fields: [...fields, { name: "extra", unit: "", decimals: 1 }] };
		const expected: object[] = [];
		const kept: string[] = [];
		for (let i = 0; i < 200; i++) {
			const state = random() < 0.3 ? kept[below(kept.length, random)] : kept.at(-1);
			const log = new ReadingLog(flash, undefined, state === undefined ? undefined : JSON.parse(state));
			for (let more = below(3, random); more >= 0; more--) {
				const sequence = expected.length + 1;
				const own = {
					...reading(i),
					values: [...reading(i).values, extremes[below(extremes.length, random)]],
				};
				expect(log.append(own, wide)).toBe(sequence);
				expected.push({ ...own, sequence, context: wide });
			}
			const { newestState } = log;
			if (newestState !== undefined) kept.push(JSON.stringify(newestState));
			expect(new ReadingLog(flash).newestBoot).toBe(context.boot);
		}
		expect(kept.length).toBeGreaterThan(50);
		expect([...new ReadingLog(flash).pending()].slice(-100)).toEqual(expected.slice(-100));
	});

	test("a board that wakes for each reading continues after damage to the record that it built on", () => {
		for (let damaged = 1; damaged < 30; damaged++) {
			const { flash } = newLog();
			let place = 0;
			for (let i = 0; i < 30; i++) {
				new ReadingLog(flash).append(reading(i), context);
				if (i + 1 === damaged) place = flash.image.findLastIndex((byte) => byte !== 0xff);
			}
			flash.image[place] = (flash.image[place] ?? 0) ^ 0x10;
			for (let i = 30; i < 50; i++) new ReadingLog(flash).append(reading(i), context);
			const read = [...new ReadingLog(flash).pending()];
			for (const { sequence, values } of read) expect(values).toEqual(reading(sequence - 1).values);
			expect(read.slice(-20).map(({ sequence }) => sequence)).toEqual(
				Array.from({ length: 20 }, (_, i) => i + 31),
			);
		}
	});

	test("the newest boot is known from older readings where the newest are damaged", () => {
		const { flash, log } = newLog();
		let sectors = 0;
		for (let i = 0; sectors < 3; i++) {
			log.append(reading(i), { ...context, boot: 1 + Math.floor(i / 50) });
			sectors = flash.image.reduce((count, byte, at) => count + Number(at % 4096 === 0 && byte !== 0xff), 0);
		}
		const boots = [...log.pending()]
			.filter(({ sequence }) => sequence < log.length)
			.map(({ context }) => context.boot);
		// All records of the newest sector.
		flash.image.fill(0, 2 * 4096 + 64, 3 * 4096);
		expect(new ReadingLog(flash).newestBoot).toBe(Math.max(...boots));
		flash.image.fill(0);
		expect(new ReadingLog(flash).newestBoot).toBe(0);
	});

	test("acknowledged readings are not read again for pending ones", () => {
		const { flash, log } = newLog();
		for (let i = 0; i < 400; i++) log.append(reading(i), context);
		const send = () => {
			const [oldest] = log.pending();
			log.acknowledge(oldest?.sequence ?? 0);
			log.append(reading(0), context);
		};
		send();
		flash.resetCounts();
		for (let i = 0; i < 100; i++) send();
		// A chunk for the reading that is sent, and what `append` reads back: not the sector before it.
		expect(flash.counts.readBytes / 100).toBeLessThan(320);
	});
});
