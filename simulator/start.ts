import { join, relative, resolve } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { decodeTextFile } from "../page/text-file";
import { errorMessage } from "../src/common/error-message";
import { type Settings, withoutDefaults } from "../src/settings/settings";
import { BoardRunner } from "./board-runner";
import { endWithReader } from "./command-line";
import { lockDirectory } from "./directory-lock";
import { reservePort } from "./free-port";
import { sensorPins } from "./hardware/simulated-sensors";
import { readInputFile } from "./input-file";
import { SavedSetup } from "./saved-setup";
import { nearbyNetworks, startNetwork } from "./simulated-networks";
import { parseStartCommand, type StartOptions, startHelp } from "./start-options";
import { stateFault } from "./state-file";
import { World, type WorldOptions } from "./world";
import { WorldClock } from "./world-clock";

/** For persistent state. */
const defaultDirectory = join(import.meta.dirname, "..", ".state");
/** Preferred ports, so that bookmarks stay valid; for one that is in use, any free port. */
const ports = { dakkio: 8443, points: 8080, board: 8180 };

const aheadOfTime =
	"This board has run ahead of real time (--speed), and a real service would get times in the future. Add --fresh.";

const stopped = new AbortController();
endWithReader(() => stopped.abort());

const command = parseStartCommand(
	process.argv.slice(2),
	(file) => decodeTextFile(readInputFile(file)),
	process.env,
);
if (command.kind === "help") process.stdout.write(startHelp);
else if (command.kind === "problem") {
	process.stderr.write(`${command.problem}\n`);
	process.exitCode = 2;
} else await run(command.run);

async function run(options: StartOptions): Promise<void> {
	const directory = resolve(options.directory ?? defaultDirectory);
	const held = lockDirectory(directory, "name a folder that you can write to with --state");
	if ("problem" in held) return fail(held.problem);
	process.once("exit", () => held.release());
	const crash = (error: unknown) => {
		process.stderr.write(`${describeCrash(error, directory)}\n`);
		process.exit(1);
	};
	// Of a timer or a socket: on a full disk, for example.
	process.once("uncaughtException", crash);
	await runBoard(directory, options).catch(crash);
}

/** One sentence if the files of the state are the cause, otherwise where in this program the error is. */
function describeCrash(error: unknown, directory: string): string {
	const fault = stateFault(error);
	if (fault === undefined) return error instanceof Error ? `${error.stack}` : errorMessage(error);
	return `State in ${directory} cannot be used (${fault}): repair or remove it, or name another folder with --state.`;
}

async function runBoard(directory: string, options: StartOptions): Promise<void> {
	const board = join(directory, "board");
	if (isAheadOfTime(board, options)) return fail(aheadOfTime);
	const plan = planStart(new SavedSetup(board), options);
	const page = await reservePort(ports.board);
	const hasSetup = plan.kind !== "configured";
	const world = await startWorld(
		directory,
		hasSetup ? { setup: { page } } : { localPagePort: page },
		options,
	);
	// Only now: a fresh start erases it.
	if (plan.kind === "new") new SavedSetup(board).expect();
	printStart(world, { directory, plan, page }, options);
	const running = new BoardRunner(world, print);
	if (plan.kind === "configured") running.configure(settingsFor(world, options));
	if (plan.kind === "saved") running.configure(plan.settings);
	running.start("power-on");
	const button = plan.kind === "configured" ? undefined : onEnter(() => running.openSetup());
	await interrupted(stopped.signal);
	button?.close();
	print("stopping");
	await running.stop();
	await world.close();
}

function fail(problem: string): void {
	process.stderr.write(`${problem}\n`);
	process.exitCode = 1;
}

/** Where the board's settings come from. Only a board that its user sets up has a setup page. */
type StartPlan =
	/** From the command line, the settings file, and the embedded server. */
	| { readonly kind: "configured" }
	/** From a user, on the setup page that opens by itself. */
	| { readonly kind: "new" }
	/** From a user, in an earlier run. */
	| { readonly kind: "saved"; readonly settings: Partial<Settings>; readonly interval: number };

