import { existsSync } from "node:fs";
import { join } from "node:path";
import { MissingError, root, type Sdk } from "./sdk";

/** What the firmware is built for, by the SDK's names. */
export const platforms = ["esp32", "esp32/esp32c3", "esp32/esp32s3"] as const;

export type Platform = (typeof platforms)[number];

/** Sizes of a board's flash, MB, and the folder with what is special to each. */
const flashFolders: Readonly<Record<string, string>> = { "4": ".", "8": "flash/8mb", "16": "flash/16mb" };
export const flashSizes: readonly string[] = Object.keys(flashFolders);

/** The SDK with the partitions for a size of flash from a command line; 4 MB when it names none. */
export function forFlashSize(sdk: Sdk, given = "4"): Sdk {
	const folder = flashFolders[given];
	if (folder === undefined) throw new Error(`--flash takes ${flashSizes.join(", ")} (MB), not "${given}".`);
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

/** Throws a {@link MissingError} unless ESP-IDF, which compiles what is written in C, is there. */
export function requireIdf(): void {
	const path = process.env.IDF_PATH;
	const setUp = "install it with `npx xs-dev setup --device esp32`, in a new shell (https://xs-dev.js.org)";
	if (path === undefined || path === "") throw new MissingError(`ESP-IDF is missing ($IDF_PATH): ${setUp}.`);
	if (!existsSync(join(path, "export.sh"))) throw new MissingError(`ESP-IDF is not at ${path}: ${setUp}.`);
}
