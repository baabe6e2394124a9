import { ChipDriver } from "./chip-driver";
import { defineDriver } from "./define-driver";
import type { CarbonDioxideDetector, Hygrometer, Thermometer } from "./ecma419-samples";
import { co2, humidity, temperature } from "./fields";
import type { I2CDevice, I2CDeviceOptions } from "./i2c-device";
import { commandBytes, parseWords, wordToCelsius } from "./sensirion";

/** Commands (SCD4x data sheet, "SCD4x Command Overview"). */
const startPeriodic = commandBytes(0x21b1);
const startLowPowerPeriodic = commandBytes(0x21ac);
const stopPeriodic = commandBytes(0x3f86);
const readMeasurement = commandBytes(0xec05);
const readDataReady = commandBytes(0xe4b8);
const readSerialNumber = commandBytes(0x3682);
const readVariant = commandBytes(0x202f);
const measureSingleShot = commandBytes(0x219d);
const wakeUp = commandBytes(0x36f6);

/** Milliseconds that the commands take (there). */
const stopPeriodicMs = 500;
const singleShotMs = 5000;
/** From one measurement to the next: normal, and with low power ("start_periodic_measurement", "start_low_power_periodic_measurement"). */
const periodMs = Object.freeze({ normal: 5000, low: 30_000 });

/** Any of these bits: there is a measurement that was not read yet ("get_data_ready_status"). */
const dataReady = 0x07ff;
/** The upper four bits of the variant: the SCD40 cannot measure once ("get_sensor_variant", since version 1.5). */
const scd40VariantCode = 0;

/** What it can tell ("Output range"); 0 ppm is no air. */
const co2RangePpm = Object.freeze([1, 40_000] as const);
const temperatureRangeC = Object.freeze([-40, 85] as const);

export interface SCD4xConfiguration {
	/** Milliseconds from one call of `start` to the next: how long it may have nothing new. 5000 at first. */
	readonly intervalMs?: number;
	/** Idle in between: an SCD41 measures once each time, an SCD40 only each 30 seconds. */
	readonly lowPower?: boolean;
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
	private intervalMs: number = periodMs.normal;
	private lowPower = false;
	/** Samples in a row that had nothing new. */
	private emptySamples = 0;
	/** Milliseconds between two measurements of periodic mode. */
	private periodMs: number = periodMs.normal;

	/** Throws a `SensorError` when there is no SCD4x at the address. */
	constructor(options: I2CDeviceOptions) {
		// The only question that it answers in every state.
		super("SCD4x", options, (chip) => isDataReady(chip));
	}

	override configure({ intervalMs = this.intervalMs, lowPower = this.lowPower }: SCD4xConfiguration): void {
		this.intervalMs = intervalMs;
		this.lowPower = lowPower;
	}

	override start(): number {
		if (this.state === "periodic") return 0;
		if (this.state !== "unknown") return this.startMeasuring();
		if (this.lowPower) {
			// Idle, as an SCD41 is left over a sleep; or measuring by itself, as an SCD40 is.
			if (readVariantCode(this.chip) !== undefined) return this.startMeasuring();
			if (isDataReady(this.chip)) return this.enterPeriodicMode();
		}
		this.chip.write(...stopPeriodic);
		this.state = "stopping";
		return stopPeriodicMs;
	}

	override proceed(): number {
		return this.state === "stopping" ? this.startMeasuring() : 0;
	}

	override sample(): SCD4xSample | undefined {
		if (this.state !== "periodic" && this.state !== "measuring") return undefined;
		if (!isDataReady(this.chip)) return this.onNoNewData();
		this.emptySamples = 0;
		if (this.state === "measuring") this.state = "idle";
		const [ppm = 0, first = 0, second = 0] = parseWords(this.chip, this.chip.query(readMeasurement, 9));
		return {
			carbonDioxideDetector: { CO2: this.chip.checkRange("CO2 concentration", ppm, co2RangePpm) },
			thermometer: {
				temperature: this.chip.checkRange("temperature", wordToCelsius(first), temperatureRangeC),
			},
			hygrometer: { humidity: (100 * second) / 65535 },
		};
	}

	/** It is idle: has it measure. */
	private startMeasuring(): number {
		if (this.lowPower && readVariantCode(this.chip) !== scd40VariantCode) {
			this.chip.write(...measureSingleShot);
			this.state = "measuring";
			return singleShotMs;
		}
		this.chip.write(...(this.lowPower ? startLowPowerPeriodic : startPeriodic));
		return this.enterPeriodicMode();
	}

	private enterPeriodicMode(): number {
		this.state = "periodic";
		this.periodMs = this.lowPower ? periodMs.low : periodMs.normal;
		this.emptySamples = 0;
		return 0;
	}

	/** Periodic mode may have nothing for as long as its cadence, and once more because nobody counts exactly. */
	private onNoNewData(): undefined {
		this.emptySamples++;
		if (this.state === "periodic" && this.emptySamples <= 1 + Math.ceil(this.periodMs / this.intervalMs))
			return undefined;
		throw this.chip.error("it measures nothing more. Check its supply: it takes 0.2 ampere at times.");
	}
}

function isDataReady(chip: I2CDevice): boolean {
	const [status = 0] = parseWords(chip, chip.query(readDataReady, 3));
	return (status & dataReady) !== 0;
}

/** Only an idle chip tells it; `undefined` otherwise. */
function readVariantCode(chip: I2CDevice): number | undefined {
	try {
		const [word = 0] = parseWords(chip, chip.query(readVariant, 3));
		return word >> 12;
	} catch {
		return undefined;
	}
}

/** Whether it tells its serial number, or, while it measures, whether it is ready, with the right checksum. */
function isSCD4x(chip: I2CDevice): boolean {
	for (const [command, length] of [[readSerialNumber, 9] as const, [readDataReady, 3] as const])
		try {
			return parseWords(chip, chip.query(command, length)).length > 0;
		} catch {
			// It may be busy with the other.
		}
	// It may have been switched off by a command. It does not acknowledge the one that wakes it, and takes 30 ms.
	chip.write(...wakeUp);
	return false;
}

/** So long a pause is worth to be idle in, milliseconds: the air of five minutes is what its calibration counts on. */
const minLowPowerIntervalMs = 300_000;

export const scd4x = defineDriver<SCD4xSample>({
	name: "SCD4x",
	addresses: [0x62],
	matches: isSCD4x,
	open(options, { intervalMs = periodMs.normal, onBattery = false }) {
		const driver = new SCD4x(options);
		driver.configure({ intervalMs, lowPower: onBattery || intervalMs >= minLowPowerIntervalMs });
		return driver;
	},
	fields: [co2, temperature, humidity],
	values: ({ carbonDioxideDetector, thermometer, hygrometer }) => [
		carbonDioxideDetector.CO2,
		thermometer.temperature,
		hygrometer.humidity,
	],
	mayHaveNoNewData: true,
});
