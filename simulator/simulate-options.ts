import { crc32 } from "../src/common/crc32";
import { type Command, flag, type ParsedOptions, parseOptions, text } from "./command-line";

/** What `npm run simulate` was asked to do. */
export type SimulateCommand = Command<SimulateOptions>;

export interface SimulateOptions {
	/** The first life. */
	readonly seed: number;
	/** How many; or as many as make up so much time, days. */
	readonly lives: number;
	readonly deviceDays: number | undefined;
	/** How long each is, days; left out: as its seed says. */
	readonly days: number | undefined;
	/** Half of them from seeds that nobody has seen before. */
	readonly fresh: boolean;
	/** The first of these seeds; left out: by chance. */
	readonly freshFrom: number | undefined;
	/** A file with one life's scenario, in place of seeds. */
	readonly scenario: string | undefined;
	/** Where to draw the picture of a life. */
	readonly plot: string | undefined;
	/** What the board logs. */
	readonly log: boolean;
	readonly workers: number | undefined;
	/** How long a scenario that fails is made smaller, seconds. */
	readonly shrinkS: number;
}

export const simulateHelp = `The whole firmware on a simulated board, in virtual time: made-up lives in which radio, network, time servers,
service, sensor, flash and power fail, and people press, move and change things. What the firmware promises is checked all
the time against the world's own record. A life is wholly told by its seed; one that breaks a promise is made smaller, and
told with the command that replays it.

npm run simulate -- [options]

  --seed N           which life (default 1): the same seed is the same life, line by line
  --years N          how long it is; or --days N (default: as the seed says)
  --lives N          so many lives, from the seed on (default 1)
  --device-years N   as many lives as make up so many years
  --fresh            half of them from seeds that nobody has seen before
  --fresh-from TEXT  the same, and which seeds these are comes from a text: a commit has its own, at every run
  --scenario FILE    the life of a JSON file, as it is printed for one that fails
  --plot FILE        draws a picture (SVG) of the one life
  --log              what the board logs, of the one life
  --jobs N           lives played side by side (default: one for each processor)
  --shrink SECONDS   how long a life that fails is made smaller (default 60; 0: not at all)
  --help             this text
`;

/** Reads the command line; a problem is one sentence. */
export function parseSimulateCommand(args: readonly string[]): SimulateCommand {
	const parsed = parseOptions(args, optionTypes, "npm run simulate");
	if (typeof parsed === "string") return { kind: "problem", problem: parsed };
	if (parsed.help === true) return { kind: "help" };
	for (const name of ["seed", "years", "days", "lives", "device-years", "jobs", "shrink"] as const) {
		const problem = checkNumber(name, parsed[name]);
		if (problem !== undefined) return { kind: "problem", problem };
	}
	const clash = conflictingOptions(parsed);
	if (clash !== undefined) return { kind: "problem", problem: clash };
	const run = readRun(parsed);
	const single = run.lives === 1 && run.deviceDays === undefined;
	if (!single && (run.log || run.plot !== undefined))
		return {
			kind: "problem",
			problem: "--log and --plot show one life: leave out --lives and --device-years.",
		};
	return { kind: "run", run };
}

const optionTypes = {
	...{ seed: text, years: text, days: text, lives: text, "device-years": text },
	...{ "fresh-from": text, scenario: text, plot: text, jobs: text, shrink: text },
	...{ fresh: flag, log: flag, help: { ...flag, short: "h" } },
} as const;

type Parsed = ParsedOptions<typeof optionTypes>;

/** Options of which only one can be meant. */
function conflictingOptions(parsed: Parsed): string | undefined {
	const seeds = ["seed", "years", "days", "lives", "device-years", "fresh", "fresh-from"] as const;
	const clashing =
		parsed.scenario === undefined ? undefined : seeds.find((name) => parsed[name] !== undefined);
	if (clashing !== undefined) return `--scenario tells the whole life: leave out --${clashing}.`;
	if (parsed.years !== undefined && parsed.days !== undefined)
		return "--years and --days both say how long a life is: leave out one of them.";
	if (parsed.lives !== undefined && parsed["device-years"] !== undefined)
		return "--lives and --device-years both say how many lives there are: leave out one of them.";
	return undefined;
}

/** Years may have a fraction, and no time to make something smaller may be given. */
function checkNumber(name: keyof Parsed, given: string | boolean | undefined): string | undefined {
	if (given === undefined) return undefined;
	const value = given === "" ? Number.NaN : Number(given);
	const fraction = name === "years" || name === "days" || name === "device-years";
	const least = name === "shrink" ? 0 : fraction ? 0.001 : 1;
	if (value >= least && value <= 2 ** 31 && (fraction || Number.isInteger(value))) return undefined;
	return `--${name} takes a ${fraction ? "" : "whole "}number from ${least} on, not "${given}".`;
}

/** Far from the seeds that people give. */
export const firstFreshSeed = 2 ** 20;
export const freshSeedCount = 2 ** 30;

function seedOf(words: string): number {
	return firstFreshSeed + (crc32(new TextEncoder().encode(words)) % freshSeedCount);
}

function readRun(parsed: Parsed): SimulateOptions {
	const number = (given: string | undefined) => (given === undefined ? undefined : Number(given));
	const years = number(parsed.years);
	const deviceYears = number(parsed["device-years"]);
	return {
		seed: number(parsed.seed) ?? 1,
		lives: number(parsed.lives) ?? 1,
		deviceDays: deviceYears === undefined ? undefined : deviceYears * 365.25,
		days: years === undefined ? number(parsed.days) : years * 365.25,
		fresh: parsed.fresh === true || parsed["fresh-from"] !== undefined,
		freshFrom: parsed["fresh-from"] === undefined ? undefined : seedOf(parsed["fresh-from"]),
		scenario: parsed.scenario,
		plot: parsed.plot,
		log: parsed.log === true,
		workers: number(parsed.jobs),
		shrinkS: number(parsed.shrink) ?? 60,
	};
}
