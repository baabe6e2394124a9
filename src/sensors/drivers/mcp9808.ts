import { type Driver, temperature } from "./driver";
import { type I2CDevice, uint16 } from "./i2c-device";

/** Registers (DS25095A, register 5-1). The others are for tests of the maker and must not be accessed. */
const register = Object.freeze({
	configuration: 0x01,
	temperature: 0x05,
	manufacturer: 0x06,
	device: 0x07,
	resolution: 0x08,
});

/** Sections 5.1.4 and 5.1.5: the manufacturer, and the device without its revision. */
const manufacturerId = 0x0054;
const deviceId = 0x04;

/** Continuous conversion, alert off (register 5-2). The hysteresis of 1.5 °C, which nothing uses, is a mark. */
const measuring = 0x0200;
const shutdown = 0x0100;
/** Of the limits: set by another program, they hold hysteresis and shutdown until the chip loses its supply. */
const locks = 0x00c0;
/** 0.0625 °C (register 5-7). */
const finestResolution = 3;
/** 250 ms is typical, and there is no maximum (section 1.0, "Temperature Conversion Time"). */
const conversionMs = 350;

/** Microchip MCP9808: temperature, to 0.25 °C. Shut down in between, unless it is locked. */
export const mcp9808 = Object.freeze<Driver>({
	name: "MCP9808",
	// Selected by pins A0 to A2 (table 3-2).
	addresses: Object.freeze([0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f]),
	// "Temperature Characteristics", and its accuracy.
	fields: Object.freeze([Object.freeze({ ...temperature, min: -41, max: 126 })]),

	matches: isMCP9808,

	open(chip) {
		chip.checkIdentity(isMCP9808);
		chip.writeUint8(register.resolution, finestResolution);
		if ((chip.readUint8(register.resolution) & finestResolution) !== finestResolution) throw chip.lostError();
	},

	start(chip) {
		chip.writeUint16(register.configuration, measuring);
		return conversionMs;
	},

	read(chip) {
		const counts = uint16(chip.readConfirmed(register.temperature, 2));
		// After power-on it reads as 0 °C, and has neither mark nor lock; an idle bus reads as shut down.
		const configuration = chip.readUint16(register.configuration);
		if ((configuration & shutdown) !== 0 || (configuration & (measuring | locks)) === 0)
			throw chip.lostError();
		chip.writeUint16(register.configuration, measuring | shutdown);
		// The upper three bits compare it with the limits (register 5-4).
		return [((counts << 19) >> 19) / 16];
	},
});

function isMCP9808(chip: I2CDevice): boolean {
	return (
		chip.readUint16(register.manufacturer) === manufacturerId &&
		chip.readUint16(register.device) >> 8 === deviceId
	);
}
