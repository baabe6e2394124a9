import type { OneWire } from "../boards/board";
import type { Value } from "../reading/reading";
import { temperature } from "./fields";
import { crc8, romText, select } from "./one-wire";
import type { Sensor } from "./sensor";
import { SensorError } from "./sensor-error";

/** Commands (data sheet 19-7487 Rev 6, "DS18B20 function commands"). */
const command = Object.freeze({
	convert: 0x44,
	writeScratchpad: 0x4e,
	readScratchpad: 0xbe,
	readPowerSupply: 0xb4,
});

/** Bytes of the scratchpad (figure 9): temperature, alarms, configuration, reserved, CRC. */
const scratchpadLength = 9;
const configurationAt = 4;
/** Twelve bits (table 2). */
const configuration = 0x7f;
/** Of a conversion with twelve bits, milliseconds, at most (table 2). */
const conversionTime = 750;
/** 85 °C: what stands in the scratchpad until the first conversion ("Temperature register"). */
const powerOnValue = 0x0550;
/** Sixteenths of a degree that it can measure: −55 to 125 °C. */
const least = -880;
const most = 2000;

/** Chips of this family, and the DS1822, which differs in its accuracy alone. */
export const families: readonly number[] = Object.freeze([0x28, 0x22]);

const fields = Object.freeze([temperature]);

/** Of a chip that is told of by its ROM code. */
export function ds18b20Name(rom: Uint8Array): string {
	return `DS18B20 ${romText(rom)}`;
}

/** Analog Devices DS18B20, one of several on a 1-Wire bus that others keep open. */
export class DS18B20 implements Sensor {
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
		this.speak(command.readPowerSupply);
		// A chip that lives on the data line pulls it low; while it converts, nobody else could speak.
		if (((bus.read(1)[0] ?? 0) & 1) === 0)
			throw this.error("it has no supply of its own. Wire its VDD pin to 3.3 V.");
		const scratchpad = this.scratchpad();
		if (scratchpad[configurationAt] === configuration) return;
		this.speak(command.writeScratchpad);
		bus.write(Uint8Array.of(scratchpad[2] ?? 0, scratchpad[3] ?? 0, configuration));
		if (this.scratchpad()[configurationAt] !== configuration)
			throw this.error("its resolution cannot be set. Check its wiring.");
	}

	measure(): number {
		this.speak(command.convert);
		return conversionTime;
	}

	read(): readonly Value[] {
		const scratchpad = this.scratchpad();
		const raw = (((scratchpad[1] ?? 0) << 24) >> 16) | (scratchpad[0] ?? 0);
		if (raw === powerOnValue)
			throw this.error("it says 85 °C, which is what it says after it lost its supply. Check its wiring.");
		if (raw < least || raw > most) throw this.error("it reports a temperature that it cannot measure.");
		return [raw / 16];
	}

	/** The bus is not its own. */
	close(): void {}

	private speak(code: number): void {
		if (!select(this.bus, this.rom)) throw this.error("nobody answers on the 1-Wire bus. Check its wiring.");
		this.bus.write(Uint8Array.of(code));
	}

	private scratchpad(): Uint8Array {
		this.speak(command.readScratchpad);
		const scratchpad = this.bus.read(scratchpadLength);
		// Where nobody answers the line stays high; and of zeros, which a shorted line gives, the CRC is right.
		if (scratchpad.every((byte) => byte === 0xff)) throw this.error("it does not answer. Check its wiring.");
		if (crc8(scratchpad) !== 0 || scratchpad[configurationAt] === 0)
			throw this.error("its answer is garbled. Check its wiring and the resistor of 4.7 kΩ to 3.3 V.");
		return scratchpad;
	}

	private error(what: string): SensorError {
		return new SensorError(this.name, what);
	}
}
