import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HttpTable } from "../sdk-tests/host/http";
import { LifeService } from "../sdk-tests/host/life";
import { NtpTable } from "../sdk-tests/host/ntp";
import { ReportChecker } from "../sdk-tests/host/report-checker";
import { SetupClient } from "../sdk-tests/host/setup";
import { TlsTable } from "../sdk-tests/host/tls";
import type { Report, SuiteName, TestPlan } from "../sdk-tests/test-plan";
import { expectedErrorMark, includesSuite, reportMark, suiteNames } from "../sdk-tests/test-plan";
import { freePort } from "../simulator/free-port";
import { findSdk, main, mcconfig, type Sdk } from "./sdk";
import { requireSimulator, SdkSimulator } from "./sdk-simulator";

const help = `The firmware's tests on the SDK: its XS engine, sockets and TLS, in its simulator, against real servers.

npm run test:sdk -- [options]

  --days N      days of the app whose memory is watched (default 7)
  --only NAMES  some parts alone, with commas: ${suiteNames.join(", ")}
  --help        this text
`;

/** Seconds until a board that tells nothing more is given up. */
const reportTimeoutS = 120;

await main(async () => {
	const { values } = parseArgs({
		options: {
			days: { type: "string", default: "7" },
			only: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) {
		process.stdout.write(help);
		return;
	}
	const sdk = findSdk();
	requireSimulator(sdk);
	const failures = await runTests(sdk, Number(values.days), parseSuites(values.only));
	process.stdout.write(failures === 0 ? "All hold.\n" : `${failures} do not hold.\n`);
	if (failures > 0) process.exitCode = 1;
});

function parseSuites(given: string | undefined): readonly SuiteName[] {
	const names = given?.split(",") ?? [];
	return names.map((name) => {
		const known = suiteNames.find((suite) => suite === name);
		if (known === undefined) throw new Error(`--only takes ${suiteNames.join(", ")}, not "${name}".`);
		return known;
	});
}

async function runTests(sdk: Sdk, days: number, only: readonly SuiteName[]): Promise<number> {
	const state = join(sdk.output, "sdk-tests");
	rmSync(state, { recursive: true, force: true });
	mkdirSync(state, { recursive: true });
	process.stdout.write("building for the SDK's simulator (the first time takes a minute or two)\n");
	const program = await build(sdk, state);
	const [tls, http, ntp, service, visitor] = await Promise.all([
		TlsTable.start(),
		HttpTable.start(),
		NtpTable.start(),
		LifeService.start(),
		SetupClient.start(await freePort(), await freePort()),
	]);
	const life = service.plan(days);
	const plan: TestPlan = {
		only,
		tls: tls.cases.map(({ name, port, host, root }) => ({ name, port, host, root })),
		http: http.cases.map(({ name, port, exchanges, bodyBytes }) => ({ name, port, exchanges, bodyBytes })),
		ntp: ntp.cases.map(({ name, port }) => ({ name, port })),
		setup: visitor.plan,
		life,
	};
	writeFileSync(join(state, "plan.json"), JSON.stringify(plan));
	const { reports, unhandled, ended } = await runBoard(sdk, program, (report) => {
		if (report.suite === "setup" && report.event === "open") visitor.begin();
	});
	const judge = new ReportChecker(reports);
	try {
		if (!ended) judge.record("the board came to the end", "it did not");
		judge.checks();
		if (includesSuite(plan, "ntp")) judge.ntp(ntp.cases);
		if (includesSuite(plan, "http")) judge.http(http.cases);
		if (includesSuite(plan, "tls")) await judge.tls(tls.cases, state);
		if (includesSuite(plan, "setup")) judge.setup(visitor.checks, visitor.points);
		if (includesSuite(plan, "life")) {
			judge.record(
				"an hour of the app, the service away twice: each point once",
				service.problem("hour", 360),
			);
			judge.record(`${days} days of the app: each point once`, service.problem("days", days * 1440));
		}
		if (only.length === 0) judge.memory();
		judge.record(
			"no exception that nobody took",
			unhandled.length > 0 ? unhandled.slice(0, 3).join(" / ") : undefined,
		);
	} finally {
		tls.close();
		await Promise.all([http.close(), ntp.close(), service.close(), visitor.close()]);
	}
	return judge.failures;
}

async function build(sdk: Sdk, state: string): Promise<string> {
	await mcconfig(sdk, ["-d", "-m", "-p", "lin", "-t", "build", `state=${state}`], false, "sdk-tests");
	return join(sdk.output, "bin", "lin", "mc", "debug", "sdk-tests", "mc.so");
}

/** Runs the board to its end. */
async function runBoard(sdk: Sdk, program: string, onReport: (report: Report) => void) {
	const reports: Report[] = [];
	const unhandled: string[] = [];
	let ended = false;
	let heard = Date.now();
	let finish: () => void = () => {};
	const done = new Promise<void>((resolve) => {
		finish = resolve;
	});
	const simulator = await SdkSimulator.start(sdk, program, (line) => {
		heard = Date.now();
		if (line.startsWith(reportMark)) {
			const report: Report = JSON.parse(line.slice(reportMark.length));
			if (report.suite === "done") {
				ended = true;
				finish();
			} else {
				reports.push(report);
				onReport(report);
			}
		} else if (line.includes(expectedErrorMark)) return;
		else if (/^(unhandled|unexpected|.*memory full)/.test(line)) unhandled.push(line);
		else process.stdout.write(`  ${line}\n`);
	});
	const watch = setInterval(() => {
		if (Date.now() - heard > reportTimeoutS * 1000) finish();
	}, 1000);
	await Promise.race([done, simulator.ended]);
	clearInterval(watch);
	await simulator.stop();
	return { reports, unhandled, ended };
}
