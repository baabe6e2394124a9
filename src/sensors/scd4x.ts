import { ChipDriver } from "./chip-driver";
import { driverKind } from "./driver-kind";
import { co2, humidity, temperature } from "./fields";
import type { DriverOptions, Peripheral } from "./peripheral";
import type { CarbonDioxideDetector, Hygrometer, Thermometer } from "./samples";
import { celsius, command, words } from "./sensirion";

/** Commands (SCD4x data sheet, "SCD4x Command Overview"). */
const startPeriodic = command(0x21b1);
const startLowPowerPeriodic = command(0x21ac);
const stopPeriodic = command(0x3f86);
const readMeasurement = command(0xec05);
const readDataReady = command(0xe4b8);
const readSerialNumber = command(0x3682);
const readVariant = command(0x202f);
const measureSingleShot = command(0x219d);
const wakeUp = command(0x36f6);

/** Milliseconds that the commands take (there). */
const stopping = 500;
const singleShotDuration = 5000;
/** From one measurement to the next: normal, and with low power ("start_periodic_measurement", "start_low_power_periodic_measurement"). */
const cadence = Object.freeze({ normal: 5000, low: 30_000 });

/** Any of these bits: there is a measurement that was not read yet ("get_data_ready_status"). */
const dataReady = 0x07ff;
/** The upper four bits of the variant: the SCD40 cannot measure once ("get_sensor_variant", since version 1.5). */
const variantSCD40 = 0;

/** What it can tell ("Output range"); 0 ppm is no air. */
const co2Range = Object.freeze([1, 40_000] as const);
const temperatureRange = Object.freeze([-40, 85] as const);

export interface SCD4xConfiguration {
	/** Milliseconds from one call of `start` to the next: how long it may have nothing new. 5000 at first. */
	readonly interval?: number;
	/** Idle in between: an SCD41 measures once each time, an SCD40 only each 30 seconds. */
	readonly rests?: boolean;
}

/** The temperature is that of the air in the sensor, less its usual warmth. */
export type SCD4xSample = CarbonDioxideDetector & Thermometer & Hygrometer;

/**
 * Where it stands. `unknown`: as somebody else left it, or we before a restart. `stopping`: it takes no command yet.
 * `measuring`: once. `periodic`: by itself, each five or thirty seconds.
 */
type State = "unknown" | "stopping" | "idle" | "measuring" | "periodic";

/**
 * Sensirion SCD40, SCD41 and SCD43: carbon dioxide, temperature and humidity. It measures by itself, and tells what it
 * has; a measurement that is not there yet is no fault, unless it stays away.
 */
export class SCD4x extends ChipDriver<SCD4xSample> {
	private state: State = "unknown";
	private interval: number = cadence.normal;
	private rests = false;
	/** Samples in a row that had nothing new. */
	private missed = 0;
	/** Milliseconds between two measurements of periodic mode. */
	private cadence: number = cadence.normal;

	/** Throws a `SensorError` when there is no SCD4x at the address. */
	constructor(options: DriverOptions) {
		// The only question that it answers in every state.
		super("SCD4x", options, (chip) => isReady(chip));
	}

	override configure({ interval = this.interval, rests = this.rests }: SCD4xConfiguration): void {
		this.interval = interval;
		this.rests = rests;
	}

	override start(): number {
		if (this.state === "periodic") return 0;
		if (this.state !== "unknown") return this.begin();
		if (this.rests) {
			// Idle, as an SCD41 is left over a sleep; or measuring by itself, as an SCD40 is.
			if (variant(this.chip) !== undefined) return this.begin();
			if (isReady(this.chip)) return this.goOn();
		}
		this.chip.write(...stopPeriodic);
		this.state = "stopping";
		return stopping;
	}

	override proceed(): number {
		return this.state === "stopping" ? this.begin() : 0;
	}

	override sample(): SCD4xSample | undefined {
		if (this.state !== "periodic" && this.state !== "measuring") return undefined;
		if (!isReady(this.chip)) return this.nothingNew();
		this.missed = 0;
		if (this.state === "measuring") this.state = "idle";
		const [ppm = 0, first = 0, second = 0] = words(this.chip, this.chip.ask(readMeasurement, 9));
		return {
			carbonDioxideDetector: { CO2: this.chip.within("CO2 concentration", ppm, co2Range) },
			thermometer: { temperature: this.chip.within("temperature", celsius(first), temperatureRange) },
			hygrometer: { humidity: (100 * second) / 65535 },
		};
	}

	/** It is idle: has it measure. */
	private begin(): number {
		if (this.rests && variant(this.chip) !== variantSCD40) {
			this.chip.write(...measureSingleShot);
			this.state = "measuring";
			return singleShotDuration;
		}
		this.chip.write(...(this.rests ? startLowPowerPeriodic : startPeriodic));
		return this.goOn();
	}

	private goOn(): number {
		this.state = "periodic";
		this.cadence = this.rests ? cadence.low : cadence.normal;
		this.missed = 0;
		return 0;
	}

	/** Periodic mode may have nothing for as long as its cadence, and once more because nobody counts exactly. */
	private nothingNew(): undefined {
		this.missed++;
		if (this.state === "periodic" && this.missed <= 1 + Math.ceil(this.cadence / this.interval))
			return undefined;
		throw this.chip.error("it measures nothing more. Check its supply: it takes 0.2 ampere at times.");
	}
}

function isReady(chip: Peripheral): boolean {
	const [status = 0] = words(chip, chip.ask(readDataReady, 3));
	return (status & dataReady) !== 0;
}

/** Only an idle chip tells it; `undefined` otherwise. */
function variant(chip: Peripheral): number | undefined {
	try {
		const [told = 0] = words(chip, chip.ask(readVariant, 3));
		return told >> 12;
	} catch {
		return undefined;
	}
}

/** Whether it tells its serial number, or, while it measures, whether it is ready, with the right checksum. */
function isSCD4x(chip: Peripheral): boolean {
	for (const [question, length] of [[readSerialNumber, 9] as const, [readDataReady, 3] as const])
		try {
			return words(chip, chip.ask(question, length)).length > 0;
		} catch {
			// It may be busy with the other.
		}
	// It may have been switched off by a command. It does not acknowledge the one that wakes it, and takes 30 ms.
	chip.write(...wakeUp);
	return false;
}

/** So long a pause is worth to be idle in, milliseconds: the air of five minutes is what its calibration counts on. */
const longInterval = 300_000;

export const scd4x = driverKind<SCD4xSample>({
	name: "SCD4x",
	addresses: [0x62],
	isThis: isSCD4x,
	open(options, { interval = cadence.normal, battery = false }) {
		const driver = new SCD4x(options);
		driver.configure({ interval, rests: battery || interval >= longInterval });
		return driver;
	},
	fields: [co2, temperature, humidity],
	values: ({ carbonDioxideDetector, thermometer, hygrometer }) => [
		carbonDioxideDetector.CO2,
		thermometer.temperature,
		hygrometer.humidity,
	],
	mayLag: true,
});
