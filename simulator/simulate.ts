import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { errorMessage } from "../src/common/error-message";
import { endWithReader } from "./command-line";
import { formatInteger } from "./format-integer";
import { readInputFile } from "./input-file";
import { generateScenario, year } from "./life/generate-scenario";
import { Life, type LifeReport } from "./life/life";
import { describeFaults, formatLifeDuration, formatReport, sumReports } from "./life/life-report";
import { plot } from "./life/plot";
import type { Scenario } from "./life/scenario";
import { type ScenarioProblem, scenarioFromJson } from "./life/scenario-file";
import type { FailedLife, LifeResult } from "./life/worker";
import { WorkerPool } from "./life/worker-pool";
import { formatSeconds, ProgressBar } from "./progress-bar";
import {
	firstFreshSeed,
	freshSeedCount,
	parseSimulateCommand,
	type SimulateOptions,
	simulateHelp,
} from "./simulate-options";

const day = 86_400_000;
/** For scenarios of failed lives. */
const failuresDirectory = join(import.meta.dirname, "..", ".state", "failures");
const plotIntervals = 1200;

endWithReader();
// Node's own end would leave files behind. The codes are a shell's.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

const command = parseSimulateCommand(process.argv.slice(2));
if (command.kind === "help") process.stdout.write(simulateHelp);
else if (command.kind === "problem") {
	process.stderr.write(`${command.problem}\n`);
	process.exitCode = 2;
} else await simulate(command.run);

async function simulate(options: SimulateOptions): Promise<void> {
	const scenarios = scenariosOf(options);
	if (typeof scenarios === "string") {
		process.stderr.write(`${scenarios}\n`);
		process.exitCode = 2;
		return;
	}
	const [first] = scenarios;
	if (options.log && first !== undefined) await logLife(first);
	const { results, passed } = await play(scenarios, options);
	const kept = results.flatMap((result) => ("report" in result ? [result] : []));
	printSummary(scenarios, results, passed);
	const [one] = kept;
	if (options.plot !== undefined && first !== undefined && one?.intervals !== undefined)
		draw(options.plot, plot({ scenario: first, report: one.report, intervals: one.intervals }));
	if (kept.length < results.length) process.exitCode = 1;
}

/** The scenarios to run, or an error in one sentence. */
function scenariosOf({
	scenario,
	seed,
	lives,
	days,
	deviceDays,
	fresh,
	freshFrom,
}: SimulateOptions): Scenario[] | string {
	if (scenario !== undefined) {
		const read = readScenario(scenario);
		return "problem" in read ? `${scenario}: ${read.problem}.` : [read];
	}
	const length = days === undefined ? undefined : days * day;
	const made: Scenario[] = [];
	let time = 0;
	const take = (from: number, until: (count: number) => boolean) => {
		for (let count = 0; !until(count); count++) {
			const one = generateScenario(from + count, length);
			made.push(one);
			time += one.length;
		}
	};
	const enough = (part: number) => (count: number) =>
		deviceDays === undefined ? count >= lives * part : time >= deviceDays * day * part;
	if (!fresh) take(seed, enough(1));
	else {
		take(seed, enough(0.5));
		const fixed = made.length;
		const unseen = freshFrom ?? firstFreshSeed + Math.floor(Math.random() * freshSeedCount);
		print(`Fixed seeds: ${seed} to ${seed + fixed - 1}; fresh seeds: from ${unseen} on.`);
		// The fixed ones may be long enough by themselves.
		const isEnough = (count: number) => count > 0 && enough(1)(count);
		take(unseen, (count) => (deviceDays === undefined ? fixed + count >= lives : isEnough(count)));
	}
	return made;
}

function readScenario(file: string): Scenario | ScenarioProblem {
	try {
		return scenarioFromJson(new TextDecoder().decode(readInputFile(file)));
	} catch (error) {
		return { problem: `it cannot be read (${errorMessage(error)})` };
	}
}

function draw(file: string, picture: string): void {
	try {
		writeFileSync(file, picture);
		print(`The picture of this life is in ${file}.`);
	} catch (error) {
		process.stderr.write(`The picture of this life cannot be written: ${errorMessage(error)}\n`);
		process.exitCode = 1;
	}
}

/** Plays a life in this process and prints the board's log. */
async function logLife(scenario: Scenario): Promise<void> {
	const log = (utc: number, line: string) => print(`${new Date(utc).toISOString()}  ${line}`);
	await new Life({ scenario, log }).run().catch(() => undefined);
}

