import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { decodeTextFile } from "../page/text-file";
import { parseArguments } from "../simulator/command-line";
import { DakkioServer } from "../simulator/dakkio/server";
import { lockDirectory } from "../simulator/directory-lock";
import { freePort } from "../simulator/free-port";
import { readInputFile } from "../simulator/input-file";
import { NtpServer } from "../simulator/ntp/ntp-server";
import { checkSettingsFile, describeFileProblem, describeUnusedService } from "../simulator/settings-file";
import { errorMessage } from "../src/common/error-message";
import { type Settings, withoutDefaults } from "../src/settings/settings";
import { EmulatedChip, hostAddress, requireEmulator } from "./emulated-chip";
import { buildForEmulator, type EmulatorImage, writeSettings } from "./emulator-build";
import { type Platform, readPlatform, requireIdf } from "./platforms";
import { findSdk, main, root } from "./sdk";
import { startSetupPageProxy } from "./setup-page-proxy";

const help = `The firmware's image for a chip in Espressif's QEMU, with Ethernet for Wi-Fi, posting to an embedded server.

npm run emulate -- [PLATFORM] [options]

  PLATFORM          esp32 (the default) or esp32/esp32c3
  --settings FILE   use a settings file; without a key in it, the board posts to the embedded server
  --fresh           erase the flash first; without --settings, also open the setup page
  --help            this text

The board's flash and the uploaded points are saved in .state/emulator. Ctrl-C stops the board.
`;

/** Everything is kept below it. */
const directory = join(root, ".state", "emulator");

/** Of the setup page and of the points, on this computer; any free ports if they are taken. */
const setupPort = 8180;
const pointsPort = 8080;

/** Kept when the firmware is built again. */
const dataPartitions: readonly string[] = ["nvs", "queue", "quarantine"];

/** Inputs of the board: QEMU has no I2C sensors, and its pins are constant. */
const emulatedInputs: Settings["inputs"] = [{ kind: "state", pin: 4, name: "contact" }];

interface Options {
	readonly platform: Platform;
	readonly settings: Partial<Settings> | undefined;
	readonly fresh: boolean;
}

await main(async () => {
	const options = parse();
	if (options === undefined) {
		process.stdout.write(help);
		return;
	}
	const sdk = findSdk();
	requireIdf();
	requireEmulator(options.platform);
	const held = lockDirectory(directory);
	if ("problem" in held) throw new Error(held.problem);
	try {
		say("building (the first time takes some minutes)");
		const image = await buildForEmulator(sdk, options.platform, { quiet: true });
		await emulate(image, options);
	} finally {
		held.release();
	}
});

async function emulate(image: EmulatorImage, options: Options): Promise<void> {
	const { platform, settings, fresh } = options;
	const flash = join(directory, `${platform.replace("/", "-")}.flash`);
	const old = fresh || !existsSync(flash) ? undefined : readFileSync(flash);
	// It has the settings, with key and passwords.
	writeFileSync(flash, old === undefined ? image.flash : withDataOf(old, image), { mode: 0o600 });
	const dakkio = await startDakkio();
	const ntp = await NtpServer.start();
	const ports = { page: await freePort(), control: await freePort("udp") };
	const proxy = await onPort(setupPort, (port) => startSetupPageProxy(ports.page, port));
	writeSettings(flash, fresh && settings === undefined ? undefined : settingsFor(dakkio, ntp, settings));
	printStart(dakkio, ntp, proxy);
	const chip = new EmulatedChip({
		platform,
		flash,
		ports,
		onLine: (line) => say(line === "" ? "" : `${new Date().toISOString().slice(11, 23)}  ${line}`),
	});
	await Promise.race([interrupted(), chip.ended]);
	await chip.stop();
	proxy.close();
	await Promise.all([dakkio.close(), ntp.close()]);
}

/** The new firmware on a flash that keeps its data, as when a board is flashed again. */
function withDataOf(old: Uint8Array, { flash, partitions }: EmulatorImage): Uint8Array {
	const kept = flash.slice();
	for (const { name, offset, size } of partitions)
		if (dataPartitions.includes(name)) kept.set(old.subarray(offset, offset + size), offset);
	return kept;
}

function startDakkio(): Promise<DakkioServer> {
	const common = { directory: join(directory, "dakkio"), names: [hostAddress] };
	return onPort(pointsPort, (pagePort) => DakkioServer.start({ ...common, pagePort }));
}

/** Starts a server on this port, or on any free one if it is taken. */
async function onPort<T>(port: number, start: (port: number) => Promise<T>): Promise<T> {
	try {
		return await start(port);
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return start(0);
		throw error;
	}
}

function settingsFor(
	dakkio: DakkioServer,
	ntp: NtpServer,
	given: Partial<Settings> | undefined,
): Partial<Settings> {
	return {
		networks: [{ ssid: "Emulated", password: "" }],
		ntpServers: [`${hostAddress}:${ntp.port}`],
		location: "Emulated board",
		inputs: emulatedInputs,
		...(given?.key === undefined && {
			...dakkio.credentials,
			server: addressOf(dakkio),
			rootCertificate: dakkio.certificates.root.pem,
			interval: 10,
			uploadInterval: 0,
		}),
		...given,
	};
}

/** As the board reaches it. */
function addressOf({ port }: DakkioServer): string {
	return `https://${hostAddress}:${port}`;
}

function printStart(dakkio: DakkioServer, ntp: NtpServer, proxy: Server): void {
	const address = proxy.address();
	const port = typeof address === "object" ? address?.port : undefined;
	const { key, bucketId } = dakkio.credentials;
	say(`
Dakkio   ${addressOf(dakkio)} for the board  (${dakkio.stored} points so far)
Points   http://localhost:${dakkio.pagePort}
NTP      ${hostAddress}:${ntp.port} for the board
Setup    http://localhost:${port}, while the board is in setup
Key      ${key}, bucket ${bucketId}, root certificate ${join(directory, "dakkio", "certificates", "root.pem")}
Ctrl-C stops it.
`);
}

/** Resolves with the first Ctrl-C (or SIGTERM); a second one ends the process as it always does. */
function interrupted(): Promise<void> {
	return new Promise((resolve) => {
		for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
	});
}

function say(line: string): void {
	process.stdout.write(`${line}\n`);
}

/** `undefined` for help. */
function parse(): Options | undefined {
	const { values, positionals } = parseArguments({
		allowPositionals: true,
		options: {
			settings: { type: "string" },
			fresh: { type: "boolean" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) return undefined;
	return {
		platform: readPlatform(positionals),
		settings: values.settings === undefined ? undefined : readSettings(values.settings),
		fresh: values.fresh === true,
	};
}

function readSettings(file: string): Partial<Settings> {
	const { settings, problems } = checkSettingsFile(readText(file));
	const [first] = problems;
	if (first !== undefined) throw new Error(describeFileProblem(file, first));
	const own = withoutDefaults(settings);
	const unused = describeUnusedService(file, own);
	if (unused !== undefined) say(unused);
	return own;
}

function readText(file: string): string {
	try {
		return decodeTextFile(readInputFile(file));
	} catch (error) {
		throw new Error(`${file} cannot be read: ${errorMessage(error)}`);
	}
}
