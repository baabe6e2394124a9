import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "../boards/node/files";

const pathOf = (name: string) => join(import.meta.dirname, "..", "build", `${name.replace("/", "-")}.json`);

/** Keeps what was measured on this computer, for `npm run bench`. */
export function saveMeasured(name: string, figures: object): void {
	makeDirectory(dirname(pathOf(name)));
	writeFileSync(pathOf(name), `${JSON.stringify(figures)}\n`);
}

/** `undefined` if it was not measured here. */
export function readMeasured(name: string): unknown {
	try {
		return JSON.parse(readFileSync(pathOf(name), "utf8"));
	} catch {
		return undefined;
	}
}
