import { crc8Sensirion } from "../../common/crc8";
import { type Driver, humidity, temperature } from "./driver";
import type { I2CDevice } from "./i2c-device";

/** Commands (AHT20 data sheet, sections 5.3 and 5.4). */
const statusCommand = Object.freeze([0x71]);
const initialiseCommand = Object.freeze([0xbe, 0x08, 0x00]);
const measureCommand = Object.freeze([0xac, 0x33, 0x00]);

/** Bits of the status (section 5.3, table 9). */
const busyBit = 0x80;
const calibratedBit = 0x08;
/** Not in the table; section 5.4 expects 0x18 of a working chip. */
const reservedSetBits = 0x10;
const reservedClearBits = 0x60;

/** Section 5.4. */
const initialisationMs = 10;
const measurementMs = 80;

interface AHT20State {
	/** It has lost its calibration and is loading it. */
	isInitialising: boolean;
	started: boolean;
}

/** Aosong AHT20 and AHT21: temperature and humidity. */
export const aht20 = Object.freeze<Driver<AHT20State>>({
	name: "AHT20",
	addresses: Object.freeze([0x38]),
	// The range of the AHT21, which exceeds the AHT20's (−40 … 85), and 0.1 °C for rounding.
	fields: Object.freeze([Object.freeze({ ...temperature, min: -40.1, max: 120.1 }), humidity]),

	/**
	 * Has no id. Any read begins with the status, in which three bits are constant; chips with registers or
	 * ports at this address do not repeat it.
	 */
	matches(chip) {
		const status = readStatus(chip);
		return hasReservedBits(status) && chip.read(1)[0] === status;
	},

	open(chip) {
		const status = readStatus(chip);
		if (!hasReservedBits(status)) throw chip.error("another chip answers there.");
		const isInitialising = (status & calibratedBit) === 0;
		if (isInitialising) chip.write(...initialiseCommand);
		return { isInitialising, started: false };
	},

	start(chip, state) {
		state.started = !state.isInitialising;
		state.isInitialising = false;
		return state.started ? measure(chip) : initialisationMs;
	},

	proceed(chip, state) {
		if (state.started) return 0;
		state.started = true;
		return measure(chip);
	},

	read(chip, { started }) {
		if (!started) return undefined;
		const answer = chip.read(7);
		const [status = 0, a = 0, b = 0, c = 0, d = 0, e = 0, checksum] = answer;
		if ((status & busyBit) !== 0) return undefined;
		if (crc8Sensirion(answer, 0, 6) !== checksum) throw chip.checksumError();
		if ((status & calibratedBit) === 0)
			throw chip.error("it lost its calibration, which is loaded again. Check its supply.");
		// Two numbers of twenty bits (section 6).
		const humidityShare = ((a << 12) | (b << 4) | (c >> 4)) / 2 ** 20;
		const temperatureShare = (((c & 15) << 16) | (d << 8) | e) / 2 ** 20;
		return [200 * temperatureShare - 50, 100 * humidityShare];
	},
});

function readStatus(chip: I2CDevice): number {
	return chip.query(statusCommand, 1)[0] ?? 0;
}

function hasReservedBits(status: number): boolean {
	return (status & (reservedSetBits | reservedClearBits)) === reservedSetBits;
}

function measure(chip: I2CDevice): number {
	chip.write(...measureCommand);
	return measurementMs;
}
