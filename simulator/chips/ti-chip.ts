import type { Bytes } from "../../src/boards/ecma419";
import type { SensorEnvironment } from "../weather/sensor-environment";
import { SimulatedChip } from "./simulated-chip";

/** A chip of Texas Instruments with registers of sixteen bits behind a pointer. */
export abstract class TIChip<Quantity extends keyof SensorEnvironment> extends SimulatedChip<Quantity> {
	private pointer = 0;

	protected abstract readRegister(register: number): number;
	protected abstract writeRegister(register: number, value: number): void;

	/** The pointer, and a value when there is one. */
	protected override onWrite(bytes: Bytes): void {
		const [pointer = 0, high, low] = bytes;
		this.pointer = pointer;
		if (high !== undefined && low !== undefined) this.writeRegister(pointer, (high << 8) | low);
	}

	/** The register that the pointer points to, over and over. */
	protected override onRead(into: Bytes): void {
		for (let i = 0; i < into.length; i += 2) {
			const value = this.readRegister(this.pointer);
			into[i] = (value >> 8) & 0xff;
			if (i + 1 < into.length) into[i + 1] = value & 0xff;
		}
	}
}

/** The nearest whole number of steps, within the numbers of sixteen bits with a sign. */
export function toCounts(value: number, step: number): number {
	return Math.min(0x7fff, Math.max(-0x8000, Math.round(value / step)));
}
