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

/** Keeps what `npm run test:chip` has measured of this chip on this computer; the rest stays as it was measured before. */
export function saveChipMemory(platform: string, measured: Partial<ChipMemory>): void {
	saveMeasured(nameOf(platform), { ...readChipMemory(platform), ...measured });
}

/** What `npm run test:chip` has measured of this chip. */
export function readChipMemory(platform: string): Partial<ChipMemory> {
	const read = readMeasured(nameOf(platform));
	const measured = isJsonObject(read) ? read : {};
	return Object.fromEntries(
		points.flatMap((point) => (typeof measured[point] === "number" ? [[point, measured[point]]] : [])),
	);
}

const points = ["rest", "backlog", "setup"] as const satisfies readonly (keyof ChipMemory)[];
