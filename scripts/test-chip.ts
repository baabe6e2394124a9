import { join } from "node:path";
import { saveInstructionCounts } from "../bench/chip-instructions";
import { type ChipMemory, saveChipMemory } from "../bench/chip-memory";
import { makeDirectory } from "../boards/node/files";
import { ChipBench, type MemoryFigures } from "../chip-tests/chip-bench";
import { type CaseOptions, type ChipCase, chipCases } from "../chip-tests/chip-cases";
import { measurements } from "../chip-tests/instruction-counts";
import { parseArguments } from "../simulator/command-line";
import { errorMessage } from "../src/common/error-message";
import { emulatedPlatforms, requireEmulator } from "./emulated-chip";
import { buildForEmulator } from "./emulator-build";
import { type Platform, readPlatform, requireIdf } from "./platforms";
import { findSdk, MissingToolError, main } from "./sdk";
import { slotBytes, type XsMemory, xsMemory } from "./xs-memory";

const help = `The firmware's image for a chip in Espressif's QEMU, against real servers.

npm run test:chip -- [PLATFORM] [options]

  PLATFORM      ${emulatedPlatforms.join(" or ")} (default: all whose compiler and emulator are installed)
  --resets N    power cuts at random instants (default 10)
  --seed N      seed of these instants (default: random, and shown)
  --only TEXT   only the cases whose names contain this text
  --except TEXT leave out the cases whose names contain this text
  --log DIR     keep the board's log of each case in this directory
  --instructions  instead of the cases, count the instructions of starts, connections and uploads, for npm run bench
  --help        this text
`;

interface Options {
	readonly platforms: readonly Platform[];
	readonly resets: number;
	readonly seed: number;
	readonly only: string;
	readonly except: string | undefined;
	readonly log: string | undefined;
	readonly instructions: boolean;
}

/** XS's names of the kinds of slots that are the most (`xsAll.h`). */
const kindNames: Readonly<Record<number, string>> = {
	0: "undefined",
	2: "boolean",
	3: "integer",
	4: "number",
	5: "string",
	6: "string in flash",
	10: "reference",
	11: "closure",
	13: "instance",
	16: "array",
	17: "array buffer",
	18: "native function",
	20: "function",
	22: "data view",
	19: "function made at run time",
	26: "host",
	38: "accessor",
	27: "map",
	30: "promise",
	34: "typed array",
	40: "entry of a map",
	42: "home",
	43: "name",
	44: "name in flash",
	47: "stack",
	55: "length of a buffer",
};

/** Of each piece of XS's memory, the share that must not be used. */
const minSpareShare = 0.1;
/** Of XS, bytes. */
const { stack: stackBytes } = xsMemory();

/** That give up the page. */
const impatientClients = 400;

/** The chip whose instructions QEMU counts. */
const countedPlatform: Platform = "esp32/esp32c3";

const restPoint = "at rest, no connection";

/** What `npm run bench` shows, and at which point of a case it is. */
const benchPoints: Readonly<Record<keyof ChipMemory, string>> = {
	rest: restPoint,
	backlog: "after the backlog",
	setup: "setup, after a test",
};

await main(async () => {
	const options = parse();
	if (options === undefined) {
		process.stdout.write(help);
		return;
	}
	requireIdf();
	// So that the emulator ends too.
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
	const counts = { passed: 0, failed: 0 };
	for (const platform of options.platforms)
		if (!options.instructions) await testPlatform(platform, options, counts);
		else if (platform === countedPlatform) await countInstructions(options, counts);
		else say(`${platform} is left out: QEMU counts the instructions of ${countedPlatform}.`);
	say(`${counts.passed} passed, ${counts.failed} failed`);
	if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
});

