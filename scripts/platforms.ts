import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { type ChipPins, pinProblem } from "../src/boards/pin-problem";
import type { DefaultPins } from "../src/settings/pin-conflicts";
import { readPublicKey } from "./release-key-files";
import { isOnPath, MissingToolError, mcconfig, root, run, type Sdk } from "./sdk";
import { compileTypeScript } from "./typescript";

/** What the firmware is built for, by the SDK's names. */
export const platforms = ["esp32", "esp32/esp32c3", "esp32/esp32c6", "esp32/esp32s3"] as const;

export type Platform = (typeof platforms)[number];

/** Sizes of a board's flash, MB, and the partitions for each. */
const partitionTables: Readonly<Record<string, string>> = {
	"4": "flash/4mb/partitions.csv",
	"8": "flash/8mb/partitions.csv",
	"16": "flash/16mb/partitions.csv",
};
export const flashSizes: readonly string[] = Object.keys(partitionTables);

/** Of 4 MB, with the debugger: one slot, with everything else in its place. */
const debugTable = "partitions.csv";

/** Throws unless there are partitions for a size of flash from a command line. */
export function requireFlashSize(size = "4"): void {
	if (!flashSizes.includes(size))
		throw new Error(`--flash takes ${flashSizes.join(", ")} (MB), not "${size}".`);
}

/** The SDK with the partitions for a size of flash from a command line; 4 MB when it names none. */
export function forFlashSize(sdk: Sdk, size = "4", debug = false): Sdk {
	requireFlashSize(size);
	const table = size === "4" && debug ? debugTable : (partitionTables[size] ?? "");
	const configuration = join(sdk.output, `sdkconfig-${size}`);
	makeDirectory(configuration, 0o700);
	for (const file of readdirSync(join(root, "sdkconfig"))) {
		const text = readFileSync(join(root, "sdkconfig", file), "utf8");
		writeFileSync(join(configuration, file), text.replace("FLASHSIZE_4MB", `FLASHSIZE_${size}MB`));
	}
	// The manifest takes these from the environment, where they are there.
	const partitions = { PARTITIONS_FILE: join(root, table), SDKCONFIGPATH: configuration };
	return { ...sdk, environment: { ...sdk.environment, ...partitions } };
}

export interface Build {
	readonly platform: Platform;
	/** Size of the flash from a command line. */
	readonly flash?: string | undefined;
	/** With the debugger. */
	readonly debug?: boolean;
	/** Shows the tools' output only when they fail. */
	readonly quiet?: boolean;
	/** The folder of the manifest, absolute or in the project; default: the project's own. */
	readonly program?: string;
	/** The public half of the key that signs updates; default: the project's, if there is one. */
	readonly releaseKey?: Uint8Array | undefined;
	/** Changes the SDK's environment, where the partitions of a size of flash are named. */
	readonly adapt?: (sdk: Sdk) => Sdk;
}

export interface Built {
	/** The SDK with the partitions that it was built for. */
	readonly sdk: Sdk;
	/** Bytes of the image, and of a slot for it. */
	readonly size: number;
	readonly slot: number;
	/** Where ESP-IDF built it. */
	readonly directory: string;
}

/**
 * Builds the firmware for a chip with this flash size. The SDK's makefile continues after ESP-IDF's build has failed, for
 * example because the image is too large, so this checks that there is a new image, and its size.
 */
export async function buildFor(anySdk: Sdk, build: Build): Promise<Built> {
	const { adapt = (sdk) => sdk } = build;
	const sdk = adapt(forFlashSize(anySdk, build.flash, build.debug));
	const [, chip = build.platform] = build.platform.split("/");
	const directory = join(buildDirectory(sdk, build), `xsProj-${chip}`, "build");
	const image = join(directory, "xs_esp32.bin");
	const { SDKCONFIGPATH = "", PARTITIONS_FILE = "" } = sdk.environment;
	reconfigure(directory, SDKCONFIGPATH, PARTITIONS_FILE);
	rmSync(image, { force: true });
	// ESP-IDF makes the image when this one is older than the program.
	rmSync(join(directory, ".bin_timestamp"), { force: true });
	// The SDK only adds to its archive: what is built no more would stay.
	rmSync(join(buildDirectory(sdk, build, "bin"), `xs_${chip}.a`), { force: true });
	await make(sdk, build, "build");
	if (!existsSync(image)) throw new Error("ESP-IDF has built no image: its messages above say why.");
	const { size } = statSync(image);
	const slot = smallestSlot(readFileSync(sdk.environment.PARTITIONS_FILE ?? "", "utf8"));
	if (size > slot) throw new Error(`The firmware has ${size} bytes, and a slot for it on the flash ${slot}.`);
	return { sdk, size, slot, directory };
}

/**
 * Makes ESP-IDF reconfigure if its options or partitions have changed since the last build: the SDK checks only the time of
 * one file.
 */
function reconfigure(directory: string, optionsPath: string, partitionsFile: string): void {
	const files = readdirSync(optionsPath).map((file) => join(optionsPath, file));
	const options = [...files, partitionsFile].map((file) => readFileSync(file, "utf8")).join("\n");
	const known = join(directory, "..", "options");
	if (existsSync(known) && readFileSync(known, "utf8") === options) return;
	rmSync(join(directory, "..", "sdkconfig"), { force: true });
	rmSync(join(directory, "config", "sdkconfig.h"), { force: true });
	makeDirectory(dirname(known));
	writeFileSync(known, options);
}

