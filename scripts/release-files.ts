import type { KeyObject } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { parseVersion } from "../src/update/image-header";
import { maxIndexBytes } from "../src/update/release-index";
import { makeReleaseIndex } from "./release-index";
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
	makeDirectory(folder);
	const file = join(folder, updateFileName(chip, version));
	writeFileSync(file, makeUpdateFile(image, { chip, version: parsed }, key));
	return file;
}

/** Writes `index.json` for all update files of a version; returns its path. */
export function writeReleaseIndex(version: string, folder = releaseFolder): string {
	const names = readdirSync(folder).filter(
		(name) => name.startsWith(updateFileName("", version).replace(".update", "")) && name.endsWith(".update"),
	);
	const text = makeReleaseIndex(
		names.map((address) => ({ address, content: readFileSync(join(folder, address)) })),
	);
	if (text.length > maxIndexBytes) throw new Error(`The index has ${text.length} bytes of ${maxIndexBytes}.`);
	const file = join(folder, "index.json");
	writeFileSync(file, text);
	return file;
}

function updateFileName(chip: string, version: string): string {
	return `dakkio-esp32-${version}-${chip}.update`;
}
