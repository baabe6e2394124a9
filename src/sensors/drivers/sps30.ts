import { type Driver, massField } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { commandBytes, queryWords, sendCommand } from "./sensirion";

/** Commands (SPS30 data sheet, version 1, section 6.3). */
const start = 0x0010;
/** Its argument: values as big-endian floating-point numbers. */
const floatFormat = 0x0300;
const stopMeasurement = 0x0104;
const readDataReady = 0x0202;
const readValues = 0x0300;
const wakeUp = 0x1103;
const readProductType = 0xd002;
const readStatus = 0xd206;
const softReset = 0xd304;

/** "00080000" in ASCII (section 6.3.8), of which the first half is enough. */
const productType: readonly number[] = Object.freeze([0x3030, 0x3038]);

/** Sections 6.3.11 and 6.3.1. */
const resetMs = 100;
const startMs = 20;
/** Start-up time in air with few particles (section 1): 30 seconds; in most air it takes less. */
const warmUpMs = 16_000;
/** From this interval on, its fan rests in between. */
const minRestIntervalMs = 300_000;

/** Bits of the status (section 4.4), upper word: fan speed out of range; lower word: laser, fan. */
const fanSpeedBit = 0x0020;
const laserBit = 0x0020;
const fanBit = 0x0010;

interface SPS30State {
	readonly rests: boolean;
	isRunning: boolean;
}

/** Sensirion SPS30: particulate matter. Its fan runs all the time, or for 16 seconds if readings are rare. */
export const sps30 = Object.freeze<Driver<SPS30State>>({
	name: "SPS30",
	addresses: Object.freeze([0x69]),
	fields: Object.freeze(["pm1", "pm2_5", "pm4", "pm10"].map(massField)),

	matches: isSPS30,

	/** Not after a sleep of the board, as it would have to warm up again. */
	reset(chip, step, reason) {
		if (step > 0 || reason === "wake") return 0;
		chip.checkIdentity(isSPS30);
		sendCommand(chip, softReset);
		return resetMs;
	},

	open(chip, { intervalMs = 0, onBattery = false }) {
		chip.checkIdentity(isSPS30);
		return { rests: onBattery || intervalMs >= minRestIntervalMs, isRunning: false };
	},

	start(chip, state) {
		if (state.isRunning) return 0;
		// It may be running since before a sleep of the board; then it accepts no other command.
		chip.tryWrite(...commandBytes(stopMeasurement));
		return startMs;
	},

	proceed(chip, state) {
		if (state.isRunning) return 0;
		sendCommand(chip, start, floatFormat);
		state.isRunning = true;
		return warmUpMs;
	},

	read(chip, state) {
		const [isReady = 0] = queryWords(chip, readDataReady, 1);
		if ((isReady & 1) === 0) return undefined;
		checkStatus(chip);
		const words = queryWords(chip, readValues, 4 * 2);
		if (state.rests) {
			sendCommand(chip, stopMeasurement);
			state.isRunning = false;
		}
		const view = new DataView(new ArrayBuffer(4));
		return [0, 2, 4, 6].map((at) => {
			view.setUint16(0, words[at] ?? 0);
			view.setUint16(2, words[at + 1] ?? 0);
			return view.getFloat32(0);
		});
	},
});

/** Asleep, it does not acknowledge even the command that wakes it. */
function isSPS30(chip: I2CDevice): boolean {
	const hasProductType = () => {
		const words = queryWords(chip, readProductType, 2);
		return words.every((word, at) => word === productType[at]);
	};
	try {
		return hasProductType();
	} catch (error) {
		if (chip.hasAcknowledged) throw error;
		chip.tryWrite(...commandBytes(wakeUp));
		return hasProductType();
	}
}

/** Firmware before version 2.2 has no status. */
function checkStatus(chip: I2CDevice): void {
	let words: readonly number[];
	try {
		words = queryWords(chip, readStatus, 2);
	} catch {
		return;
	}
	const [high = 0, low = 0] = words;
	if ((high & fanSpeedBit) !== 0 || (low & fanBit) !== 0)
		throw chip.error("its fan does not turn as it should. Check its supply of 5 V; clean it.");
	if ((low & laserBit) !== 0) throw chip.error("its laser fails. Check its supply of 5 V, or replace it.");
}