async function testPlatform(
	platform: Platform,
	options: Options,
	counts: { passed: number; failed: number },
): Promise<void> {
	say(`${platform}: building (the first time takes some minutes)`);
	const image = await buildForEmulator(findSdk(), platform, { quiet: true });
	say(`${platform}: the seed of the random instants is ${options.seed}`);
	const figures: [point: string, figures: MemoryFigures][] = [];
	let slotKinds: readonly (readonly [kind: number, count: number])[] = [];
	for (const chipCase of chipCases) {
		const { name } = chipCase;
		if (!name.includes(options.only)) continue;
		if (options.except !== undefined && name.includes(options.except)) continue;
		const logFile = options.log && logFileIn(options.log, platform, name);
		const bench = await ChipBench.start({ platform, image, logFile });
		const began = Date.now();
		const problem = await attempt(chipCase, bench, {
			...options,
			clients: impatientClients,
			onMemory: (point, memory) => figures.push([point, memory]),
			onSlots: (kinds) => {
				slotKinds = kinds;
			},
		});
		const seconds = ((Date.now() - began) / 1000).toFixed(0);
		await bench.close();
		if ("failure" in problem) {
			counts.failed++;
			sayFailure(bench, `${platform} ${name}: ${problem.failure} (${seconds} s)`);
		} else {
			counts.passed++;
			if (bench.restarts > 0)
				say(`        (QEMU stood still, and was started again ${bench.restarts} times)`);
			say(
				`passed  ${platform} ${name}${problem.remark === undefined ? "" : `: ${problem.remark}`} (${seconds} s)`,
			);
		}
	}
	printMemory(platform, figures);
	for (const problem of checkMemory(platform, figures)) {
		counts.failed++;
		say(`FAILED  ${platform} memory: ${problem}`);
	}
	printSlots(slotKinds);
}

/** Each piece of work by itself, with a flash of its own. */
async function countInstructions(
	{ only, log }: Options,
	counts: { passed: number; failed: number },
): Promise<void> {
	const platform = countedPlatform;
	say(`${platform}: building (the first time takes some minutes)`);
	const image = await buildForEmulator(findSdk(), platform, { quiet: true });
	say("millions of instructions, and bytes:");
	for (const measurement of measurements) {
		if (!measurement.name.includes(only)) continue;
		const logFile = log && logFileIn(log, platform, measurement.name);
		const bench = await ChipBench.start({ platform, image, logFile, isCounting: true });
		try {
			const measured = await measurement.measure(bench);
			saveInstructionCounts(measured);
			counts.passed++;
			for (const [what, figure] of Object.entries(measured))
				say(`  ${what.padEnd(64)} ${figure.toFixed(2).padStart(8)}`);
		} catch (error) {
			counts.failed++;
			sayFailure(bench, `${measurement.name}: ${errorMessage(error)}`);
		}
		await bench.close();
	}
}

function sayFailure(bench: ChipBench, failure: string): void {
	say(`FAILED  ${failure}`);
	for (const line of bench.lines.slice(-12)) say(`          ${line}`);
}

async function attempt(
	chipCase: ChipCase,
	bench: ChipBench,
	options: CaseOptions,
): Promise<{ readonly failure: string } | { readonly remark: string | undefined }> {
	try {
		return { remark: await Promise.race([chipCase.run(bench, options), bench.aborted]) };
	} catch (error) {
		return { failure: errorMessage(error) };
	}
}

/** What is too much at the points of the cases; keeps the figures for `npm run bench`. */
function checkMemory(platform: Platform, figures: readonly [string, MemoryFigures][]): readonly string[] {
	const problems: string[] = [];
	const used = new Map<string, number>();
	for (const [point, memory] of figures) {
		const { slots, chunks, stack } = mostInUse(memory);
		used.set(point, (point === restPoint ? memory.slots + memory.chunks : slots + chunks) + stackBytes);
		if (withSpare(slots) > memory.maxSlots)
			problems.push(`${point}: ${slots} bytes of slots in use, of ${memory.maxSlots}`);
		if (withSpare(stack) > stackBytes)
			problems.push(`${point}: ${stack} bytes of the stack in use, of ${stackBytes}`);
		if (withSpare(chunks) > memory.maxChunks)
			problems.push(`${point}: ${chunks} bytes of chunks in use, of ${memory.maxChunks}`);
	}
	for (const [name, point] of Object.entries(benchPoints)) {
		const bytes = used.get(point);
		if (bytes !== undefined) saveChipMemory(platform, { [name]: bytes });
	}
	return problems;
}

