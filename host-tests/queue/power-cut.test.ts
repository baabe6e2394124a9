import { describe, expect, test } from "vitest";
import type { PowerCut, Tear } from "../../simulator/hardware/nor-flash";
import {
	type Operation,
	QueueModel,
	type QueueModelOptions,
	randomOperation,
	randomRecord,
} from "./queue-model";
import { below, pick, randomFrom } from "./seeded-random";

/** Runs everything at full size; CI runs a part of it. */
const long = process.env.MODE === "long";
/** Runs one failed case again: the text in brackets of its message. */
const replay = process.env.REPLAY;

const sizes: readonly QueueModelOptions[] = [
	{ blocks: 2, blockLength: 256, maxRecordBytes: 30 },
	{ blocks: 3, blockLength: 256, maxRecordBytes: 40 },
	{ blocks: 16, blockLength: 128, maxRecordBytes: 16 },
];
const names = sizes.map((size) => ({ size, name: nameOf(size) }));

function nameOf({ blocks, blockLength }: QueueModelOptions): string {
	return `${blocks} × ${blockLength}`;
}

describe("power goes at every byte of every program and in every erase", () => {
	const erased: readonly Tear[] = ["first half", "last half", "scattered", "almost"];

	/** What an operation does to the flash: a step for each byte programmed and each block erased. */
	function stepsOf(life: QueueModel, operation: Operation) {
		const copy = life.copy();
		const operations: { kind: "program" | "erase"; step: number }[] = [];
		copy.flash.schedulePowerCut({
			step: Number.POSITIVE_INFINITY,
			counts: (kind) => {
				operations.push({ kind, step: copy.flash.steps });
				return true;
			},
			random: () => 0,
		});
		copy.run(operation);
		return { operations, steps: copy.flash.steps };
	}

	function* cutsOf(life: QueueModel, operation: Operation): Generator<{ step: number; tear: Tear }> {
		const { operations, steps } = stepsOf(life, operation);
		for (const [index, { kind, step }] of operations.entries()) {
			const end = operations[index + 1]?.step ?? steps;
			if (kind === "erase") for (const tear of erased) yield { step, tear };
			else {
				for (let at = step; at < end; at++) yield { step: at, tear: "prefix" };
				yield { step, tear: "scattered" };
			}
		}
	}

	/** Cuts, recovers, goes on until every sector has been used again, and compares all along. */
	function cutOnce(life: QueueModel, operation: Operation, cut: PowerCut): void {
		const copy = life.copy();
		copy.flash.schedulePowerCut(cut);
		if (copy.run(operation)) throw new Error("power did not go");
		copy.recover(operation);
		const { blocks, blockLength, maxRecordBytes } = life.options;
		const rounds = Math.ceil((blocks * blockLength) / (maxRecordBytes + 8)) + 2;
		for (let round = 0; round < rounds; round++)
			copy.run({ kind: "push", bytes: randomRecord(life.options, cut.random) });
		copy.run({ kind: "remount" });
		copy.run({ kind: "drain", count: 3 });
		copy.run({ kind: "remount" });
	}

	test.each(names)("$name", ({ size, name }) => {
		const random = randomFrom(1);
		const life = new QueueModel(size);
		// First around the ring once, then through it again with a cut at every step.
		const once = Math.ceil((size.blocks * size.blockLength) / (size.maxRecordBytes / 2 + 8));
		for (let i = 0; i < once; i++) life.run(randomOperation(life, random));
		let cuts = 0;
		for (let i = 0; i < once * (long ? 8 : 2); i++) {
			const operation = randomOperation(life, random);
			for (const { step, tear } of cutsOf(life, operation)) {
				const id = `${name}/${i}/${step}/${tear}`;
				if (replay !== undefined && replay !== id) continue;
				try {
					cutOnce(life, operation, { step, tear, random: randomFrom(step * 7919 + i) });
				} catch (error) {
					throw new Error(`[${id}] ${operation.kind}: ${String(error)}`, { cause: error });
				}
				cuts++;
			}
			life.run(operation);
		}
		if (replay === undefined) expect(cuts).toBeGreaterThan(500);
	});
});

describe("power goes again and again in one life", () => {
	const cutsPerLife = 40;
	const total = long ? 1_000_000 : 10_000;

	function nextCut({ options }: QueueModel, random: () => number): PowerCut {
		const tear = pick<Tear>(["prefix", "scattered", "first half", "last half", "almost"], random);
		// Half of the cuts fall where sectors begin: into an erase or a header.
		if (random() < 0.5) return { step: below(options.maxRecordBytes * 12, random), tear, random };
		return {
			step: below(45 * 3, random),
			tear,
			counts: (kind, byteOffset) => kind === "erase" || byteOffset % options.blockLength === 0,
			random,
		};
	}

	function live(options: QueueModelOptions, seed: number): void {
		const random = randomFrom(seed);
		const life = new QueueModel(options);
		for (let cuts = 0; cuts < cutsPerLife; ) {
			life.flash.schedulePowerCut(nextCut(life, random));
			for (let operations = 0; operations < 400; operations++) {
				const operation = randomOperation(life, random);
				if (life.run(operation)) continue;
				life.recover(operation);
				break;
			}
			cuts++;
		}
		life.run({ kind: "read" });
	}

	test.each(names)("$name", ({ size, name }) => {
		const seeds = Math.ceil(total / sizes.length / cutsPerLife);
		for (let seed = 1; seed <= seeds; seed++) {
			const id = `${name}#${seed}`;
			if (replay !== undefined && replay !== id) continue;
			try {
				live(size, seed);
			} catch (error) {
				throw new Error(`[${id}] ${String(error)}`, { cause: error });
			}
		}
	});
});