async function play(scenarios: readonly Scenario[], options: SimulateOptions) {
	const whole = scenarios.reduce((sum, { length }) => sum + length / day, 0);
	const bar = new ProgressBar(process.stdout, whole, (days) => `${years(days)} of ${years(whole)} years`);
	const pool = await WorkerPool.start({
		workers: Math.min(options.workers ?? availableParallelism(), scenarios.length),
		onDays: (days) => bar.advance(days),
	});
	const startedAt = performance.now();
	// Long lives first, so that all workers finish at about the same time.
	const order = scenarios.map((scenario, index) => ({ scenario, index }));
	order.sort((one, other) => other.scenario.length - one.scenario.length);
	const results: LifeResult[] = [];
	await Promise.all(
		order.map(async ({ scenario, index }) => {
			const parts = options.plot === undefined ? {} : { parts: plotIntervals };
			const result = await pool.play({ scenario, shrinkMs: options.shrinkS * 1_000, ...parts });
			results[index] = result;
			if (!("failure" in result)) return;
			bar.clear();
			reportFailure(scenario, result, options);
		}),
	);
	pool.stop();
	bar.clear();
	return { results, passed: performance.now() - startedAt };
}

function reportFailure(
	scenario: Scenario,
	{ failure, shrunk }: FailedLife,
	{ scenario: given, days }: SimulateOptions,
): void {
	const { seed, length } = scenario;
	const { message, at } = failure;
	const when = at === undefined ? "" : ` (${new Date(at).toISOString()})`;
	const own =
		given === undefined
			? `--seed ${seed}${days === undefined ? "" : ` --days ${length / day}`}`
			: `--scenario ${given}`;
	print(`Seed ${seed}: ${message}${when}`);
	print(`  Replay with the board's log: npm run simulate -- ${own} --log`);
	const { faults } = shrunk.scenario;
	makeDirectory(failuresDirectory);
	const file = join(failuresDirectory, `seed-${seed}.json`);
	writeFileSync(file, `${JSON.stringify(shrunk.scenario, undefined, "\t")}\n`);
	const shortest = `npm run simulate -- --scenario ${relative(".", file)}`;
	print(
		`  Shrunk in ${shrunk.tries} attempts to ${formatLifeDuration(shrunk.scenario.length)} and ${faults.length} faults: ${shortest}`,
	);
	print(`  ${JSON.stringify(shrunk.scenario)}`);
}

function printSummary(scenarios: readonly Scenario[], results: readonly LifeResult[], passed: number): void {
	const reports: LifeReport[] = results.flatMap((result) => ("report" in result ? [result.report] : []));
	const time = scenarios.reduce((sum, { length }) => sum + length, 0);
	const computing = results.reduce((sum, result) => sum + result.cpuMs, 0);
	const longest = Math.max(0, ...results.map((result) => ("maxWaitMs" in result ? result.maxWaitMs : 0)));
	print(formatReport(sumReports(reports)));
	print(`Faults: ${describeFaults(scenarios) || "none"}.`);
	const lives =
		scenarios.length === 1
			? `The life of seed ${scenarios[0]?.seed}`
			: `${formatInteger(scenarios.length)} lives`;
	print(
		`${lives}, ${years(time / day)} device-years, in ${formatSeconds(passed)} (${formatSeconds(computing)} of CPU time); ${describeMix(scenarios)}.`,
	);
	print(`Deliverable readings were pending for at most ${formatLifeDuration(longest)}.`);
	const broken = results.length - reports.length;
	print(broken === 0 ? "All invariants hold." : `${broken} of ${results.length} lives violate an invariant.`);
}

/** Shares of simulated time by kind of board. */
function describeMix(scenarios: readonly Scenario[]): string {
	const shares = new Map<string, number>();
	let time = 0;
	for (const { power, interval, length } of scenarios) {
		const name = `${power} ${interval} s`;
		shares.set(name, (shares.get(name) ?? 0) + length);
		time += length;
	}
	return [...shares]
		.sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }))
		.map(([name, share]) => `${name}: ${Math.round((100 * share) / time)} %`)
		.join(", ");
}

function years(days: number): string {
	const value = (days * day) / year;
	return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

function print(line: string): void {
	process.stdout.write(`${line}\n`);
}
