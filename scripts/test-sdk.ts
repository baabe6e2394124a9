import { randomInt } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { HttpTable } from "../sdk-tests/host/http";
import { LifeService } from "../sdk-tests/host/life";
import { NtpTable } from "../sdk-tests/host/ntp";
import { ReportChecker } from "../sdk-tests/host/report-checker";
import { SetupClient } from "../sdk-tests/host/setup";
import { TlsTable } from "../sdk-tests/host/tls";
import { planUpdate } from "../sdk-tests/host/update";
import type { Report, SuiteName, TestPlan } from "../sdk-tests/test-plan";
import { expectedErrorMark, includesSuite, reportMark, suiteNames } from "../sdk-tests/test-plan";
import { parseArguments } from "../simulator/command-line";
import { freePort } from "../simulator/free-port";
import { findSdk, main, mcconfig, type Sdk } from "./sdk";
import { requireSimulator, SdkSimulator } from "./sdk-simulator";

const help = `The firmware's tests on the SDK: its XS engine, sockets and TLS, in its simulator, against real servers.

npm run test:sdk -- [options]

  --days N      days of the app while memory is checked (default 7)
  --flights N   TLS server flights to change at random, in the suite tls (default 40)
  --seed N      seed of these changes (default: random)
  --only NAMES  only these suites, separated by commas: ${suiteNames.join(", ")}
  --help        this text
`;

/** Maximum time without a report. */
const reportTimeoutS = 120;

await main(async () => {
	const { values } = parseArguments({
		options: {
			days: { type: "string", default: "7" },
			flights: { type: "string", default: "40" },
			seed: { type: "string" },
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
	const flights = { count: Number(values.flights), seed: Number(values.seed ?? randomInt(2 ** 31)) };
	const failures = await runTests(sdk, Number(values.days), flights, parseSuites(values.only));
	process.stdout.write(failures === 0 ? "All tests passed.\n" : `${failures} tests failed.\n`);
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

async function runTests(
	sdk: Sdk,
	days: number,
	flights: { readonly count: number; readonly seed: number },
	only: readonly SuiteName[],
): Promise<number> {
	const state = join(sdk.output, "sdk-tests");
	rmSync(state, { recursive: true, force: true });
	makeDirectory(state);
	process.stdout.write("building for the SDK's simulator (the first time takes a minute or two)\n");
	const program = await build(sdk, state);
	const [tls, http, ntp, service, client] = await Promise.all([
		TlsTable.start(flights.count, flights.seed),
		HttpTable.start(),
		NtpTable.start(),
		LifeService.start(),
		SetupClient.start(await freePort(), await freePort()),
	]);
	const life = service.plan(days);
	const plan: TestPlan = {
		only,
		tls: tls.cases.map(({ name, port, host, root, connections, steps }) => ({
			...{ name, port, host, root, connections, steps },
		})),
		http: http.cases.map(({ name, port, exchanges, bodyBytes }) => ({ name, port, exchanges, bodyBytes })),
		ntp: ntp.cases.map(({ name, port }) => ({ name, port })),
		update: planUpdate(),
		setup: client.plan,
		life,
	};
	writeFileSync(join(state, "plan.json"), JSON.stringify(plan));
	const { reports, unhandled, ended } = await runBoard(sdk, program, (report) => {
		if (report.suite === "setup" && report.event === "open") client.begin();
	});
	const checker = new ReportChecker(reports);
	try {
		if (!ended) checker.record("the board finished the tests", "it did not");
		checker.checks();
		if (includesSuite(plan, "ntp")) checker.ntp(ntp.cases);
		if (includesSuite(plan, "http")) checker.http(http.cases);
		if (includesSuite(plan, "tls")) await checker.tls(tls.cases, state);
		if (includesSuite(plan, "setup")) checker.setup(client.checks, client.points);
		if (includesSuite(plan, "life")) {
			checker.record(
				"an hour of the app with two outages of the service: each point once",
				service.problem("hour", 360),
			);
			checker.record("the page on the home network is loaded", service.pageProblem());
			checker.localPage();
			checker.record("a full batch was sent while memory was measured", service.peakProblem());
			if (days > 0)
				checker.record(`${days} days of the app: each point once`, service.problem("days", days * 1440));
		}
		checker.memory(plan);
		checker.record(
			"no unhandled exception",
			unhandled.length > 0 ? unhandled.slice(0, 3).join(" / ") : undefined,
		);
	} finally {
		tls.close();
		await Promise.all([http.close(), ntp.close(), service.close(), client.close()]);
	}
	return checker.failures;
}

async function build(sdk: Sdk, state: string): Promise<string> {
	await mcconfig(sdk, ["-d", "-m", "-p", "lin", "-t", "build", `state=${state}`], false, "sdk-tests");
	return join(sdk.output, "bin", "lin", "mc", "debug", "sdk-tests", "mc.so");
}

/** Runs the board until it has finished. */
async function runBoard(sdk: Sdk, program: string, onReport: (report: Report) => void) {
	const reports: Report[] = [];
	const unhandled: string[] = [];
	let ended = false;
	let lastLineAt = Date.now();
	let finish: () => void = () => {};
	const done = new Promise<void>((resolve) => {
		finish = resolve;
	});
	const simulator = await SdkSimulator.start(sdk, program, (line) => {
		lastLineAt = Date.now();
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
		if (Date.now() - lastLineAt > reportTimeoutS * 1000) finish();
	}, 1000);
	await Promise.race([done, simulator.ended]);
	clearInterval(watch);
	await simulator.stop();
	return { reports, unhandled, ended };
}
