import { ChipDriver } from "./chip-driver";
import { driverKind } from "./driver-kind";
import { temperature } from "./fields";
import type { DriverOptions } from "./peripheral";
import { isTMP117, tellApart } from "./texas";

/** Registers (SNOSD82D, section 7.6, table 7-6). */
const register = Object.freeze({ temperature: 0x00, configuration: 0x01 });

/** One conversion of eight measurements, averaged, then shutdown (section 7.6.1.3, table 7-8). */
const measureOnce = 0x0c20;
const dataReady = 0x2000;
const loadingMemory = 0x1000;
/** Milliseconds: eight times what one measurement takes at most (section 6.5). */
const duration = 8 * 17.5;

/** Until its first conversion has ended (section 7.6.1.2). */
const notMeasured = -256;
const resolution = 0.0078125;
/** Section 6.3. */
const range = Object.freeze([-55, 150] as const);

/** A sample, by the names and units that ECMA-419 gives such sensors. */
export interface TMP117Sample {
	/** Degrees Celsius. */
	readonly thermometer: { readonly temperature: number };
}

/** Texas Instruments TMP117: temperature, to a tenth of a degree. */
export class TMP117 extends ChipDriver<TMP117Sample> {
	#started = false;

	/** Throws a `SensorError` when there is no TMP117 at the address. */
	constructor(options: DriverOptions) {
		super("TMP117", options, (chip) => {
			if (!isTMP117(chip)) throw chip.error("another chip answers there.");
			if ((chip.readUint16(register.configuration) & loadingMemory) !== 0)
				throw chip.error("it has just been switched on, and is not ready yet.");
		});
	}

	override start(): number {
		this.chip.writeUint16(register.configuration, measureOnce);
		this.#started = true;
		return duration;
	}

	override sample(): TMP117Sample | undefined {
		if (!this.#started || (this.chip.readUint16(register.configuration) & dataReady) === 0) return undefined;
		this.#started = false;
		const temperature = this.chip.readInt16(register.temperature) * resolution;
		if (temperature === notMeasured)
			throw this.chip.error("it lost its measurement. Check its supply and wiring.");
		return { thermometer: { temperature: this.chip.within("temperature", temperature, range) } };
	}
}

export const tmp117 = driverKind<TMP117Sample>({
	name: "TMP117",
	// By what its pin ADD0 is connected to (section 7.5.3.1.1, table 7-2).
	addresses: [0x48, 0x49, 0x4a, 0x4b],
	isThis: (chip) => tellApart(chip) === "TMP117",
	open: (options) => new TMP117(options),
	fields: [temperature],
	values: ({ thermometer }) => [thermometer.temperature],
});
