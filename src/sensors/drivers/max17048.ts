import { batteryCharge, type Driver, type SensorField } from "./driver";
import { type I2CDevice, uint16 } from "./i2c-device";

/** Registers (MAX17048 data sheet 19-6171, table 2). */
const register = Object.freeze({ cell: 0x02, version: 0x08, status: 0x1a, command: 0xfe });
/** Without the revision. */
const versionMask = 0xfff0;
const versionValue = 0x0010;
const powerOnReset = 0x54;
/** It was reset, and starts with a guess from the voltage. */
const resetIndicator = 0x0100;
/** "Battery insertion debounce", and the first update after it. */
const firstUpdateMs = 1000;

const voltsPerCount = 78.125e-6;
/** Of a battery, so that it does not get the name of a supply voltage. */
const cellVoltage: SensorField = Object.freeze({
	name: "battery_voltage",
	unit: "volt",
	decimals: 3,
	min: 0.5,
	max: 5,
});

/** Analog Devices MAX17048 and MAX17049: voltage and charge of a Li-ion cell, which it always measures. */
export const max17048 = Object.freeze<Driver<{ wasReset: boolean }>>({
	name: "MAX17048",
	addresses: Object.freeze([0x36]),
	fields: Object.freeze([cellVoltage, batteryCharge]),

	matches: isMAX17048,

	/** Only after a failure: it forgets what it has learned about the battery. */
	reset(chip, step, reason) {
		if (step > 0 || reason !== "failure") return 0;
		chip.checkIdentity(isMAX17048);
		chip.tryWrite(register.command, powerOnReset, 0);
		return firstUpdateMs;
	},

	open(chip) {
		chip.checkIdentity(isMAX17048);
		const status = chip.readUint16(register.status);
		const wasReset = (status & resetIndicator) !== 0;
		if (wasReset) chip.writeUint16(register.status, status & ~resetIndicator);
		return { wasReset };
	},

	start(_, state) {
		const waitMs = state.wasReset ? firstUpdateMs : 0;
		state.wasReset = false;
		return waitMs;
	},

	read(chip) {
		const bytes = chip.readConfirmed(register.cell, 4);
		if ((chip.readUint16(register.status) & resetIndicator) !== 0 || !isMAX17048(chip))
			throw chip.lostError();
		// The charge may exceed 100 percent a little.
		return [uint16(bytes) * voltsPerCount, Math.min(100, uint16(bytes, 2) / 256)];
	},
});

function isMAX17048(chip: I2CDevice): boolean {
	return (chip.readUint16(register.version) & versionMask) === versionValue;
}
