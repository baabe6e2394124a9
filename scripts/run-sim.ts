import { rmSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory, nodeFiles } from "../boards/node/files";
import { FileKeyValueStorage } from "../boards/shared/file-key-value";
import { parseArguments } from "../simulator/command-line";
import { DakkioServer } from "../simulator/dakkio/server";
import { lockDirectory } from "../simulator/directory-lock";
import { defaultSensors, parseSensors, sensorPins } from "../simulator/hardware/simulated-sensors";
import { NtpServer } from "../simulator/ntp/ntp-server";
import type { Settings } from "../src/settings/settings";
import { SettingsStore } from "../src/settings/settings-store";
import { findSdk, main, mcconfig, root, type Sdk } from "./sdk";
import { requireSimulator, SdkSimulator } from "./sdk-simulator";

const help = `The firmware in the Moddable SDK's simulator: its XS engine, sockets and TLS, posting to an embedded server.

npm run sim -- [options]

  --points N       end when N new points have arrived; exit status 1 if they have not arrived in time
  --seconds N      end after N seconds (with --points: time limit, default 120)
  --interval N     sampling interval, seconds (default 5)
  --sensors LIST   sensors connected to the board, as for npm start: bme280,sht41@0x45:silent,ds18b20 (default bme280)
  --fresh          erase the board's flash and settings first
  --help           this text

The board's flash and settings and the uploaded points are saved in .state/sim. Ctrl-C stops the board.
`;

/** For persistent state. */
const directory = join(root, ".state", "sim");

interface Options {
	readonly points: number | undefined;
	readonly seconds: number | undefined;
	readonly interval: number;
	readonly sensors: string;
	readonly fresh: boolean;
}

await main(async () => {
	const options = parse();
	if (options === undefined) {
		process.stdout.write(help);
		return;
	}
	const sdk = findSdk();
	requireSimulator(sdk);
	const held = lockDirectory(directory);
	if ("problem" in held) throw new Error(held.problem);
	try {
		await simulate(sdk, options);
	} finally {
		held.release();
	}
});

async function simulate(sdk: Sdk, { points, seconds, interval, sensors, fresh }: Options): Promise<void> {
	const state = join(directory, "board");
	if (fresh) rmSync(state, { recursive: true, force: true });
	makeDirectory(state);
	const program = await build(sdk, state, sensors);
	const dakkio = await DakkioServer.start({ directory: join(directory, "dakkio") });
	const ntp = await NtpServer.start();
	configure(state, {
		...dakkio.credentials,
		server: dakkio.url,
		rootCertificate: dakkio.certificates.root.pem,
		ntpServers: [`${ntp.host}:${ntp.port}`],
		networks: [{ ssid: "Simulated", password: "" }],
		location: "SDK simulator",
		interval,
		uploadInterval: 0,
		...(sensors.includes("ds18b20") ? { oneWirePin: sensorPins.oneWire } : {}),
	});
	let arrived = 0;
	dakkio.on("points", (stored) => {
		for (const point of stored) {
			const { timestamp, values, metadata } = point;
			say(`  arrived  ${timestamp} ${JSON.stringify(values)} seq ${String(metadata?.seq)}`);
		}
		arrived += stored.length;
	});
	const simulator = await SdkSimulator.start(sdk, program, say);
	const enough = points === undefined ? [] : [arrival(dakkio, () => arrived >= points)];
	await Promise.race([interrupted(), simulator.ended, after(seconds ?? (points && 120)), ...enough]);
	await simulator.stop();
	await Promise.all([dakkio.close(), ntp.close()]);
	say(`${arrived} points arrived`);
	if (points !== undefined && arrived < points)
		throw new Error(`Only ${arrived} of ${points} points arrived in time.`);
}

async function build(sdk: Sdk, state: string, sensors: string): Promise<string> {
	say("building for the SDK's simulator (the first time takes a minute or two)");
	await mcconfig(sdk, ["-d", "-m", "-p", "lin", "-t", "build", `state=${state}`, `sensors=${sensors}`]);
	return join(sdk.output, "bin", "lin", "mc", "debug", sdk.name, "mc.so");
}

/** Saves settings as the setup page does. */
function configure(state: string, settings: Partial<Settings>): void {
	const storage = new FileKeyValueStorage(state, nodeFiles).open({ path: "dakkio", format: "buffer" });
	new SettingsStore(storage).save(settings);
}

async function arrival(dakkio: DakkioServer, enough: () => boolean): Promise<void> {
	await new Promise<void>((resolve) => {
		dakkio.on("points", () => {
			if (enough()) resolve();
		});
	});
}

function after(seconds: number | undefined): Promise<void> {
	return new Promise((resolve) => {
		if (seconds !== undefined) setTimeout(resolve, seconds * 1000).unref();
	});
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one terminates the process. */
function interrupted(): Promise<void> {
	return new Promise((resolve) => {
		for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
	});
}

function say(line: string): void {
	process.stdout.write(`${new Date().toISOString().slice(11, 23)}  ${line}\n`);
}

/** `undefined` for help. */
function parse(): Options | undefined {
	const text = { type: "string" } as const;
	const flag = { type: "boolean" } as const;
	const { values } = parseArguments({
		options: {
			points: text,
			seconds: text,
			interval: text,
			sensors: text,
			fresh: flag,
			help: { ...flag, short: "h" },
		},
	});
	if (values.help === true) return undefined;
	const sensors = values.sensors ?? defaultSensors;
	const chips = parseSensors(sensors);
	if ("problem" in chips) throw new Error(`--sensors: ${chips.problem}`);
	return {
		points: count("--points", values.points),
		seconds: count("--seconds", values.seconds),
		interval: count("--interval", values.interval) ?? 5,
		sensors,
		fresh: values.fresh === true,
	};
}

function count(option: string, given: string | undefined): number | undefined {
	if (given === undefined) return undefined;
	const value = Number(given);
	if (!Number.isInteger(value) || value < 1)
		throw new Error(`${option} takes a whole number, not "${given}".`);
	return value;
}
