import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** XS memory of the whole app on an emulated chip, bytes, with its stack: the most that a collection left. */
export interface ChipMemory {
	readonly rest: number;
	/** While batches of 1,000 points are sent, the handshake included. */
	readonly backlog: number;
	/** While the setup page tests settings, the handshake included. */
	readonly setup: number;
}

const path = (platform: string) =>
	join(import.meta.dirname, "..", "build", `memory-${platform.replace("/", "-")}.json`);

/** Kept by the last `npm run test:chip` of this chip on this computer. */
export function saveChipMemory(platform: string, memory: ChipMemory): void {
	mkdirSync(dirname(path(platform)), { recursive: true });
	writeFileSync(path(platform), `${JSON.stringify(memory)}\n`);
}

/** `undefined` if `npm run test:chip` has not been run for this chip. */
export function readChipMemory(platform: string): ChipMemory | undefined {
	try {
		const read: Partial<Record<keyof ChipMemory, unknown>> = JSON.parse(readFileSync(path(platform), "utf8"));
		const { rest, backlog, setup } = read;
		if (typeof rest !== "number" || typeof backlog !== "number" || typeof setup !== "number")
			return undefined;
		return { rest, backlog, setup };
	} catch {
		return undefined;
	}
}
