import Debug from "debug";
import Instrumentation from "instrumentation";
import { answerNtp } from "../../simulator/ntp/answer";
import { App } from "../../src/app";
import type { Board } from "../../src/boards/board";
import { UDPSocket } from "../../src/boards/esp32/udp";
import { openBoard } from "../../src/boards/lin/board";
import { makeClock } from "../../src/boards/lin/clock";
import { makeDirectory } from "../../src/boards/lin/files";
import { SettingsStore } from "../../src/settings/settings-store";
import type { LifePlan } from "../plan";
import { held } from "./held";
import { LeapingTime } from "./leaping-time";
import { report } from "./report";

const hour = 3_600_000;
const day = 24 * hour;
/** The board's own time server: nobody else has a clock as fast as this board's. */
const ntpPort = 32_123;

/** The whole app, faster than life: an hour that is busy, then days that must leave no trace in memory. */
export async function live(directory: string, { settings, hours, days }: LifePlan): Promise<void> {
	const startedAt = Date.now();
	memory("nothing is running");
	await run(
		`${directory}/hour`,
		{ ...settings, location: "hour", interval: 10, uploadInterval: 0 },
		startedAt,
		async (time) => {
			await until(time, hours * hour);
		},
	);
	memory("after the hour");
	await run(
		`${directory}/days`,
		{ ...settings, location: "days", interval: 60, uploadInterval: 1800 },
		startedAt,
		async (time) => {
			for (let passed = 1; passed <= days; passed++) {
				await until(time, passed * day);
				memory(`day ${passed}`);
			}
		},
	);
}

async function run(
	directory: string,
	settings: Readonly<Record<string, unknown>>,
	startedAt: number,
	pass: (time: LeapingTime) => Promise<void>,
): Promise<void> {
	makeDirectory(directory);
	const time = new LeapingTime(makeClock());
	const server = new UDPSocket({
		port: ntpPort,
		onReadable: () => {
			for (let packet = server.read(); packet !== undefined; packet = server.read()) {
				const now = startedAt + time.ticks();
				const answer = answerNtp(new Uint8Array(packet), { receive: now, transmit: now });
				if (answer !== undefined) server.write(answer, packet.address, packet.port);
			}
		},
	});
	const base = openBoard({ directory, time, restart: () => {}, sleep: () => {} });
	const board: Board = { ...base, network: held(base.network, time), log: quiet(base) };
	const storage = board.storage.keyValue.open({ path: "dakkio", format: "buffer" });
	new SettingsStore(storage).save({ ...settings, ntpServers: [`127.0.0.1:${ntpPort}`] });
	storage.close();
	const app = new App(board);
	app.start();
	await pass(time);
	await app.stop();
	server.close();
}

/** Readings and what was sent are counted by the computer. */
function quiet({ log }: Board): (line: string) => void {
	return (line) => {
		if (!/^(reading|sent) /.test(line)) log(line);
	};
}

function until(time: LeapingTime, ticks: number): Promise<void> {
	return new Promise((resolve) => time.set(resolve, ticks - time.ticks()));
}

/** What XS holds, after a collection. */
function memory(name: string): void {
	Debug.gc();
	const [slots = 0, chunks = 0, stack = 0] = (
		["XS Slot Heap Used", "XS Chunk Heap Used", "XS Stack Used"] as const
	).map((what) => Instrumentation.get(Instrumentation.map(what)));
	report({ suite: "memory", name, slots, chunks, stack });
}
