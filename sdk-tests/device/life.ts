import { openSimulatorBoard } from "../../boards/lin/board";
import { makeClock } from "../../boards/lin/clock";
import { linFiles } from "../../boards/lin/files";
import { makeNtpResponse } from "../../simulator/ntp/ntp-response";
import { App } from "../../src/app/app";
import type { Board, Network } from "../../src/boards/board";
import { UDPSocket } from "../../src/boards/esp32/udp";
import { SettingsStore } from "../../src/settings/settings-store";
import { type LifePlan, peakBatchReadings } from "../test-plan";
import { LeapingTime } from "./leaping-time";
import { PeakMemory, reportMemory, watchMemory, watchServer } from "./memory";
import { realTimeNetwork } from "./real-time-network";
import { check } from "./report";

const hour = 3_600_000;
const day = 24 * hour;
/** The board's own time server, because its time is faster than real time. */
const ntpPort = 32_123;

/**
 * The whole app, faster than real time: a busy hour, a batch of maximum size, then days that must not leak memory.
 */
export async function runLife(directory: string, plan: LifePlan): Promise<void> {
	const { settings, hours, outages, days } = plan;
	const startedAt = Date.now();
	reportMemory("nothing is running");
	await run(
		`${directory}/hour`,
		{ ...settings, location: "hour", interval: 10, uploadInterval: 0 },
		startedAt,
		async (time) => {
			await until(time, hours * hour);
		},
		{ outages },
	);
	reportMemory("after the hour");
	const page = new PeakMemory();
	await run(
		`${directory}/closed`,
		{ ...settings, location: "closed", interval: 5, localPage: "off" },
		startedAt,
		async (time) => {
			await until(time, 3 * 60_000);
			reportMemory("without the page");
		},
		{ watch: (network) => watchServer(network, page) },
	);
	await run(
		`${directory}/page`,
		{ ...settings, location: "page", interval: 5 },
		startedAt,
		// Real time, in which the computer loads everything once.
		async (time) => {
			await until(time, 3 * 60_000);
			reportMemory("with the page");
			const release = time.hold();
			await until(time, time.ticks() + 20_000);
			release();
			reportMemory("with the page, after requests");
		},
		{ watch: (network) => watchServer(network, page), pagePort: plan.pagePort },
	);
	page.report("while the page responds");
	const peak = new PeakMemory();
	await run(
		`${directory}/peak`,
		{ ...settings, location: "peak", interval: 5, uploadInterval: 5 * peakBatchReadings },
		startedAt,
		async (time) => {
			// The first upload follows within a minute, the second sends all.
			await until(time, 3 * 60_000);
			reportMemory("at rest");
			await until(time, 5_000 * (peakBatchReadings + 30));
		},
		{ watch: (network) => watchMemory(network, peak) },
	);
	peak.report("at the peak");
	await run(
		`${directory}/days`,
		{ ...settings, location: "days", interval: 60, uploadInterval: 1800 },
		startedAt,
		async (time) => {
			for (let passed = 1; passed <= days; passed++) {
				await until(time, passed * day);
				reportMemory(`day ${passed}`);
			}
		},
	);
}

interface Surroundings {
	readonly watch?: (network: Network) => Network;
	readonly pagePort?: number;
	/** Uploads that the service lets fail. */
	readonly outages?: number;
}

async function run(
	directory: string,
	settings: Readonly<Record<string, unknown>>,
	startedAt: number,
	pass: (time: LeapingTime) => Promise<void>,
	{ watch = (network) => network, pagePort = 0, outages = 0 }: Surroundings = {},
): Promise<void> {
	const failures: string[] = [];
	linFiles.makeDirectory(directory);
	const time = new LeapingTime(makeClock());
	const server = new UDPSocket({
		port: ntpPort,
		onReadable: () => {
			for (let packet = server.read(); packet !== undefined; packet = server.read()) {
				const now = startedAt + time.ticks();
				const answer = makeNtpResponse(new Uint8Array(packet), { receive: now, transmit: now });
				if (answer !== undefined) server.write(answer, packet.address, packet.port);
			}
		},
	});
	const base = openSimulatorBoard({ directory, time, pagePort, restart: () => {}, sleep: () => {} });
	const board: Board = {
		...base,
		network: realTimeNetwork(watch(base.network), time),
		log: quiet(base, failures),
	};
	const storage = board.storage.keyValue.open({ path: "dakkio", format: "buffer" });
	new SettingsStore(storage).save({ ...settings, ntpServers: [`127.0.0.1:${ntpPort}`] });
	storage.close();
	const app = new App(board);
	app.start();
	await pass(time);
	await app.stop();
	server.close();
	await check(`uploads of the life "${settings.location}": none fails but in the planned outages`, () => {
		if (failures.length > outages)
			throw new Error(`${failures.length} failed, not ${outages}; the last was ${failures.at(-1)}`);
	});
}

/** The computer counts readings and points. Collects failed uploads; a timeout only says that the computer was busy. */
function quiet({ log }: Board, failures: string[]): (line: string) => void {
	return (line) => {
		if (line.startsWith("not sent: ") && !line.includes(" timed out after ")) failures.push(line);
		if (!/^(reading|sent) /.test(line)) log(line);
	};
}

function until(time: LeapingTime, ticks: number): Promise<void> {
	return new Promise((resolve) => time.set(resolve, ticks - time.ticks()));
}
