import { crc8Sensirion } from "../../common/crc8";
import { ChipDriver } from "./chip-driver";
import { defineDriver } from "./define-driver";
import type { I2CDevice, I2CDeviceOptions } from "./i2c-device";
import { type TemperatureHumiditySample, temperatureHumidityFields, temperatureHumidityValues } from "./sht";

/** Commands (AHT20 data sheet, sections 5.3 and 5.4). */
const statusCommand = Object.freeze([0x71]);
const initialiseCommand = Object.freeze([0xbe, 0x08, 0x00]);
const measureCommand = Object.freeze([0xac, 0x33, 0x00]);

/** Bits of the status (section 5.3, table 9). */
const busyBit = 0x80;
const calibratedBit = 0x08;
/** Not named in the table; section 5.4 expects 0x18 of a chip that is well. */
const reservedSetBits = 0x10;
const reservedClearBits = 0x60;

/** Milliseconds (section 5.4). */
const initialisationMs = 10;
const measurementMs = 80;

/** Of the AHT21, which goes further than the AHT20 (−40 … 85); a tenth beyond it is rounding. */
const temperatureRange = Object.freeze([-40.1, 120.1] as const);

/** Aosong AHT20 and AHT21: temperature and humidity. */
export class AHT20 extends ChipDriver<TemperatureHumiditySample> {
	/** It lost its calibration, and was told to load it. */
	private isInitialising: boolean;
	private started = false;

	/** Throws a `SensorError` when there is no AHT20 at the address. */
	constructor(options: I2CDeviceOptions) {
		super("AHT20", options);
		const chip = this.chip;
		this.isInitialising = chip.closeOnError(() => {
			const [status = 0] = chip.query(statusCommand, 1);
			if ((status & (reservedSetBits | reservedClearBits)) !== reservedSetBits)
				throw chip.error("another chip answers there.");
			if ((status & calibratedBit) !== 0) return false;
			chip.write(...initialiseCommand);
			return true;
		});
	}

	/** Starts a measurement, or waits until it can be started. */
	override start(): number {
		this.started = false;
		if (this.isInitialising) {
			this.isInitialising = false;
			return initialisationMs;
		}
		return this.sendMeasure();
	}

	override proceed(): number {
		return this.started ? 0 : this.sendMeasure();
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	override sample(): TemperatureHumiditySample | undefined {
		if (!this.started) return undefined;
		const answer = this.chip.read(7);
		const [status = 0, a = 0, b = 0, c = 0, d = 0, e = 0, checksum] = answer;
		if ((status & busyBit) !== 0) return undefined;
		if (crc8Sensirion(answer, 0, 6) !== checksum) throw this.chip.checksumError();
		this.started = false;
		if ((status & calibratedBit) === 0)
			throw this.chip.error("it lost its calibration, which is loaded anew. Check its supply.");
		// Two numbers of twenty bits (section 6).
		const share = (bits: number) => bits / 2 ** 20;
		const temperature = 200 * share(((c & 15) << 16) | (d << 8) | e) - 50;
		return {
			thermometer: { temperature: this.chip.checkRange("temperature", temperature, temperatureRange) },
			hygrometer: { humidity: 100 * share((a << 12) | (b << 4) | (c >> 4)) },
		};
	}

	private sendMeasure(): number {
		this.chip.write(...measureCommand);
		this.started = true;
		return measurementMs;
	}
}

/**
 * It has no id. Its status is the first byte of whatever is read of it, asked for or not, with three bits that never
 * change: no chip with registers or ports at this address does that.
 */
function isAHT20(chip: I2CDevice): boolean {
	const status = chip.query(statusCommand, 1)[0] ?? 0;
	return (status & (reservedSetBits | reservedClearBits)) === reservedSetBits && chip.read(1)[0] === status;
}

export const aht20 = defineDriver<TemperatureHumiditySample>({
	name: "AHT20",
	addresses: [0x38],
	matches: isAHT20,
	open: (options) => new AHT20(options),
	fields: temperatureHumidityFields,
	values: temperatureHumidityValues,
});
