import { crc32 } from "../src/common/crc32";
import { type Command, flag, type ParsedOptions, parseOptions, text } from "./command-line";

/** The command line of `npm run simulate`. */
export type SimulateCommand = Command<SimulateOptions>;

export interface SimulateOptions {
	/** Of the first life. */
	readonly seed: number;
	/** Number of lives; `deviceDays`: their total length instead, days. */
	readonly lives: number;
	readonly deviceDays: number | undefined;
	/** Length of a life, days; `undefined`: chosen by the seed. */
	readonly days: number | undefined;
	/** Half of the seeds are new. */
	readonly fresh: boolean;
	/** The first new seed; `undefined`: random. */
	readonly freshFrom: number | undefined;
	/** A scenario file instead of seeds. */
	readonly scenario: string | undefined;
	/** Where to save the picture of a life. */
	readonly plot: string | undefined;
	/** Print the board's log. */
	readonly log: boolean;
	readonly workers: number | undefined;
	/** Time limit for shrinking a failing scenario, seconds. */
	readonly shrinkS: number;
}

export const simulateHelp = `Runs the whole firmware on a simulated board in virtual time, through random lives in which radio, network, time
servers, service, sensor, flash and power fail and the user changes things. The firmware's invariants are checked
continuously. A seed determines everything in a life. A life that violates an invariant is shrunk, and reported with
the command that replays it.

npm run simulate -- [options]

  --seed N           seed of the first life (default 1): the same seed gives the same life, line by line
  --years N          length of a life; or --days N (default: chosen by the seed)
  --lives N          number of lives, with consecutive seeds (default 1)
  --device-years N   as many lives as add up to this many years
  --fresh            half of the lives with new random seeds
  --fresh-from TEXT  the same, with seeds derived from a text (such as a commit): repeatable
  --scenario FILE    the life in a JSON file, as saved for a failed life
  --plot FILE        save a picture (SVG) of the life
  --log              print the board's log of the life
  --jobs N           lives in parallel (default: one per processor)
  --shrink SECONDS   time limit for shrinking a failed life (default 60; 0: do not shrink)
  --help             this text
`;

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

/** Why the options contradict each other, if they do. */
function conflictingOptions(parsed: Parsed): string | undefined {
	const seeds = ["seed", "years", "days", "lives", "device-years", "fresh", "fresh-from"] as const;
	const clashing =
		parsed.scenario === undefined ? undefined : seeds.find((name) => parsed[name] !== undefined);
	if (clashing !== undefined) return `--scenario defines the whole life: leave out --${clashing}.`;
	if (parsed.years !== undefined && parsed.days !== undefined)
		return "--years and --days both set the length of a life: leave out one of them.";
	if (parsed.lives !== undefined && parsed["device-years"] !== undefined)
		return "--lives and --device-years both set the number of lives: leave out one of them.";
	return undefined;
}

/** Years and days may be fractions. `--shrink` may be 0. */
function checkNumber(name: keyof Parsed, given: string | boolean | undefined): string | undefined {
	if (given === undefined) return undefined;
	const value = String(given).trim() === "" ? Number.NaN : Number(given);
	const fraction = name === "years" || name === "days" || name === "device-years";
	const min = name === "shrink" ? 0 : fraction ? 0.001 : 1;
	if (value >= min && value <= 2 ** 31 && (fraction || Number.isInteger(value))) return undefined;
	return `--${name} takes a ${fraction ? "" : "whole "}number from ${min} on, not "${given}".`;
}

/** Above the seeds that users choose. */
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