/** The size of a build in words. */
export function describeSize({ size, slot }: Pick<Built, "size" | "slot">): string {
	return `${size} bytes in a slot of ${slot}, ${((1 - size / slot) * 100).toFixed(1)} % free`;
}

/**
 * Components of ESP-IDF that the program is linked of: those that its manifests name, and two that the SDK's own C takes
 * from. Compiling all the others takes minutes.
 */
function componentsOf(directory: string): string {
	const names = /\(ESP_COMPONENTS ([^)]*)\)/.exec(readFileSync(join(directory, "xs_idf_deps.txt"), "utf8"));
	const named = (names?.[1] ?? "").trim().split(/\s+/);
	return [...new Set(["main", "esp_app_format", "esp_driver_uart", ...named])].join("\\;");
}

/** Where the SDK builds, and in `bin` what it has built. */
function buildDirectory(
	sdk: Sdk,
	{ platform, debug, program }: Pick<Build, "platform" | "debug" | "program">,
	part: "tmp" | "bin" = "tmp",
): string {
	const name = program === undefined ? sdk.name : basename(program);
	return join(sdk.output, part, ...platform.split("/"), debug === true ? "debug" : "release", name);
}

/**
 * Builds as `mcconfig -m` does; without a target, it flashes and shows the log, too. A release has its TypeScript
 * compiled in one run, as no debugger asks for the lines of its sources.
 */
export async function make(sdk: Sdk, build: Build, target?: string): Promise<void> {
	const { platform, debug, program, quiet = false } = build;
	if (debug === true) {
		const targets = target === undefined ? [] : ["-t", target];
		await mcconfig(
			sdk,
			["-d", "-m", "-p", platform, ...targets, ...releaseKeyOption(build)],
			!quiet,
			program,
		);
		return;
	}
	await mcconfig(sdk, ["-p", platform, ...releaseKeyOption(build)], false, program);
	const directory = buildDirectory(sdk, build);
	await compileTypeScript(sdk, directory, new Map());
	await makeWithIdf(sdk, directory, target, !quiet);
}

/** The key that signs updates, in the build's configuration. */
function releaseKeyOption({ releaseKey: key = readPublicKey() }: Build): readonly string[] {
	return key === undefined ? [] : [`releaseKey=${Buffer.from(key).toString("hex")}`];
}

/** Runs the generated makefile in a folder, with ESP-IDF's tools as `mcconfig -m` finds them. */
export async function makeWithIdf(sdk: Sdk, directory: string, target = "", show = true): Promise<void> {
	const command = `make 'IDF_BUILD_OPTIONS=-DCOMPONENTS=${componentsOf(directory)}' ${target}`;
	const setUp = isOnPath(sdk, "idf.py")
		? ""
		: 'export IDF_EXPORT_QUIET=1 && source "$IDF_PATH/export.sh" && ';
	await run(sdk, "bash", ["-c", `${setUp}${command}`], { directory, show });
}

/** Makes the folder that the SDK writes to when it looks for the board: a build to another place does not make it. */
export function readyToFlash(sdk: Sdk): void {
	makeDirectory(join(sdk.path, "build", "tmp", "esp32"));
}

/** Of the slots for the firmware in a partition table, what the smallest one holds, bytes. */
function smallestSlot(partitions: string): number {
	const sizes = partitions
		.split("\n")
		.map((line) => line.split(",").map((cell) => cell.trim()))
		.filter(([, type]) => type === "app")
		.map(([, , , , size]) => Number(size));
	return Math.min(...sizes);
}

/** The platform of a command line; the ESP32 when it names none. */
export function readPlatform(given: readonly string[]): Platform {
	const [name = "esp32", another] = given;
	const platform = platforms.find((known) => known === name);
	if (platform === undefined || another !== undefined)
		throw new Error(`Give one of ${platforms.join(", ")}, not "${given.join(" ")}".`);
	return platform;
}

interface PinConfiguration {
	readonly i2c: { readonly data: number; readonly clock: number };
	/** Numbers as text; empty where the usual board has none. */
	readonly pins: ChipPins & { readonly led: string; readonly button: string };
}

/** What is `auto` in the settings of a board with this chip. */
export function defaultPinsOn(platform: Platform): DefaultPins {
	const manifest: {
		readonly config: PinConfiguration;
		readonly platforms: Readonly<Record<string, { readonly config?: PinConfiguration } | undefined>>;
	} = JSON.parse(readFileSync(join(root, "src/boards/esp32/manifest.json"), "utf8"));
	const { i2c, pins } = manifest.platforms[platform]?.config ?? manifest.config;
	const number = (text: string) => (text === "" ? undefined : Number(text));
	return {
		...i2c,
		led: number(pins.led),
		button: number(pins.button),
		problemOf: (pin, role) => pinProblem(pins, pin, role),
	};
}

/** Whether ESP-IDF is installed. */
export function hasIdf(): boolean {
	return existsSync(join(process.env.IDF_PATH ?? "/none", "export.sh"));
}

/** Throws a {@link MissingToolError} unless ESP-IDF, which compiles the C code, is installed. */
export function requireIdf(): void {
	const path = process.env.IDF_PATH;
	const setUp = 'install ESP-IDF v6.0.2, and set IDF_PATH (step 1 of "A board in ten minutes" in README.md)';
	if (path === undefined || path === "")
		throw new MissingToolError(`ESP-IDF is missing ($IDF_PATH): ${setUp}.`);
	if (!existsSync(join(path, "export.sh")))
		throw new MissingToolError(`ESP-IDF is not at ${path}: ${setUp}.`);
}
