import { crc8Sensirion } from "../../common/crc8";
import { type Driver, humidity, temperature } from "./driver";
import type { I2CDevice } from "./i2c-device";

/** Commands (AHT20 data sheet, sections 5.3 and 5.4). */
const statusCommand = Object.freeze([0x71]);
const initialiseCommand = Object.freeze([0xbe, 0x08, 0x00]);
const measureCommand = Object.freeze([0xac, 0x33, 0x00]);
const softReset = 0xba;

/** Bits of the status (section 5.3, table 9). The others mean nothing, and differ between chips. */
const busyBit = 0x80;
const calibratedBit = 0x08;
/** Of a bus without a chip. */
const idleStatus = 0xff;

/** The status, two values, and their checksum. */
const answerBytes = 7;

/** Section 5.4. */
const initialisationMs = 10;
const measurementMs = 80;
/** Section 5.5. */
const resetMs = 20;

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

	matches: isAHT20,

	/** A chip whose status is stuck, or that has lost its calibration, recovers by it. */
	reset(chip, step) {
		if (step > 0) return 0;
		chip.checkIdentity(isAHT20);
		chip.write(softReset);
		return resetMs;
	},

	open(chip) {
		const isInitialising = (readStatus(chip) & calibratedBit) === 0;
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
		const answer = chip.read(answerBytes);
		const [status = 0, a = 0, b = 0, c = 0, d = 0, e = 0] = answer;
		if ((status & busyBit) !== 0) return undefined;
		if (!isChecksumRight(answer)) throw chip.checksumError();
		if ((status & calibratedBit) === 0)
			throw chip.error("it lost its calibration, which is loaded again. Check its supply.");
		// Two numbers of twenty bits (section 6).
		const humidityShare = ((a << 12) | (b << 4) | (c >> 4)) / 2 ** 20;
		const temperatureShare = (((c & 15) << 16) | (d << 8) | e) / 2 ** 20;
		return [200 * temperatureShare - 50, 100 * humidityShare];
	},
});

/**
 * Has no id. Any read begins with the status, and a complete one ends with a checksum; a port or a stuck line answers
 * the same byte to everything, which a stuck chip may do, too. If the checksum is not there yet, a measurement must make the chip busy.
 */
function isAHT20(chip: I2CDevice): boolean {
	const status = readStatus(chip);
	const answer = chip.read(answerBytes);
	if (answer[0] !== status || status === idleStatus) return false;
	if ((status & (busyBit | calibratedBit)) === (busyBit | calibratedBit)) return true;
	if (answer.every((byte) => byte === status)) return false;
	if ((status & busyBit) !== 0 || isChecksumRight(answer)) return true;
	measure(chip);
	return (((chip.read(1)[0] ?? 0) ^ status) & (busyBit | calibratedBit)) === busyBit;
}

function isChecksumRight(answer: Uint8Array): boolean {
	return crc8Sensirion(answer, 0, answerBytes - 1) === answer[answerBytes - 1];
}

function readStatus(chip: I2CDevice): number {
	return chip.query(statusCommand, 1)[0] ?? 0;
}

function measure(chip: I2CDevice): number {
	chip.write(...measureCommand);
	return measurementMs;
}
