import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Flash } from "../../src/boards/ecma419";
import { ReadingLog } from "../../src/store/reading-log";
import { BrokenPromise } from "./queue-life";
import { below, pick } from "./seeded-random";

export { BrokenPromise };

const context = {
	boot: 1,
	deviceId: "E",
	location: "",
	firmwareVersion: "1",
	fields: [{ name: "t", unit: "celsius", decimals: 1 }],
};

/** Readings are stored and sent, while reads fail for shorter and longer: no acknowledgement takes one that was not sent. */
export function live(random: () => number): void {
	const nor = new NorFlash({ blocks: pick([4, 8, 16], random), blockLength: pick([256, 512], random) });
	const { blocks, blockLength } = nor.status();
	let failing = { block: 0, reads: 0 };
	const flash: Flash = {
		read(bytes, offset) {
			if (failing.block === Math.floor(offset / blockLength) && failing.reads-- > 0)
				throw new Error("the driver failed to read");
			return nor.read(bytes, offset);
		},
		write: (bytes, offset) => nor.write(bytes, offset),
		eraseBlock: (from, to) => nor.eraseBlock(from, to),
		status: () => nor.status(),
		close() {},
	};
	let log = new ReadingLog(flash);
	const sent = new Set<number>();
	for (let i = 0; i < 60; i++) {
		const chance = random();
		if (chance < 0.1) failing = { block: below(blocks, random), reads: pick([4, 12, 40, 200], random) };
		else if (chance < 0.14) log = new ReadingLog(flash);
		else
			try {
				if (chance > 0.7) upload();
				else store(below(30, random));
			} catch (error) {
				// The flash cannot be read now.
				if (error instanceof BrokenPromise) throw error;
			}
	}

	function store(count: number): void {
		for (let i = 0; i < count; i++)
			log.append({ time: { utc: 1_800_000_000_000 + i }, values: [below(50, random)] }, context);
	}

	/** A batch is read twice: to measure, and to send it. */
	function upload(): void {
		const planned = batch(1 + below(60, random));
		const last = planned.at(-1);
		if (last === undefined || String(batch(planned.length)) !== String(planned)) return;
		for (const sequence of planned) sent.add(sequence);
		for (const { sequence } of new ReadingLog(
			new NorFlash({ ...nor.status(), image: nor.image.slice() }),
		).pending())
			if (sequence <= last && !sent.has(sequence))
				throw new BrokenPromise(`${sequence} is acknowledged with ${last}, and was not sent`);
		log.acknowledge(last);
	}

	function batch(count: number): number[] {
		const numbers: number[] = [];
		for (const { sequence } of log.pending()) {
			numbers.push(sequence);
			if (numbers.length === count) break;
		}
		return numbers;
	}
}
