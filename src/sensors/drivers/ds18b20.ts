import type { OneWire } from "../../boards/board";
import type { Value } from "../../reading/reading";
import type { OpenSensor } from "../open-sensor";
import { SensorError } from "../sensor-error";
import { temperature } from "./fields";
import { crc8Maxim, romText, selectDevice } from "./one-wire";

/** Commands (data sheet 19-7487 Rev 6, "DS18B20 function commands"). */
const command = Object.freeze({
	convert: 0x44,
	writeScratchpad: 0x4e,
	readScratchpad: 0xbe,
	readPowerSupply: 0xb4,
});

/** Bytes of the scratchpad (figure 9): temperature, alarms, configuration, reserved, CRC. */
const scratchpadBytes = 9;
const configurationOffset = 4;
/** Twelve bits (table 2). */
const configuration12Bit = 0x7f;
/** Of a conversion with twelve bits, milliseconds, at most (table 2). */
const conversionMs = 750;
/** 85 °C: what stands in the scratchpad until the first conversion ("Temperature register"). */
const powerOnCounts = 0x0550;
/** Sixteenths of a degree that it can measure: −55 to 125 °C. */
const minCounts = -880;
const maxCounts = 2000;

/** Chips of this family, and the DS1822, which differs in its accuracy alone. */
export const ds18b20Families: readonly number[] = Object.freeze([0x28, 0x22]);

const fields = Object.freeze([temperature]);

/** Of a chip that is told of by its ROM code. */
export function ds18b20Name(rom: Uint8Array): string {
	return `DS18B20 ${romText(rom)}`;
}

/** Analog Devices DS18B20, one of several on a 1-Wire bus that others keep open. */
export class DS18B20 implements OpenSensor {
	static readonly fields = fields;
	readonly name: string;
	readonly fields = fields;
	private readonly bus: OneWire;
	private readonly rom: Uint8Array;

	/** Throws a {@link SensorError} when it does not answer, or cannot be used as it is wired. */
	constructor(bus: OneWire, rom: Uint8Array) {
		this.name = ds18b20Name(rom);
		this.bus = bus;
		this.rom = rom;
		this.sendCommand(command.readPowerSupply);
		// A chip that lives on the data line pulls it low; while it converts, nobody else could speak.
		if (((bus.read(1)[0] ?? 0) & 1) === 0)
			throw this.error("it has no supply of its own. Wire its VDD pin to 3.3 V.");
		const scratchpad = this.readScratchpad();
		if (scratchpad[configurationOffset] === configuration12Bit) return;
		this.sendCommand(command.writeScratchpad);
		bus.write(Uint8Array.of(scratchpad[2] ?? 0, scratchpad[3] ?? 0, configuration12Bit));
		if (this.readScratchpad()[configurationOffset] !== configuration12Bit)
			throw this.error("its resolution cannot be set. Check its wiring.");
	}

	start(): number {
		this.sendCommand(command.convert);
		return conversionMs;
	}

	read(): readonly Value[] {
		const scratchpad = this.readScratchpad();
		const raw = (((scratchpad[1] ?? 0) << 24) >> 16) | (scratchpad[0] ?? 0);
		if (raw === powerOnCounts)
			throw this.error("it says 85 °C, which is what it says after it lost its supply. Check its wiring.");
		if (raw < minCounts || raw > maxCounts)
			throw this.error("it reports a temperature that it cannot measure.");
		return [raw / 16];
	}

	/** The bus is not its own. */
	close(): void {}

	private sendCommand(code: number): void {
		if (!selectDevice(this.bus, this.rom))
			throw this.error("nobody answers on the 1-Wire bus. Check its wiring.");
		this.bus.write(Uint8Array.of(code));
	}

	private readScratchpad(): Uint8Array {
		this.sendCommand(command.readScratchpad);
		const scratchpad = this.bus.read(scratchpadBytes);
		// Where nobody answers the line stays high; and of zeros, which a shorted line gives, the CRC is right.
		if (scratchpad.every((byte) => byte === 0xff)) throw this.error("it does not answer. Check its wiring.");
		if (crc8Maxim(scratchpad) !== 0 || scratchpad[configurationOffset] === 0)
			throw this.error("its answer is garbled. Check its wiring and the resistor of 4.7 kΩ to 3.3 V.");
		return scratchpad;
	}

	private error(what: string): SensorError {
		return new SensorError(this.name, what);
	}
}
