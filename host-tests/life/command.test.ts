import { expect, test } from "vitest";
import { parseSimulateCommand, simulateHelp } from "../../simulator/simulate-options";

test.each([
	[[], { seed: 1, lives: 1, days: undefined, deviceDays: undefined, fresh: false, log: false, shrinkS: 60 }],
	[["--years", "10", "--seed", "42"], { seed: 42, days: 3652.5 }],
	[["--days", "0.5", "--lives", "20"], { days: 0.5, lives: 20 }],
	[["--device-years", "100", "--fresh", "--jobs", "2"], { deviceDays: 36_525, fresh: true, workers: 2 }],
	[["--scenario", "a.json", "--log", "--plot", "a.svg"], { scenario: "a.json", log: true, plot: "a.svg" }],
	[["--shrink", "0"], { shrinkS: 0 }],
	[["--fresh-from", "abc"], { fresh: true, freshFrom: 2 ** 20 + (0x352441c2 % 2 ** 30) }],
] as const)("%j is accepted", (args, run) => {
	expect(parseSimulateCommand(args)).toMatchObject({ kind: "run", run });
});

test.each([
	[["--seed", "x"], '--seed takes a whole number from 1 on, not "x".'],
	[["--seed", "1.5"], "--seed takes a whole number"],
	[["--years", "0"], "--years takes a number from 0.001 on"],
	[["--years", ""], "'--years' must not be empty. npm run simulate -- --help lists"],
	[["--years", " "], "--years takes a number"],
	[["--scenario", ""], "'--scenario' must not be empty"],
	[["--device-years", "-3"], "--device-years"],
	[["--lives", "3", "--plot", "a.svg"], "--log and --plot show one life"],
	[["--device-years", "3", "--log"], "--log and --plot show one life"],
	[["--years", "2", "--days", "3"], "--years and --days"],
	[["--lives", "2", "--device-years", "3"], "--lives and --device-years"],
	[["--scenario", "a.json", "--seed", "3"], "leave out --seed"],
	[["--scenario", "a.json", "--fresh"], "leave out --fresh"],
	[["--sed", "3"], "--help lists the options"],
	[["surplus"], "--help lists the options"],
] as const)("%j is rejected with one sentence", (args, sentence) => {
	const command = parseSimulateCommand(args);
	expect(command.kind === "problem" && command.problem).toContain(sentence);
});

test("the help lists every option", () => {
	expect(parseSimulateCommand(["--help"]).kind).toBe("help");
	for (const option of ["seed", "years", "days", "lives", "device-years", "fresh", "scenario", "plot", "log"])
		expect(simulateHelp).toContain(`--${option}`);
});
