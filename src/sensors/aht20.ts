import { ChipDriver } from "./chip-driver";
import { crc8 } from "./crc8";
import { driverKind } from "./driver-kind";
import type { DriverOptions, Peripheral } from "./peripheral";
import { type AirSample, airFields, airValues } from "./sht";

/** Commands (AHT20 data sheet, sections 5.3 and 5.4). */
const readStatus = Object.freeze([0x71]);
const initialise = Object.freeze([0xbe, 0x08, 0x00]);
const measure = Object.freeze([0xac, 0x33, 0x00]);

/** Bits of the status (section 5.3, table 9). */
const busy = 0x80;
const calibrated = 0x08;
/** Not named in the table; section 5.4 expects 0x18 of a chip that is well. */
const alwaysSet = 0x10;
const alwaysClear = 0x60;

/** Milliseconds (section 5.4). */
const initialisation = 10;
const duration = 80;

/** Of the AHT21, which goes further than the AHT20 (−40 … 85); a tenth beyond it is rounding. */
const temperatureRange = Object.freeze([-40.1, 120.1] as const);

/** Aosong AHT20 and AHT21: temperature and humidity. */
export class AHT20 extends ChipDriver<AirSample> {
	/** It lost its calibration, and was told to load it. */
	private initialising: boolean;
	private started = false;

	/** Throws a `SensorError` when there is no AHT20 at the address. */
	constructor(options: DriverOptions) {
		super("AHT20", options);
		const chip = this.chip;
		this.initialising = chip.setUp(() => {
			const [status = 0] = chip.ask(readStatus, 1);
			if ((status & (alwaysSet | alwaysClear)) !== alwaysSet) throw chip.error("another chip answers there.");
			if ((status & calibrated) !== 0) return false;
			chip.write(...initialise);
			return true;
		});
	}

	/** Starts a measurement, or waits until it can be started. */
	override start(): number {
		this.started = false;
		if (this.initialising) {
			this.initialising = false;
			return initialisation;
		}
		return this.measure();
	}

	override proceed(): number {
		return this.started ? 0 : this.measure();
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	override sample(): AirSample | undefined {
		if (!this.started) return undefined;
		const answer = this.chip.read(7);
		const [status = 0, a = 0, b = 0, c = 0, d = 0, e = 0, checksum] = answer;
		if ((status & busy) !== 0) return undefined;
		if (crc8(answer, 0, 6) !== checksum) throw this.chip.checksumError();
		this.started = false;
		if ((status & calibrated) === 0)
			throw this.chip.error("it lost its calibration, which is loaded anew. Check its supply.");
		// Two numbers of twenty bits (section 6).
		const share = (bits: number) => bits / 2 ** 20;
		const temperature = 200 * share(((c & 15) << 16) | (d << 8) | e) - 50;
		return {
			thermometer: { temperature: this.chip.within("temperature", temperature, temperatureRange) },
			hygrometer: { humidity: 100 * share((a << 12) | (b << 4) | (c >> 4)) },
		};
	}

	private measure(): number {
		this.chip.write(...measure);
		this.started = true;
		return duration;
	}
}

/**
 * It has no id. Its status is the first byte of whatever is read of it, asked for or not, with three bits that never
 * change: no chip with registers or ports at this address does that.
 */
function isAHT20(chip: Peripheral): boolean {
	const told = chip.ask(readStatus, 1)[0] ?? 0;
	return (told & (alwaysSet | alwaysClear)) === alwaysSet && chip.read(1)[0] === told;
}

export const aht20 = driverKind<AirSample>({
	name: "AHT20",
	addresses: [0x38],
	isThis: isAHT20,
	open: (options) => new AHT20(options),
	fields: airFields,
	values: airValues,
});
