import type { Bytes } from "../../src/boards/ecma419";
import { type I2CChip, NotAcknowledgedError } from "../hardware/i2c-bus";
import type { SensorEnvironment } from "../weather/sensor-environment";

/**
 * Faults that every chip can have. Two more belong to the bus: unplugged (`bus.detach`) and data line held
 * low (`bus.holdLow`).
 */
export type ChipFault =
	/** Acknowledges nothing. */
	| "silent"
	/** Sends wrong checksums. */
	| "wrong checksum"
	/** Measures, but always the same value. */
	| "frozen"
	/** Measurements never end. */
	| "never ready"
	/** Measurements take four times as long as typical. */
	| "slow"
	/** Reports values outside its range. */
	| "out of range";

const slowFactor = 4;

export interface ChipOptions<Quantity extends keyof SensorEnvironment> {
	/** Milliseconds, monotonic. */
	ticks(): number;
	/** The surroundings of the chip at a time. */
	environment(ticks: number): Pick<SensorEnvironment, Quantity>;
}

/** Base of all chip models: faults, and durations of measurements. */
export abstract class SimulatedChip<Quantity extends keyof SensorEnvironment> implements I2CChip {
	/** `undefined`: it works. */
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

	/** Its surroundings at a time; if frozen, at the first call. */
	protected environmentAt(ticks: number): Pick<SensorEnvironment, Quantity> {
		if (this.fault !== "frozen") this.frozen = undefined;
		else this.frozen ??= this.options.environment(ticks);
		return this.frozen ?? this.options.environment(ticks);
	}

	/** Whether a measurement with this typical duration has ended. */
	protected hasEnded(startedAt: number, durationMs: number): boolean {
		if (this.fault === "never ready") return false;
		return this.now - startedAt >= durationMs * (this.fault === "slow" ? slowFactor : 1);
	}

	/** The checksum that it sends. */
	protected sentChecksum(right: number): number {
		return this.fault === "wrong checksum" ? right ^ 0x5a : right;
	}

	/** Handles a write; throws {@link NotAcknowledgedError} if the chip does not acknowledge. */
	protected abstract onWrite(bytes: Bytes): void;

	/** Fills in the answer; throws {@link NotAcknowledgedError} if the chip does not acknowledge. */
	protected abstract onRead(into: Bytes): void;
}
