import type { Bytes } from "../../src/boards/ecma419";
import { type I2CChip, NotAcknowledgedError } from "../hardware/i2c-bus";
import type { SensorEnvironment } from "../weather/sensor-environment";

/**
 * What can be wrong with a chip, the same for all. Two more faults are the bus's: unplugged (`bus.detach`) and the
 * data line held low (`bus.holdLow`).
 */
export type ChipFault =
	/** It acknowledges nothing. */
	| "silent"
	/** What it sends does not fit its checksum. */
	| "wrong checksum"
	/** It measures, and its number does not change any more. */
	| "frozen"
	/** A measurement that was started never ends. */
	| "never ready"
	/** A measurement takes four times as long as it may. */
	| "slow"
	/** It tells what it cannot measure. */
	| "out of range";

/** How much longer a measurement takes when the chip is `slow`. */
const slowFactor = 4;

/** What every chip is made with. */
export interface ChipOptions<Quantity extends keyof SensorEnvironment> {
	/** Milliseconds, monotonic. */
	ticks(): number;
	/** What the chip is exposed to at a time. */
	environment(ticks: number): Pick<SensorEnvironment, Quantity>;
}

/** What chips have in common: faults, and the time that a measurement takes. */
export abstract class SimulatedChip<Quantity extends keyof SensorEnvironment> implements I2CChip {
	/** What is wrong with it; `undefined` when it is well. */
	fault: ChipFault | undefined;
	private readonly options: ChipOptions<Quantity>;
	private frozen: Pick<SensorEnvironment, Quantity> | undefined;

	constructor(options: ChipOptions<Quantity>) {
		this.options = options;
	}

	write(bytes: Bytes): void {
		if (this.fault === "silent") throw new NotAcknowledgedError();
		this.onWrite(bytes);
	}

	read(into: Bytes): void {
		if (this.fault === "silent") throw new NotAcknowledgedError();
		this.onRead(into);
	}

	protected get now(): number {
		return this.options.ticks();
	}

	/** What is around it at a time, or was when it froze. */
	protected environmentAt(ticks: number): Pick<SensorEnvironment, Quantity> {
		if (this.fault !== "frozen") this.frozen = undefined;
		else this.frozen ??= this.options.environment(ticks);
		return this.frozen ?? this.options.environment(ticks);
	}

	/** Whether a measurement that was started so long ago has ended; `duration` is its typical one. Milliseconds. */
	protected hasEnded(startedAt: number, duration: number): boolean {
		if (this.fault === "never ready") return false;
		return this.now - startedAt >= duration * (this.fault === "slow" ? slowFactor : 1);
	}

	/** A checksum as it is sent. */
	protected sentChecksum(right: number): number {
		return this.fault === "wrong checksum" ? right ^ 0x5a : right;
	}

	/** Takes bytes that were written to it; throws {@link NotAcknowledgedError} when it does not. */
	protected abstract onWrite(bytes: Bytes): void;

	/** Fills in what it sends; throws {@link NotAcknowledgedError} when it does not. */
	protected abstract onRead(into: Bytes): void;
}
