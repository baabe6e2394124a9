import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Settings } from "../src/settings/settings";
import { BoardRunner } from "./board-runner";
import { lockDirectory } from "./directory-lock";
import { sensorPins } from "./hardware/simulated-sensors";
import { nearbyNetworks, startNetwork } from "./simulated-networks";
import { parseStartCommand, type StartOptions, startHelp } from "./start-options";
import { World } from "./world";

/** Persistent state. */
const directory = join(import.meta.dirname, "..", ".state");
/** Preferred ports, so that bookmarks stay valid; if one is in use, any free ports. */
const ports = { port: 8443, pagePort: 8080 };
const setupPort = 8180;

const command = parseStartCommand(process.argv.slice(2), (file) => readFileSync(file, "utf8"));
if (command.kind === "help") process.stdout.write(startHelp);
else if (command.kind === "problem") {
	process.stderr.write(`${command.problem}\n`);
	process.exitCode = 2;
} else await run(command.run);

async function run(options: StartOptions): Promise<void> {
	const held = lockDirectory(directory);
	if ("problem" in held) {
		process.stderr.write(`${held.problem}\n`);
		process.exitCode = 1;
		return;
	}
	try {
		const world = await startWorld(options);
		printStart(world, options);
		const running = new BoardRunner(world, print);
		if (!isManualSetup(options)) running.configure(settingsFor(world, options));
		running.start("power-on");
		const button = isManualSetup(options) ? onEnter(() => running.openSetup()) : undefined;
		await interrupted();
		button?.close();
		print("stopping");
		await running.stop();
		await world.close();
	} finally {
		held.release();
	}
}

async function startWorld(options: StartOptions): Promise<World> {
	const { speed, fresh, sensors } = options;
	const setup = isManualSetup(options) ? { setup: { page: setupPort } } : {};
	try {
		return await World.start({ directory, speed, fresh, sensors, ...setup, ...ports });
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
			return World.start({ directory, speed, fresh, sensors, ...setup });
		throw error;
	}
}

/** A fresh board opens its setup page unless the command line sets a target. */
function isManualSetup({ fresh, target, settings }: StartOptions): boolean {
	return fresh && target === undefined && settings === undefined;
}

function settingsFor({ dakkio, ntp }: World, options: StartOptions): Partial<Settings> {
	const { interval, sensors, target, settings = {} } = options;
	const common = {
		networks: [{ ssid: startNetwork.ssid, password: "" }],
		ntpServers: [`${ntp.host}:${ntp.port}`],
		location: "Virtual board",
		...(sensors.some(({ name }) => name === "ds18b20") ? { oneWirePin: sensorPins.oneWire } : {}),
		// With the embedded server each reading is sent at once; with a real service the plan is respected.
		uploadInterval: target === undefined ? 0 : ("auto" as const),
		...settings,
		interval,
	};
	if (target !== undefined) return { ...common, ...target };
	return {
		...common,
		...dakkio.credentials,
		server: dakkio.url,
		rootCertificate: dakkio.certificates.root.pem,
	};
}

function printStart({ dakkio, ntp }: World, options: StartOptions): void {
	const { target, speed, interval } = options;
	const points = dakkio.points().length;
	const lines = [
		["Dakkio", target?.server ?? `${dakkio.url}  (${points} points so far)`],
		...(target === undefined ? [["Points", `http://localhost:${dakkio.pagePort}`]] : []),
		["NTP", `${ntp.host}:${ntp.port}`],
		["State", directory],
		...(isManualSetup(options) ? setupHints(dakkio) : []),
		[
			"Clock",
			`${speed === 1 ? "real time" : `${speed} × real time`}${isManualSetup(options) ? "" : `, a reading every ${interval} s`}`,
		],
	];
	const keys = isManualSetup(options) ? "Enter opens the setup page, " : "";
	process.stdout.write(
		`${lines.map(([name = "", text]) => `${name.padEnd(9)}${text}`).join("\n")}\n${keys}Ctrl-C stops it.\n\n`,
	);
}

/** What a user gets from Dakkio's site and from the router. */
function setupHints({ credentials }: World["dakkio"]): string[][] {
	const networks = nearbyNetworks.map(({ ssid, password }) => `${ssid} (${password ?? "no password"})`);
	return [
		["Key", credentials.key],
		["Bucket", credentials.bucketId],
		["Wi-Fi", networks.join(", ")],
	];
}

/** Enter replaces the button of a real board. */
function onEnter(onPress: () => void): Interface {
	return createInterface({ input: process.stdin }).on("line", onPress);
}

/** Prints a line of the board's log with the time of the computer. */
function print(line: string): void {
	process.stdout.write(`${new Date().toISOString().slice(11, 23)}  ${line}\n`);
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one terminates the process. */
function interrupted(): Promise<void> {
	return new Promise((resolve) => {
		const signals = ["SIGINT", "SIGTERM"] as const;
		const stop = () => {
			for (const signal of signals) process.removeListener(signal, stop);
			resolve();
		};
		for (const signal of signals) process.on(signal, stop);
	});
}
