import type { OneWire } from "../../boards/board";
import { crc8Maxim } from "../../common/crc8";
import { SensorError } from "../sensor-error";

/** Bytes of a ROM code: family, six of the serial number, CRC. */
const romBytes = 8;
const matchRom = 0x55;

/** One of several chips on a 1-Wire bus, which the detector opens and closes. */
export class OneWireDevice {
	readonly rom: Uint8Array;
	private readonly name: string;
	private readonly bus: OneWire;

	/** `name`: the sensor's, for error messages: `DS18B20 28-00000b1a7f3c`. */
	constructor(bus: OneWire, rom: Uint8Array, name: string) {
		this.bus = bus;
		this.rom = rom;
		this.name = name;
	}

	/** Selects the chip and writes to it. Throws a {@link SensorError} if no chip is on the bus. */
	write(...bytes: number[]): void {
		if (!this.bus.reset()) throw this.error("no chip answers on the 1-Wire bus. Check its wiring.");
		this.bus.write(Uint8Array.of(matchRom, ...this.rom, ...bytes));
	}

	/** The answer to the command that was just written; all bits are 1 if the chip is not there. */
	read(count: number): Uint8Array {
		return this.bus.read(count);
	}

	/** To throw. `what`: what is wrong, and what to do about it. */
	error(what: string): SensorError {
		return new SensorError(this.name, what);
	}

	/** The bus stays open for the other chips. */
	close(): void {}
}

/** Whether the bytes are a ROM code, by their CRC. A shorted line reads zeros, whose CRC is right. */
export function isValidRom(rom: Uint8Array): boolean {
	return rom.length === romBytes && rom[0] !== 0 && crc8Maxim(rom) === 0;
}

/** As in Linux: the family, then the serial number from its most significant byte: `28-00000b1a7f3c`. */
export function romText(rom: Uint8Array): string {
	let serial = "";
	for (let at = romBytes - 2; at > 0; at--) serial += hex(rom[at]);
	return `${hex(rom[0])}-${serial}`;
}

function hex(byte = 0): string {
	return byte.toString(16).padStart(2, "0");
}
