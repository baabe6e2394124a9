import { NorFlash } from "../../simulator/hardware/nor-flash";
import { FlashFailedError } from "../../src/queue/errors";
import { ReadingLog } from "../../src/store/reading-log";
import { failingFlash, MemoryHint } from "./failing-reads";
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

/**
 * Readings are stored and sent, while reads of a block or of the whole flash fail for shorter and longer: no acknowledgement
 * takes one that was not sent, no number is given twice, and what is gone is counted.
 */
export function live(random: () => number): void {
	// In smaller rings, no block may be left for the next sector (docs/flash-format.md, "Known limits").
	const nor = new NorFlash({
		...{ blocks: pick([8, 12, 16], random), blockLength: pick([256, 512], random) },
		programsOnce: true,
	});
	const { blocks, blockLength } = nor.status();
	/** `block`: of the whole flash if there is none. */
	let failing = { block: 0 as number | undefined, after: 0, reads: 0 };
	const fails = (offset: number): boolean => {
		const { block } = failing;
		if (block !== undefined && block !== Math.floor(offset / blockLength)) return false;
		return failing.after-- <= 0 && failing.reads-- > 0;
	};
	const flash = failingFlash(nor, fails);
	const hints = random() < 0.5 ? new MemoryHint() : undefined;
	let log = new ReadingLog(flash, hints);
	/** The value of each by its number. */
	const stored = new Map<number, number>();
	const sent = new Set<number>();
	for (let i = 0; i < 100; i++) {
		const chance = random();
		if (chance < 0.1) {
			const reads = pick([4, 12, 40, 200], random);
			const block = random() < 0.4 ? below(blocks, random) : undefined;
			failing = { block, after: block === undefined ? below(200, random) : 0, reads };
		} else if (chance < 0.14) log = new ReadingLog(flash, hints);
		else
			try {
				if (chance > 0.7) upload();
				else store(below(30, random));
			} catch (error) {
				// The flash cannot be read now.
				if (!(error instanceof FlashFailedError)) throw error;
			}
	}
	failing.reads = 0;
	log = new ReadingLog(flash, hints);
	checkGone();
	store(1);
	checkGone();

	function store(count: number): void {
		for (let i = 0; i < count; i++) {
			const value = stored.size;
			const sequence = log.append({ time: { utc: 1_800_000_000_000 + value }, values: [value] }, context);
			if (stored.has(sequence)) throw new BrokenPromise(`${sequence} is given twice`);
			stored.set(sequence, value);
		}
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

	function checkGone(): void {
		const found = new Map(Array.from(log.pending(), ({ sequence, values }) => [sequence, values[0]]));
		for (const [sequence, value] of found)
			if ((stored.get(sequence) ?? value) !== value)
				throw new BrokenPromise(`reading ${sequence} is not what was stored`);
		const gone = [...stored.keys()].filter((sequence) => !sent.has(sequence) && !found.has(sequence));
		if (gone.length > log.droppedReadings)
			throw new BrokenPromise(`${gone.length} readings are gone, and ${log.droppedReadings} dropped`);
	}
}
