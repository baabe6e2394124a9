import type { Bytes } from "../../src/boards/ecma419";
import { BusHeldError, type I2CChip, NotAcknowledgedError } from "../hardware/i2c-bus";
import type { ChipFault, SimulatedChip } from "./simulated-chip";

/** What can be wrong with a chip that is wired to a board. */
export type WiredFault =
	| ChipFault
	/** It is gone; and when it is plugged in again, it has forgotten everything. */
	| "unplugged"
	/** It was interrupted, and holds the data line low until it is clocked free. */
	| "held low";

export const wiredFaults: readonly WiredFault[] = Object.freeze([
	"unplugged",
	"silent",
	"held low",
	"wrong checksum",
	"frozen",
	"never ready",
	"slow",
	"out of range",
] as const);

/** So long it is well, and so long it is not, milliseconds. */
const phaseMs = 60_000;

export interface IntermittentChipOptions {
	readonly fault: WiredFault;
	/** Milliseconds, monotonic. */
	ticks(): number;
	createChip(): SimulatedChip<never>;
	/** Pulls the data line of its bus low. */
	holdLow(): void;
}

/** A chip that is well for a minute and has a fault for the next, by turns. */
export class IntermittentChip implements I2CChip {
	private readonly options: IntermittentChipOptions;
	private chip: SimulatedChip<never>;
	private isFaulty = false;

	constructor(options: IntermittentChipOptions) {
		this.options = options;
		this.chip = options.createChip();
	}

	write(bytes: Bytes): void {
		this.updateFault();
		this.chip.write(bytes);
	}

	read(into: Bytes): void {
		this.updateFault();
		this.chip.read(into);
	}

	/** Somebody speaks to it: whose turn it is. */
	private updateFault(): void {
		const { fault, ticks, createChip, holdLow } = this.options;
		const faulty = Math.floor(ticks() / phaseMs) % 2 === 1;
		const changed = faulty !== this.isFaulty;
		this.isFaulty = faulty;
		if (fault === "held low") {
			if (!faulty || !changed) return;
			holdLow();
			throw new BusHeldError();
		}
		if (fault === "unplugged") {
			if (faulty) throw new NotAcknowledgedError();
			if (changed) this.chip = createChip();
			return;
		}
		this.chip.fault = faulty ? fault : undefined;
	}
}
