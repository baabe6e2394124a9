import type { Bytes } from "../../src/boards/ecma419";
import { BusHeldError, type I2CChip, NotAcknowledgedError } from "../hardware/i2c-bus";
import type { ChipFault, SimulatedChip } from "./simulated-chip";

/** Faults of a chip that is connected to a board. */
export type WiredFault =
	| ChipFault
	/** When it is plugged in again, it is in its power-on state. */
	| "unplugged"
	/** It was interrupted and holds the data line low until it gets clock pulses. */
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

/** It works for this time, then it has the fault for this time. */
const phaseMs = 60_000;

export interface IntermittentChipOptions {
	readonly fault: WiredFault;
	/** Milliseconds, monotonic. */
	ticks(): number;
	createChip(): SimulatedChip<never>;
	/** Pulls the data line of its bus low. */
	holdLow(): void;
}

/** A chip that has a fault every other minute. */
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

	/** At each transfer. */
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