function planStart(saved: SavedSetup, options: StartOptions): StartPlan {
	const { fresh, target, settings } = options;
	if (target !== undefined || settings !== undefined) {
		if (!fresh) saved.putAside();
		return { kind: "configured" };
	}
	if (fresh) return { kind: "new" };
	const own = saved.restore();
	if (own === undefined) return { kind: "configured" };
	const interval = options.isIntervalGiven === true ? options.interval : own.interval;
	return { kind: "saved", settings: withoutDefaults({ ...own, interval }), interval };
}

/** A real service must not get points of a future that a fast run has reached. */
function isAheadOfTime(board: string, { target, fresh }: StartOptions): boolean {
	return target !== undefined && !fresh && WorldClock.savedTime(board) > Date.now() + 60_000;
}

async function startWorld(
	directory: string,
	page: Pick<WorldOptions, "setup" | "localPagePort">,
	{ speed, fresh, sensors }: StartOptions,
): Promise<World> {
	const common = { directory, speed, fresh, sensors, ...page };
	const [port, pagePort] = [await reservePort(ports.dakkio), await reservePort(ports.points)];
	try {
		return await World.start({ ...common, port, pagePort });
	} catch (error) {
		// Another process was faster.
		if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return World.start(common);
		throw error;
	}
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

interface Start {
	readonly directory: string;
	readonly plan: StartPlan;
	/** Port of the board's pages. */
	readonly page: number;
}

function printStart(
	{ dakkio, ntp, release }: World,
	{ directory, plan, page }: Start,
	options: StartOptions,
): void {
	const { target, speed, unused } = options;
	const points = dakkio.points().length;
	const interval = plan.kind === "saved" ? plan.interval : options.interval;
	const lines = [
		...(target === undefined
			? [
					["Dakkio", `${dakkio.url}${portNote(dakkio.port, ports.dakkio)}  (${points} points so far)`],
					["Points", localAddress(dakkio.pagePort ?? 0, ports.points)],
				]
			: [["Dakkio", target.server]]),
		["NTP", `${ntp.host}:${ntp.port}`],
		...(unused === undefined ? [] : [["Settings", unused]]),
		["State", relative(process.cwd(), directory) || "."],
		[plan.kind === "configured" ? "Board" : "Setup", localAddress(page, ports.board)],
		...(plan.kind === "configured" ? [] : setupHints(dakkio)),
		...(plan.kind === "configured" ? [] : [["Update", relative(process.cwd(), release.write())]]),
		[
			"Clock",
			`${speed === 1 ? "real time" : `${speed} × real time`}${plan.kind === "new" ? "" : `, a reading every ${interval} s`}`,
		],
	];
	const keys = plan.kind === "configured" ? "" : "Enter opens the setup page, ";
	process.stdout.write(
		`${lines.map(([name = "", text]) => `${name.padEnd(9)}${text}`).join("\n")}\n${keys}Ctrl-C stops it.\n\n`,
	);
}

function localAddress(port: number, preferred: number): string {
	return `http://localhost:${port}${portNote(port, preferred)}`;
}

/** Why a bookmark does not work. */
function portNote(port: number, preferred: number): string {
	return port === preferred ? "" : `  (${preferred} is in use)`;
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

/** Resolves at the first Ctrl-C or SIGTERM, or when it is aborted; a second signal terminates the process. */
function interrupted(aborted: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const signals = ["SIGINT", "SIGTERM"] as const;
		const stop = () => {
			for (const signal of signals) process.removeListener(signal, stop);
			resolve();
		};
		for (const signal of signals) process.on(signal, stop);
		if (aborted.aborted) stop();
		aborted.addEventListener("abort", stop);
	});
}
