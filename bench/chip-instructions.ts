import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Millions of instructions by piece of work. */
export type InstructionCounts = Readonly<Record<string, number>>;

const path = join(import.meta.dirname, "..", "build", "instructions.json");

/** Kept by the last `npm run test:chip -- --instructions` on this computer; what it did not measure stays as it is. */
export function saveInstructionCounts(counts: InstructionCounts): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, `${JSON.stringify({ ...readInstructionCounts(), ...counts })}\n`);
}

/** Empty if they have not been measured. */
export function readInstructionCounts(): InstructionCounts {
	try {
		return JSON.parse(readFileSync(path, "utf8"));
	} catch {
		return {};
	}
}
