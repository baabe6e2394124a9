import { existsSync } from "node:fs";
import { join } from "node:path";
import { MissingError } from "./sdk";

/** What the firmware is built for, by the SDK's names. */
export const platforms = ["esp32", "esp32/esp32c3", "esp32/esp32s3"] as const;

export type Platform = (typeof platforms)[number];

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
