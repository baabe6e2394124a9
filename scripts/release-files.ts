import type { KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject } from "../src/common/json";
import { headerBytes, parseVersion } from "../src/update/image-header";
import { maxIndexBytes } from "../src/update/release-index";
import { root } from "./sdk";
import { makeUpdateFile } from "./update-file";

/** Where update files and the release index are written. */
export const releaseFolder = join(root, "releases");

export interface ReleaseImage {
	readonly image: Uint8Array;
	readonly chip: string;
	/** `1.2.3`. */
	readonly version: string;
}

/** Writes the update file of an image; returns its path. */
export function writeUpdateFile(
	{ image, chip, version }: ReleaseImage,
	key: KeyObject,
	folder = releaseFolder,
): string {
	const parsed = parseVersion(version);
	if (parsed === undefined) throw new Error(`"${version}" is no version of three numbers.`);
	mkdirSync(folder, { recursive: true });
	const file = join(folder, updateFileName(chip, version));
	writeFileSync(file, makeUpdateFile(image, { chip, version: parsed }, key));
	return file;
}

/** Writes `index.json` for the update files of a version; chips of an index of another version are left out of it. */
export function writeReleaseIndex(chips: readonly string[], version: string, folder = releaseFolder): string {
	const file = join(folder, "index.json");
	const before: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
	const isSame = isJsonObject(before) && before.version === version && isJsonObject(before.images);
	const images: Record<string, unknown> = isSame ? { ...(before.images as object) } : {};
	for (const chip of chips) {
		const address = updateFileName(chip, version);
		const header = readFileSync(join(folder, address)).subarray(0, headerBytes).toString("base64");
		images[chip] = { address, header };
	}
	const text = `${JSON.stringify({ version, images }, undefined, "\t")}\n`;
	if (text.length > maxIndexBytes) throw new Error(`The index has ${text.length} bytes of ${maxIndexBytes}.`);
	writeFileSync(file, text);
	return file;
}

function updateFileName(chip: string, version: string): string {
	return `dakkio-esp32-${version}-${chip}.update`;
}
