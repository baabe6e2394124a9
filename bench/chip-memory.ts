import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** XS memory of the whole app on a chip, bytes: measured in the SDK's simulator by `npm run test:sdk`. */
export interface ChipMemory {
	readonly rest: number;
	readonly peak: number;
	readonly setup: number;
}

/** Written by the last `npm run test:sdk` on this computer. */
const path = join(import.meta.dirname, "..", "build", "chip-memory.json");

export function saveChipMemory(memory: ChipMemory): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, `${JSON.stringify(memory)}\n`);
}

/** `undefined` if `npm run test:sdk` has not been run. */
export function readChipMemory(): ChipMemory | undefined {
	try {
		const read: Partial<Record<keyof ChipMemory, unknown>> = JSON.parse(readFileSync(path, "utf8"));
		const { rest, peak, setup } = read;
		if (typeof rest !== "number" || typeof peak !== "number" || typeof setup !== "number") return undefined;
		return { rest, peak, setup };
	} catch {
		return undefined;
	}
}
