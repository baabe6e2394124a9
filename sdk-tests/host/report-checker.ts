import { includesSuite, type Report, type TestPlan } from "../test-plan";
import type { SetupCheck } from "./setup";
import { type ServedCase, verifyStepsWithOpenSsl, verifyWithOpenSsl } from "./tls";

/** Maximum growth from the second day to the last: slots (32 bytes here) and bytes of chunks. */
const maxSlotGrowth = 64;
const maxChunkGrowthBytes = 4096;
/** Bytes of a slot here and on the chip. */
const hostSlotBytes = 32;
const chipSlotBytes = 16;
/** Here, both flash partitions are in memory: 4 KiB per sector. */
const flashImageBytes = (256 + 16) * 4096;
/** The stack of XS, and what the simulator may come to: about half as much again as a chip (`npm run test:chip`). */
const stackBytes = 768 * chipSlotBytes;
const maxSimulatedBytes = 148 * 1024;
/**
 * Of the page on the home network, beside what the board needs at rest without it: 6 KiB on a chip, of which the simulator
 * with its 64 bits says about a third more, as of everything.
 */
const maxLocalPageBytes = 8 * 1024;

type Memory = Extract<Report, { readonly suite: "memory" }>;

/** Compares the board's reports with the expected outcomes, and prints a line for each. */
export class ReportChecker {
	failures = 0;
	private readonly reports: readonly Report[];

	constructor(reports: readonly Report[]) {
		this.reports = reports;
	}

	record(name: string, problem: string | undefined, more = ""): void {
		if (problem !== undefined) this.failures++;
		const result = problem === undefined ? "ok    " : "FAILED";
		process.stdout.write(`${result}  ${name}${more}${problem === undefined ? "" : `: ${problem}`}\n`);
	}

	checks(): void {
		for (const report of this.reports) if (report.suite === "check") this.record(report.name, report.problem);
	}

	ntp(cases: readonly { readonly name: string; readonly expected: RegExp }[]): void {
		for (const { name, expected } of cases) {
			const outcome = this.outcome("ntp", name);
			this.record(`NTP: ${name}`, expected.test(outcome) ? undefined : outcome, ` – ${outcome}`);
		}
	}

	http(cases: readonly { readonly name: string; readonly expected: string }[]): void {
		for (const { name, expected } of cases) {
			const outcome = this.outcome("http", name);
			const problem = outcome === expected ? undefined : `${outcome}, expected ${expected}`;
			this.record(`HTTP: ${name}`, problem, ` – ${expected}`);
		}
	}

	/** The results of the setup client, and the board's own events. */
	setup(checks: readonly SetupCheck[], points: number): void {
		for (const { name, problem } of checks) this.record(`setup: ${name}`, problem);
		const events = this.reports.flatMap((report) => (report.suite === "setup" ? [report.event] : []));
		const whole = events.join() === "open,closed,sent";
		this.record(
			"setup: the board then goes online and sends",
			whole && points > 1 ? undefined : events.join(),
		);
	}

	/** The board's outcome must be the expected one, and agree with OpenSSL's unless the table has a reason. */
	async tls(cases: readonly ServedCase[], directory: string): Promise<void> {
		for (const each of cases) {
			if (each.connections !== undefined) {
				this.repeated(each, each.connections);
				continue;
			}
			if (each.steps !== undefined) {
				await this.steps(each, directory);
				continue;
			}
			const outcome = this.outcome("tls", each.name);
			const openSsl = await verifyWithOpenSsl(each, directory);
			const agrees = outcome.startsWith("accepted") === openSsl.startsWith("accepted");
			const problem = !outcome.startsWith(each.expected)
				? `${outcome}, expected ${each.expected}`
				: each.isLate === true || agrees === (each.stricter === undefined && each.wider === undefined)
					? undefined
					: `OpenSSL: ${openSsl}`;
			const stricter = each.stricter === undefined ? "" : `; stricter: ${each.stricter}`;
			const why = each.wider === undefined ? stricter : `; wider: ${each.wider}`;
			this.record(`TLS: ${each.name}`, problem, ` – ${each.expected} (OpenSSL ${openSsl}${why})`);
		}
	}