function mostInUse({ slots, chunks, peakSlots, peakChunks, stack }: MemoryFigures): XsMemory {
	return { slots: Math.max(slots, peakSlots), chunks: Math.max(chunks, peakChunks), stack };
}

function withSpare(bytes: number): number {
	return bytes * (1 + minSpareShare);
}

function printMemory(platform: Platform, figures: readonly [string, MemoryFigures][]): void {
	if (figures.length === 0) return;
	say(
		`${platform}: bytes of the heap, and free (now / minimum / largest piece), and of XS, live (after its own collections, at most) of limit`,
	);
	for (const [point, memory] of figures) {
		const { heap, free, minFree, largestPiece } = memory;
		const { slots, peakSlots, maxSlots, chunks, peakChunks, maxChunks } = memory;
		say(
			`  ${point.padEnd(36)} ${heap} / ${free} / ${minFree} / ${largestPiece}   ` +
				`slots ${slots} (${peakSlots}) of ${maxSlots}, chunks ${chunks} (${peakChunks}) of ${maxChunks}; ${memory.collections} collections; stack ${memory.stack} of ${stackBytes}; busy for ${memory.longestBusyMs} ms at most`,
		);
	}
	const all = figures.map(([, memory]) => mostInUse(memory));
	const most = (piece: keyof XsMemory) => withSpare(Math.max(...all.map((used) => used[piece])));
	const slots = Math.ceil(most("slots") / slotBytes);
	const stack = Math.ceil(most("stack") / slotBytes);
	say(
		`  creation at least: heap ${slots} slots, chunk ${Math.ceil(most("chunks"))} bytes, stack ${stack} slots`,
	);
}

function printSlots(kinds: readonly (readonly [kind: number, count: number])[]): void {
	if (kinds.length === 0) return;
	const named = kinds.map(([kind, count]) => `${kindNames[kind] ?? `kind ${kind}`} ${count}`);
	say(`  slots at rest: ${named.join(", ")}`);
}

function logFileIn(directory: string, platform: Platform, name: string): string {
	makeDirectory(directory);
	return join(directory, `${`${platform} ${name}`.replace(/[^a-z0-9]+/gi, "-")}.log`);
}

/** The chips that can be tested here. */
function availablePlatforms(): readonly Platform[] {
	const available = emulatedPlatforms.filter((platform) => {
		try {
			requireEmulator(platform);
			return true;
		} catch (error) {
			if (!(error instanceof MissingToolError)) throw error;
			say(`${platform} is left out. ${error.message}`);
			return false;
		}
	});
	if (available.length === 0) throw new Error("No chip can be emulated here.");
	return available;
}

/** `undefined` for help. */
function parse(): Options | undefined {
	const { values, positionals } = parseArguments({
		allowPositionals: true,
		options: {
			resets: { type: "string", default: "10" },
			seed: { type: "string" },
			only: { type: "string" },
			except: { type: "string" },
			log: { type: "string" },
			instructions: { type: "boolean" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) return undefined;
	if (positionals.length > 0) requireEmulator(readPlatform(positionals));
	return {
		platforms: positionals.length > 0 ? [readPlatform(positionals)] : availablePlatforms(),
		resets: wholeNumber("--resets", values.resets),
		seed:
			values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber("--seed", values.seed),
		only: values.only ?? "",
		except: values.except,
		log: values.log,
		instructions: values.instructions === true,
	};
}

function wholeNumber(option: string, given: string): number {
	const value = Number(given);
	if (!/^\d+$/.test(given)) throw new Error(`${option} takes a whole number, not "${given}".`);
	return value;
}

function say(line: string): void {
	process.stdout.write(`${line}\n`);
}
