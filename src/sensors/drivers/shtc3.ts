import type { Driver } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { parseWords, sendCommand, wordToCelsius } from "./sensirion";
import { shtFields } from "./sht";

/** Commands (SHTC3 data sheet, version 3, sections 5.1 to 5.9). Asleep, it accepts only the first one. */
const wakeUp = 0x3517;
const sleep = 0xb098;
const softReset = 0x805d;
const readId = 0xefc8;
/** Temperature first, without clock stretching, normal mode. */
const measure = 0x7866;

/** The other bits of the id are not specified (section 5.9). */
const idMask = 0x083f;
const idValue = 0x0807;

/** Maxima (table 5), rounded up. */
const wakeUpMs = 1;
const measurementMs = 12.1;

/** Sensirion SHTC3: temperature and humidity. It sleeps in between. */
export const shtc3 = Object.freeze<Driver<{ step: number }>>({
	name: "SHTC3",
	addresses: Object.freeze([0x70]),
	fields: shtFields,

	matches: isSHTC3,

	reset(chip, step) {
		if (step > 0) return 0;
		chip.checkIdentity(isSHTC3);
		sendCommand(chip, softReset);
		return wakeUpMs;
	},

	open: () => ({ step: 0 }),

	start(chip, state) {
		state.step = 0;
		sendCommand(chip, wakeUp);
		return wakeUpMs;
	},

	proceed(chip, state) {
		if (state.step++ > 0) return 0;
		sendCommand(chip, measure);
		return measurementMs;
	},

	/** While it measures it does not acknowledge, as if it were not connected. */
	read(chip) {
		const [first = 0, second = 0] = parseWords(chip, chip.read(6));
		sendCommand(chip, sleep);
		return [wordToCelsius(first), (100 * second) / 65535];
	},
});

/**
 * By its id with the right checksum. A read that is acknowledged belongs to another chip, such as a multiplexer that
 * takes every write, or to a measurement of another program, which has checksums.
 */
function isSHTC3(chip: I2CDevice): boolean {
	let pending: Uint8Array | undefined;
	try {
		pending = chip.read(6);
	} catch {
		// As expected.
	}
	if (pending !== undefined) parseWords(chip, pending);
	sendCommand(chip, wakeUp);
	chip.retry(() => sendCommand(chip, readId));
	const [id = 0] = parseWords(
		chip,
		chip.retry(() => chip.read(3)),
	);
	return (id & idMask) === idValue;
}
