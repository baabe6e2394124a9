import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DefaultPins } from "../src/settings/pin-conflicts";
import { MissingToolError, mcconfig, root, type Sdk, ToolFailedError } from "./sdk";

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

/** `mcconfig` for a chip with so much flash; on 4 MB with one place for the firmware if it does not fit two. */
export async function buildFor(sdk: Sdk, flash: string | undefined, args: readonly string[]): Promise<void> {
	try {
		await mcconfig(forFlashSize(sdk, flash), args, true);
	} catch (error) {
		// As ESP-IDF says it: "app partition is too small for binary …".
		const tooLarge = error instanceof ToolFailedError && error.output.includes("too small for binary");
		if (!tooLarge || (flash ?? "4") !== "4") throw error;
		process.stdout.write(
			"The firmware is too large to have two places in 4 MB: it gets one, and updates need the cable.\n",
		);
		await mcconfig(withPartitions(sdk, singleSlotFolder), args, true);
	}
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
