import { co2, type Driver, humidity, temperature } from "./driver";
import type { I2CDevice } from "./i2c-device";
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

/** Durations of the commands (same section). */
const stopPeriodicMs = 500;
const singleShotMs = 5000;
/** Between measurements ("start_periodic_measurement", "start_low_power_periodic_measurement"). */
const normalPeriodMs = 5000;
const lowPowerPeriodMs = 30_000;
/**
 * From this interval on, it is idle in between: its self-calibration assumes one measurement in five minutes.
 */
const minLowPowerIntervalMs = 300_000;

/** If any of these bits is set, there is an unread measurement ("get_data_ready_status"). */
const dataReady = 0x07ff;
/** Upper four bits of the variant: the SCD40 has no single shot ("get_sensor_variant", since version 1.5). */
const scd40VariantCode = 0;

interface SCD4xState {
	/**
	 * `unknown`: as another program, or this one before a restart, has left it. `stopping`: it takes no command yet.
	 * `single shot`: one measurement in progress. `periodic`: it measures at its own pace.
	 */
	mode: "unknown" | "stopping" | "idle" | "single shot" | "periodic";
	/** Idle in between: an SCD41 measures once each time, an SCD40 each 30 seconds. */
	readonly lowPower: boolean;
	/** Reads in a row that had no new data, and how many of them are normal in periodic mode. */
	emptyReads: number;
	readonly maxEmptyReads: number;
}

/**
 * Sensirion SCD40, SCD41 and SCD43: carbon dioxide, temperature and humidity. It measures at its own pace; no
 * new data is not an error, unless it lasts.
 */
export const scd4x = Object.freeze<Driver<SCD4xState>>({
	name: "SCD4x",
	addresses: Object.freeze([0x62]),
	// "Output range"; 0 ppm means that CO2 was not measured.
	fields: Object.freeze([
		Object.freeze({ ...co2, min: 1, max: 40_000 }),
		Object.freeze({ ...temperature, min: -40, max: 85 }),
		humidity,
	]),

	/** Its serial number has the right checksum, or, while it measures, its data ready status has. */
	matches(chip) {
		for (const [command, length] of [[readSerialNumber, 9] as const, [readDataReady, 3] as const])
			try {
				return parseWords(chip, chip.query(command, length)).length > 0;
			} catch {
				// It may be busy with the other.
			}
		// Powered down by a command, it wakes up with this one within 30 ms, without an acknowledge.
		chip.write(...wakeUp);
		return false;
	},

	open(chip, { intervalMs = normalPeriodMs, onBattery = false }) {
		// The only command that it answers in every mode.
		isDataReady(chip);
		const lowPower = onBattery || intervalMs >= minLowPowerIntervalMs;
		const periodMs = lowPower ? lowPowerPeriodMs : normalPeriodMs;
		// One more, because neither clock is exact.
		return { mode: "unknown", lowPower, emptyReads: 0, maxEmptyReads: 1 + Math.ceil(periodMs / intervalMs) };
	},

	start(chip, state) {
		if (state.mode === "periodic") return 0;
		if (state.mode !== "unknown") return measure(chip, state);
		if (state.lowPower) {
			// After a sleep of the board an SCD41 is idle, and an SCD40 in periodic mode.
			if (readVariantCode(chip) !== undefined) return measure(chip, state);
			if (isDataReady(chip)) return enterPeriodicMode(state);
		}
		chip.write(...stopPeriodic);
		state.mode = "stopping";
		return stopPeriodicMs;
	},

	proceed: (chip, state) => (state.mode === "stopping" ? measure(chip, state) : 0),

	read(chip, state) {
		if (state.mode !== "periodic" && state.mode !== "single shot") return undefined;
		if (!isDataReady(chip)) {
			if (state.mode === "periodic" && ++state.emptyReads <= state.maxEmptyReads) return [];
			throw chip.error("it no longer measures. Check its supply: it draws up to 0.2 ampere.");
		}
		state.emptyReads = 0;
		if (state.mode === "single shot") state.mode = "idle";
		const [ppm = 0, first = 0, second = 0] = parseWords(chip, chip.query(readMeasurement, 9));
		return [ppm, wordToCelsius(first), (100 * second) / 65535];
	},
});

/** Of an idle chip. */
function measure(chip: I2CDevice, state: SCD4xState): number {
	if (state.lowPower && readVariantCode(chip) !== scd40VariantCode) {
		chip.write(...measureSingleShot);
		state.mode = "single shot";
		return singleShotMs;
	}
	chip.write(...(state.lowPower ? startLowPowerPeriodic : startPeriodic));
	return enterPeriodicMode(state);
}

function enterPeriodicMode(state: SCD4xState): number {
	state.mode = "periodic";
	state.emptyReads = 0;
	return 0;
}

function isDataReady(chip: I2CDevice): boolean {
	const [status = 0] = parseWords(chip, chip.query(readDataReady, 3));
	return (status & dataReady) !== 0;
}

/** `undefined` unless the chip is idle. */
function readVariantCode(chip: I2CDevice): number | undefined {
	try {
		const [word = 0] = parseWords(chip, chip.query(readVariant, 3));
		return word >> 12;
	} catch {
		return undefined;
	}
}
