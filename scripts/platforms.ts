import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { DefaultPins } from "../src/settings/pin-conflicts";
import { MissingToolError, mcconfig, root, type Sdk } from "./sdk";

/** What the firmware is built for, by the SDK's names. */
export const platforms = ["esp32", "esp32/esp32c3", "esp32/esp32s3"] as const;

export type Platform = (typeof platforms)[number];

/** Sizes of a board's flash, MB, and the folder with what is special to each. */
const flashFolders: Readonly<Record<string, string>> = { "4": ".", "8": "flash/8mb", "16": "flash/16mb" };
export const flashSizes: readonly string[] = Object.keys(flashFolders);

/** Of 4 MB, when the firmware is larger than half of what is left: one place for it, and the rings where they were. */
const singleSlotFolder = "flash/4mb-one-place";

/** The SDK with the partitions for a size of flash from a command line; 4 MB when it names none. */
export function forFlashSize(sdk: Sdk, given = "4"): Sdk {
	const folder = flashFolders[given];
	if (folder === undefined) throw new Error(`--flash takes ${flashSizes.join(", ")} (MB), not "${given}".`);
	return withPartitions(sdk, folder);
}

export interface Build {
	readonly platform: Platform;
	/** Size of the flash from a command line. */
	readonly flash?: string | undefined;
	/** With the debugger. */
	readonly debug?: boolean;
	/** More arguments of `mcconfig`. */
	readonly more?: readonly string[];
	/** Shows the tools' output only when they fail. */
	readonly quiet?: boolean;
	/** The folder of the manifest; the project's own. */
	readonly program?: string;
	/** Changes the SDK's environment, where the partitions of a size of flash are named. */
	readonly adapt?: (sdk: Sdk) => Sdk;
}

export interface Built {
	readonly sdk: Sdk;
	/** Of the image and of its place on the flash, bytes. */
	readonly size: number;
	readonly place: number;
	/** ESP-IDF's build. */
	readonly directory: string;
}

/** An image that is larger than a place for it. */
class TooLargeError extends Error {}

/**
 * Builds the firmware for a chip with so much flash; on 4 MB with one place for it if it does not fit two. The SDK with
 * the partitions that it was built for, the size of the image, and that of its place, bytes.
 */
export async function buildFor(sdk: Sdk, build: Build): Promise<Built> {
	try {
		return await buildWith(forFlashSize(sdk, build.flash), build);
	} catch (error) {
		if (!(error instanceof TooLargeError) || (build.flash ?? "4") !== "4") throw error;
		process.stdout.write(
			"The firmware is too large to have two places in 4 MB: it gets one, and updates need the cable.\n",
		);
		return buildWith(withPartitions(sdk, singleSlotFolder), build);
	}
}

/**
 * The SDK's makefile goes on when ESP-IDF's build has failed, and an image that is too large is one of its failures:
 * what counts is that there is a new image, and how large it is.
 */
async function buildWith(given: Sdk, build: Build): Promise<Built> {
	const { platform, debug, program, quiet = false, adapt = (sdk) => sdk } = build;
	const sdk = adapt(given);
	const [, chip = platform] = platform.split("/");
	const mode = debug === true ? "debug" : "release";
	const directory = join(
		sdk.output,
		"tmp",
		...platform.split("/"),
		mode,
		program === undefined ? sdk.name : basename(program),
		`xsProj-${chip}`,
		"build",
	);
	const image = join(directory, "xs_esp32.bin");
	rmSync(image, { force: true });
	// ESP-IDF makes the image when this one is older than the program.
	rmSync(join(directory, ".bin_timestamp"), { force: true });
	await mcconfig(sdk, [...buildArguments(build), "-t", "build"], !quiet, program);
	if (!existsSync(image)) throw new Error("ESP-IDF has built no image: its messages above say why.");
	const { size } = statSync(image);
	const place = smallestPlace(readFileSync(sdk.environment.PARTITIONS_FILE ?? "", "utf8"));
	if (size > place)
		throw new TooLargeError(`The firmware has ${size} bytes, and the place for it on the flash ${place}.`);
	return { sdk, size, place, directory };
}

/** What `mcconfig` is called with for a build, but for the target. */
export function buildArguments({ platform, debug, more = [] }: Build): string[] {
	return [...(debug === true ? ["-d"] : []), "-m", "-p", platform, ...more];
}

/** Makes the folder that the SDK writes to when it looks for the board: a build to another place does not make it. */
export function readyToFlash(sdk: Sdk): void {
	mkdirSync(join(sdk.path, "build", "tmp", "esp32"), { recursive: true });
}

/** Of the places for the firmware in a partition table, what the smallest one holds, bytes. */
function smallestPlace(partitions: string): number {
	const places = partitions
		.split("\n")
		.map((line) => line.split(",").map((cell) => cell.trim()))
		.filter(([, type]) => type === "app")
		.map(([, , , , size]) => Number(size));
	return Math.min(...places);
}

function withPartitions(sdk: Sdk, folder: string): Sdk {
	const at = (name: string) => join(root, folder, name);
	// The manifest takes these from the environment, where they are there.
	const partitions = { PARTITIONS_FILE: at("partitions.csv"), SDKCONFIGPATH: at("sdkconfig") };
	return { ...sdk, environment: { ...sdk.environment, ...partitions } };
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
	readonly pins: { readonly led: string; readonly button: string };
}

/** What is `auto` in the settings of a board with this chip. */
export function defaultPinsOn(platform: Platform): DefaultPins {
	const manifest: {
		readonly config: PinConfiguration;
		readonly platforms: Readonly<Record<string, { readonly config?: PinConfiguration } | undefined>>;
	} = JSON.parse(readFileSync(join(root, "src/boards/esp32/manifest.json"), "utf8"));
	const { i2c, pins } = manifest.platforms[platform]?.config ?? manifest.config;
	const number = (text: string) => (text === "" ? undefined : Number(text));
	return { ...i2c, led: number(pins.led), button: number(pins.button) };
}

/** Throws a {@link MissingToolError} unless ESP-IDF, which compiles what is written in C, is there. */
export function requireIdf(): void {
	const path = process.env.IDF_PATH;
	const setUp = "install it with `npx xs-dev setup --device esp32`, in a new shell (https://xs-dev.js.org)";
	if (path === undefined || path === "")
		throw new MissingToolError(`ESP-IDF is missing ($IDF_PATH): ${setUp}.`);
	if (!existsSync(join(path, "export.sh")))
		throw new MissingToolError(`ESP-IDF is not at ${path}: ${setUp}.`);
}