	/** Connections one after the other, with what was kept of those before. OpenSSL keeps a session, too. */
	private async steps(each: ServedCase, directory: string): Promise<void> {
		const { name, expectedSteps = [], stricter, wider } = each;
		const outcomes = expectedSteps.map((_, number) => this.outcome("tls", `${name} ${number}`));
		const openSsl = await verifyStepsWithOpenSsl(each, directory);
		const isAsExpected = outcomes.every((outcome, number) =>
			outcome.startsWith(expectedSteps[number] ?? "-"),
		);
		const agrees = outcomes.every(
			(outcome, number) => outcome.startsWith("accepted") === openSsl[number]?.startsWith("accepted"),
		);
		const problem = !isAsExpected
			? `${outcomes.join("; ")}, expected ${each.expected}`
			: agrees === (stricter === undefined && wider === undefined)
				? undefined
				: `OpenSSL: ${openSsl.join("; ")}`;
		const why = wider === undefined ? stricter && `; stricter: ${stricter}` : `; wider: ${wider}`;
		const verdict = ` – ${each.expected} (OpenSSL ${openSsl.join("; ")}${why ?? ""})`;
		this.record(`TLS: ${name}`, problem, verdict);
	}

	/** Connections of one case, which are not shown to OpenSSL. */
	private repeated({ name, expected }: ServedCase, connections: number): void {
		const outcomes = Array.from({ length: connections }, (_, number) =>
			this.outcome("tls", `${name} ${number}`),
		);
		const wrong = outcomes.findIndex((outcome) => !outcome.startsWith(expected));
		const problem = wrong < 0 ? undefined : `connection ${wrong}: ${outcomes[wrong]}`;
		this.record(`TLS: ${name}`, problem, ` – ${connections} of ${connections} ${expected}`);
	}

	memory(plan: Pick<TestPlan, "only">): void {
		const measured = this.reports.filter((report) => report.suite === "memory");
		// The life begins with what the tests themselves take.
		if (includesSuite(plan, "life"))
			this.fits(measured, ["at rest", "at the peak", ...(includesSuite(plan, "setup") ? ["in setup"] : [])]);
		for (const { name, slots, chunks, stack } of measured)
			process.stdout.write(
				`        memory, ${name}: ${slots} bytes of slots, ${chunks} of chunks, ${stack} of stack\n`,
			);
		const days = measured.filter(({ name }) => name.startsWith("day "));
		const early = days[1];
		const last = days.at(-1);
		if (early === undefined || last === undefined || early === last) return;
		const grown =
			last.slots - early.slots > maxSlotGrowth * hostSlotBytes ||
			last.chunks - early.chunks > maxChunkGrowthBytes;
		this.record("memory does not grow from day to day", grown ? "it does" : undefined);
	}

	/** What the page on the home network adds to the memory at rest. */
	localPage(): void {
		const find = (name: string) =>
			this.reports.find((report) => report.suite === "memory" && report.name === name);
		const [closed, open] = [find("without the page"), find("with the page")];
		if (closed?.suite !== "memory" || open?.suite !== "memory") {
			this.record("memory of the page on the home network was measured", "it was not");
			return;
		}
		const after = find("with the page, after requests");
		if (after?.suite === "memory")
			process.stdout.write(
				`        slots and chunks: ${closed.slots} ${closed.chunks} without, ${open.slots} ${open.chunks} with the page, ` +
					`${after.slots} ${after.chunks} after requests\n`,
			);
		const bytes = onChip(open) - onChip(closed);
		this.record(
			"memory of the page on the home network at rest",
			bytes > maxLocalPageBytes ? "too much" : undefined,
			` – ${kilobytes(bytes)} of at most ${kilobytes(maxLocalPageBytes)}`,
		);
	}

	/** XS memory of the app, as a bound that shows when it grows; what a chip needs, `npm run test:chip` measures on it. */
	private fits(measured: readonly Memory[], names: readonly string[]): void {
		const find = (name: string) => measured.find((report) => report.name.startsWith(name));
		const [machine, tests] = [find("an empty machine"), find("nothing is running")];
		for (const name of names) {
			const app = find(name);
			if (machine === undefined || tests === undefined || app === undefined) {
				this.record(`memory ${name} was measured`, "it was not");
				continue;
			}
			const need = onChip(machine) + onChip(app) - onChip(tests) - flashImageBytes + stackBytes;
			const usage = ` – ${kilobytes(need)} of ${kilobytes(maxSimulatedBytes)}`;
			this.record(`memory ${app.name}`, need <= maxSimulatedBytes ? undefined : "too much", usage);
		}
	}

	private outcome(suite: "tls" | "http" | "ntp", name: string): string {
		for (const report of this.reports)
			if (report.suite === suite && report.name === name) return report.outcome;
		return "no report";
	}
}

function onChip({ slots, chunks }: Memory): number {
	return (slots * chipSlotBytes) / hostSlotBytes + chunks;
}

function kilobytes(bytes: number): string {
	return `${(bytes / 1024).toFixed(1)} KiB`;
}
