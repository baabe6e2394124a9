import type { Bytes } from "../../src/boards/ecma419";
import type { SensorEnvironment } from "../weather/sensor-environment";
import { SimulatedChip } from "./simulated-chip";

/** A chip with eight-bit registers behind a pointer that advances with each byte. */
export abstract class RegisterChip<Quantity extends keyof SensorEnvironment> extends SimulatedChip<Quantity> {
	private pointer = 0;

	protected abstract readRegister(register: number): number;
	protected abstract writeRegister(register: number, value: number): void;

	protected override onWrite(bytes: Bytes): void {
		const [pointer = this.pointer, ...values] = bytes;
		this.pointer = pointer;
		for (const value of values) this.writeRegister(this.pointer++ & 0xff, value);
	}

	protected override onRead(into: Bytes): void {
		for (let i = 0; i < into.length; i++) into[i] = this.readRegister(this.pointer++ & 0xff);
	}
}
