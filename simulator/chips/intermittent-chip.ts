import type { Bytes } from "../../src/boards/ecma419";
import { BusHeld, type Chip, NotAcknowledged } from "../bus";
import type { Fault, SimulatedChip } from "./simulated-chip";

/** What can be wrong with a chip that is wired to a board. */
export type WiredFault =
	| Fault
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
const turn = 60_000;

export interface IntermittentChipOptions {
	readonly fault: WiredFault;
	/** Milliseconds, monotonic. */
	ticks(): number;
	make(): SimulatedChip<never>;
	/** Pulls the data line of its bus low. */
	holdLow(): void;
}

/** A chip that is well for a minute and has a fault for the next, by turns. */
export class IntermittentChip implements Chip {
	private readonly options: IntermittentChipOptions;
	private chip: SimulatedChip<never>;
	private faulty = false;

	constructor(options: IntermittentChipOptions) {
		this.options = options;
		this.chip = options.make();
	}

	write(bytes: Bytes): void {
		this.look();
		this.chip.write(bytes);
	}

	read(into: Bytes): void {
		this.look();
		this.chip.read(into);
	}

	/** Somebody speaks to it: whose turn it is. */
	private look(): void {
		const { fault, ticks, make, holdLow } = this.options;
		const faulty = Math.floor(ticks() / turn) % 2 === 1;
		const changed = faulty !== this.faulty;
		this.faulty = faulty;
		if (fault === "held low") {
			if (!faulty || !changed) return;
			holdLow();
			throw new BusHeld();
		}
		if (fault === "unplugged") {
			if (faulty) throw new NotAcknowledged();
			if (changed) this.chip = make();
			return;
		}
		this.chip.fault = faulty ? fault : undefined;
	}
}
