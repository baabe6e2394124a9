import type { Bytes } from "../../src/boards/ecma419";
import type { SensorEnvironment } from "../weather/sensor-environment";
import { SimulatedChip } from "./simulated-chip";

/** A Texas Instruments chip with sixteen-bit registers behind a pointer. */
export abstract class TIChip<Quantity extends keyof SensorEnvironment> extends SimulatedChip<Quantity> {
	private pointer = 0;

	protected get currentPointer(): number {
		return this.pointer;
	}

	protected abstract readRegister(register: number): number;
	protected abstract writeRegister(register: number, value: number): void;

	/** The pointer, and optionally a value. */
	protected override onWrite(bytes: Bytes): void {
		const [pointer = 0, high, low] = bytes;
		this.pointer = pointer;
		if (high !== undefined && low !== undefined) this.writeRegister(pointer, (high << 8) | low);
	}

	/** The register at the pointer, repeatedly. */
	protected override onRead(into: Bytes): void {
		for (let i = 0; i < into.length; i += 2) {
			const value = this.readRegister(this.pointer);
			into[i] = (value >> 8) & 0xff;
			if (i + 1 < into.length) into[i + 1] = value & 0xff;
		}
	}
}

/** Rounded to whole steps, and limited to a signed sixteen-bit number. */
export function toCounts(value: number, step: number): number {
	return Math.min(0x7fff, Math.max(-0x8000, Math.round(value / step)));
}
