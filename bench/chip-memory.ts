import { isJsonObject } from "../src/common/json";
import { readMeasured, saveMeasured } from "./measured-file";

/** XS memory of the whole app on an emulated chip, bytes, with its stack: the most that a collection left. */
export interface ChipMemory {
	readonly rest: number;
	/** While batches of 1,000 points are sent, the handshake included. */
	readonly backlog: number;
	/** While the setup page tests settings, the handshake included. */
	readonly setup: number;
}

const nameOf = (platform: string) => `memory-${platform}`;

/** Kept by the last `npm run test:chip` of this chip on this computer. */
export function saveChipMemory(platform: string, memory: ChipMemory): void {
	saveMeasured(nameOf(platform), memory);
}

/** `undefined` if `npm run test:chip` has not been run for this chip. */
export function readChipMemory(platform: string): ChipMemory | undefined {
	const read = readMeasured(nameOf(platform));
	const { rest, backlog, setup } = isJsonObject(read) ? read : {};
	if (typeof rest !== "number" || typeof backlog !== "number" || typeof setup !== "number") return undefined;
	return { rest, backlog, setup };
}
