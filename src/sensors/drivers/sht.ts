import type { Field, Value } from "../../reading/reading";
import { ChipDriver } from "./chip-driver";
import type { Hygrometer, Thermometer } from "./ecma419-samples";
import { humidity, temperature } from "./fields";
import type { I2CDevice, I2CDeviceOptions } from "./i2c-device";
import { parseWords, wordToCelsius } from "./sensirion";

export type TemperatureHumiditySample = Thermometer & Hygrometer;

export const temperatureHumidityFields: readonly Field[] = Object.freeze([temperature, humidity]);

export function temperatureHumidityValues({
	thermometer,
	hygrometer,
}: TemperatureHumiditySample): readonly Value[] {
	return [thermometer.temperature, hygrometer.humidity];
}

/** What the families are made for (data sheets, "Temperature": the operating range); a tenth beyond it is rounding. */
const temperatureRangeC = Object.freeze([-40.1, 125.1] as const);

/** What tells the two families apart. */
interface SHTVariant {
	readonly name: string;
	/** Measures both once, as well as it can; `duration`: milliseconds at most. */
	readonly measureCommand: readonly number[];
	readonly measurementMs: number;
	/** Ends whatever the chip does. It is not ready for about a millisecond then. */
	readonly abortCommand: readonly number[];
	/** Percent, of the word that it measured. */
	relativeHumidity(word: number): number;
	/** Asks the chip for something that only this family knows, with a checksum; throws when it does not. */
	checkIdentity(chip: I2CDevice): void;
}

/** What Sensirion's SHT3x and SHT4x share: a command, a wait, and two words. They sleep by themselves in between. */
export class SHT extends ChipDriver<TemperatureHumiditySample> {
	private readonly variant: SHTVariant;
	private started = false;

	/** Throws a `SensorError` when there is no such chip at the address. */
	constructor(options: I2CDeviceOptions, family: SHTVariant) {
		super(family.name, options);
		this.variant = family;
		this.chip.closeOnError(() => this.abortOnError(() => family.checkIdentity(this.chip)));
	}

	/** Starts a measurement; returns the milliseconds after which it has ended for certain. */
	override start(): number {
		this.abortOnError(() => this.chip.write(...this.variant.measureCommand));
		this.started = true;
		return this.variant.measurementMs;
	}

	/**
	 * The measurement that was started last; `undefined` when none was. As long as it is under way the chip does not
	 * acknowledge, as if it were not there.
	 */
	override sample(): TemperatureHumiditySample | undefined {
		if (!this.started) return undefined;
		const answer = this.abortOnError(() => this.chip.read(6));
		this.started = false;
		const [first = 0, second = 0] = parseWords(this.chip, answer);
		const temperature = this.chip.checkRange("temperature", wordToCelsius(first), temperatureRangeC);
		return {
			thermometer: { temperature },
			hygrometer: { humidity: Math.min(100, Math.max(0, this.variant.relativeHumidity(second))) },
		};
	}

	/**
	 * A chip that does not do what it is told may be busy with what somebody else told it: it is stopped, so that the
	 * next attempt finds it ready. There is no waiting for that here.
	 */
	private abortOnError<T>(action: () => T): T {
		try {
			return action();
		} catch (error) {
			try {
				this.chip.write(...this.variant.abortCommand);
			} catch {
				// It is not there at all.
			}
			throw error;
		}
	}
}
