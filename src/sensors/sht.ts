import type { Field, Value } from "../reading/reading";
import { ChipDriver } from "./chip-driver";
import { humidity, temperature } from "./fields";
import type { DriverOptions, Peripheral } from "./peripheral";
import type { Hygrometer, Thermometer } from "./samples";
import { celsius, words } from "./sensirion";

export type AirSample = Thermometer & Hygrometer;

export const airFields: readonly Field[] = Object.freeze([temperature, humidity]);

export function airValues({ thermometer, hygrometer }: AirSample): readonly Value[] {
	return [thermometer.temperature, hygrometer.humidity];
}

/** What the families are made for (data sheets, "Temperature": the operating range); a tenth beyond it is rounding. */
const temperatureRange = Object.freeze([-40.1, 125.1] as const);

/** What tells the two families apart. */
interface Family {
	readonly name: string;
	/** Measures both once, as well as it can; `duration`: milliseconds at most. */
	readonly measure: readonly number[];
	readonly duration: number;
	/** Ends whatever the chip does. It is not ready for about a millisecond then. */
	readonly abort: readonly number[];
	/** Percent, of the word that it measured. */
	relativeHumidity(word: number): number;
	/** Asks the chip for something that only this family knows, with a checksum; throws when it does not. */
	greet(chip: Peripheral): void;
}

/** What Sensirion's SHT3x and SHT4x share: a command, a wait, and two words. They sleep by themselves in between. */
export class SHT extends ChipDriver<AirSample> {
	private readonly family: Family;
	private started = false;

	/** Throws a `SensorError` when there is no such chip at the address. */
	constructor(options: DriverOptions, family: Family) {
		super(family.name, options);
		this.family = family;
		this.chip.setUp(() => this.recovering(() => family.greet(this.chip)));
	}

	/** Starts a measurement; returns the milliseconds after which it has ended for certain. */
	override start(): number {
		this.recovering(() => this.chip.write(...this.family.measure));
		this.started = true;
		return this.family.duration;
	}

	/**
	 * The measurement that was started last; `undefined` when none was. As long as it is under way the chip does not
	 * acknowledge, as if it were not there.
	 */
	override sample(): AirSample | undefined {
		if (!this.started) return undefined;
		const answer = this.recovering(() => this.chip.read(6));
		this.started = false;
		const [first = 0, second = 0] = words(this.chip, answer);
		const temperature = this.chip.within("temperature", celsius(first), temperatureRange);
		return {
			thermometer: { temperature },
			hygrometer: { humidity: Math.min(100, Math.max(0, this.family.relativeHumidity(second))) },
		};
	}

	/**
	 * A chip that does not do what it is told may be busy with what somebody else told it: it is stopped, so that the
	 * next attempt finds it ready. There is no waiting for that here.
	 */
	private recovering<T>(action: () => T): T {
		try {
			return action();
		} catch (error) {
			try {
				this.chip.write(...this.family.abort);
			} catch {
				// It is not there at all.
			}
			throw error;
		}
	}
}
