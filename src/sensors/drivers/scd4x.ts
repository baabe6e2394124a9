import { co2, type Driver, humidity, type SensorOptions, temperature } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { commandBytes, parseWords, queryWords, sendCommand, wordToCelsius } from "./sensirion";

/** Commands (SCD4x data sheet, "SCD4x Command Overview"). */
const startPeriodic = 0x21b1;
const startLowPowerPeriodic = 0x21ac;
const stopPeriodic = 0x3f86;
const readMeasurement = 0xec05;
const readDataReady = 0xe4b8;
const readSerialNumber = 0x3682;
const readVariant = 0x202f;
const measureSingleShot = 0x219d;
const wakeUp = 0x36f6;

const reinitialise = 0x3646;
const setTemperatureOffset = 0x241d;
const setAltitude = 0x2427;
const setAmbientPressure = 0xe000;
const setSelfCalibration = 0x2416;
const forceRecalibration = 0x362f;

/** Durations of the commands (same section). */
const stopPeriodicMs = 500;
const singleShotMs = 5000;
const startUpMs = 30;
const settingMs = 1;
const recalibrationMs = 400;
/** It must have measured for three minutes before ("perform_forced_recalibration"). */
const minRunMs = 180_000;
const recalibrationFailed = 0xffff;
/** As the factory has set it: warmer than the air by this, in open air ("set_temperature_offset"). */
const defaultTemperatureOffset = 4;
/** Hectopascal ("set_ambient_pressure"). */
const minPressure = 700;
const maxPressure = 1200;
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
	 * `configuring`: one setting after the other. `single shot`: one measurement in progress. `periodic`: it measures at
	 * its own pace.
	 */
	mode: "unknown" | "stopping" | "recalibrating" | "configuring" | "idle" | "single shot" | "periodic";
	readonly options: SensorOptions;
	/** Idle in between: an SCD41 measures once each time, an SCD40 each 30 seconds. */
	readonly lowPower: boolean;
	/** Commands still to send in the mode `configuring`. */
	commands: (readonly number[])[];
	/** Hectopascal, as it was sent to the chip. */
	ambientPressure: number | undefined;
	/** How long it has measured. */
	runMs: number;
	isRecalibrated: boolean;
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
		for (const [command, count] of [[readSerialNumber, 3] as const, [readDataReady, 1] as const])
			try {
				return queryWords(chip, command, count).length > 0;
			} catch {
				// It may be busy with the other.
			}
		sendCommand(chip, wakeUp);
		return false;
	},

	/** After a sleep of the board it may be measuring, and is left alone. */
	reset(chip, step, reason) {
		if (reason === "wake" || step === 3) return 0;
		if (step === 2) {
			sendCommand(chip, reinitialise);
			return startUpMs;
		}
		try {
			isDataReady(chip);
		} catch (error) {
			if (step > 0) throw error;
			// Powered down by a command, it wakes up with this one within 30 ms, without an acknowledge.
			chip.tryWrite(...commandBytes(wakeUp));
		}
		if (step === 0) return startUpMs;
		sendCommand(chip, stopPeriodic);
		return stopPeriodicMs;
	},

	open(chip, options) {
		const { intervalMs = normalPeriodMs, onBattery = false } = options;
		// The only command that it answers in every mode.
		isDataReady(chip);
		const lowPower = onBattery || intervalMs >= minLowPowerIntervalMs;
		const periodMs = lowPower ? lowPowerPeriodMs : normalPeriodMs;
		return {
			mode: "unknown",
			options,
			lowPower,
			commands: [],
			ambientPressure: undefined,
			runMs: 0,
			isRecalibrated: options.recalibration?.isDone() !== false,
			emptyReads: 0,
			// One more, because neither clock is exact.
			maxEmptyReads: 1 + Math.ceil(periodMs / intervalMs),
		};
	},

	start(chip, state) {
		const isPeriodic = state.mode === "periodic";
		if (isPeriodic && (state.isRecalibrated || state.runMs < minRunMs)) {
			const [command] = pressureCommands(state);
			if (command === undefined) return 0;
			chip.write(...command);
			return settingMs;
		}
		if (state.mode === "idle") return configure(chip, state, pressureCommands(state));
		if (state.mode !== "unknown" && !isPeriodic) return measure(chip, state);
		if (readVariantCode(chip) !== undefined) return configureAll(chip, state);
		// After a sleep of the board an SCD41 is idle, and an SCD40 in periodic mode.
		if (!isPeriodic && state.lowPower && isDataReady(chip)) return enterPeriodicMode(state);
		sendCommand(chip, stopPeriodic);
		state.mode = "stopping";
		return stopPeriodicMs;
	},

	proceed(chip, state) {
		const { mode, options } = state;
		if (mode === "configuring") return sendNext(chip, state);
		if (mode === "stopping" && !state.isRecalibrated && state.runMs >= minRunMs && options.recalibration) {
			sendCommand(chip, forceRecalibration, options.recalibration.ppm);
			state.mode = "recalibrating";
			return recalibrationMs;
		}
		if (mode === "recalibrating") finishRecalibration(chip, state);
		return mode === "stopping" || mode === "recalibrating" ? configureAll(chip, state) : 0;
	},

	read(chip, state) {
		if (state.mode !== "periodic" && state.mode !== "single shot") return undefined;
		if (!isDataReady(chip)) {
			if (state.mode === "periodic" && ++state.emptyReads <= state.maxEmptyReads) return [];
			throw chip.error("it no longer measures. Check its supply: it draws up to 0.2 ampere.");
		}
		state.emptyReads = 0;
		state.runMs += state.options.intervalMs ?? normalPeriodMs;
		if (state.mode === "single shot") state.mode = "idle";
		const [ppm = 0, first = 0, second = 0] = queryWords(chip, readMeasurement, 3);
		return [ppm, wordToCelsius(first), (100 * second) / 65535];
	},
});

/** The settings are the board's, whatever another program has stored in the chip. */
function configureAll(chip: I2CDevice, state: SCD4xState): number {
	const {
		temperatureOffset = defaultTemperatureOffset,
		altitudeMetres = 0,
		selfCalibration = true,
	} = state.options;
	state.ambientPressure = undefined;
	return configure(chip, state, [
		commandBytes(setTemperatureOffset, Math.round((temperatureOffset * 65535) / 175)),
		commandBytes(setAltitude, Math.max(0, Math.round(altitudeMetres))),
		commandBytes(setSelfCalibration, selfCalibration ? 1 : 0),
		...pressureCommands(state),
	]);
}

/** Of an idle chip, which measures afterwards. */
function configure(chip: I2CDevice, state: SCD4xState, commands: (readonly number[])[]): number {
	state.mode = "configuring";
	state.commands = commands;
	return sendNext(chip, state);
}

function sendNext(chip: I2CDevice, state: SCD4xState): number {
	const command = state.commands.shift();
	if (command === undefined) return measure(chip, state);
	chip.write(...command);
	return settingMs;
}

/** The command with the pressure that a barometer of the board has measured, if it is not the one that was sent. */
function pressureCommands(state: SCD4xState): (readonly number[])[] {
	const pressure = Math.round(state.options.surroundings?.().pressure ?? 0);
	if (pressure < minPressure || pressure > maxPressure || pressure === state.ambientPressure) return [];
	state.ambientPressure = pressure;
	return [commandBytes(setAmbientPressure, pressure)];
}

function finishRecalibration(chip: I2CDevice, state: SCD4xState): void {
	state.runMs = 0;
	const [correction] = parseWords(chip, chip.read(3));
	if (correction === recalibrationFailed)
		throw chip.error("its recalibration has failed. Keep it in air with a constant concentration.");
	state.isRecalibrated = true;
	state.options.recalibration?.onDone();
}

/** Of an idle chip. */
function measure(chip: I2CDevice, state: SCD4xState): number {
	if (state.lowPower && readVariantCode(chip) !== scd40VariantCode) {
		sendCommand(chip, measureSingleShot);
		state.mode = "single shot";
		return singleShotMs;
	}
	sendCommand(chip, state.lowPower ? startLowPowerPeriodic : startPeriodic);
	return enterPeriodicMode(state);
}

function enterPeriodicMode(state: SCD4xState): number {
	state.mode = "periodic";
	state.emptyReads = 0;
	return 0;
}

function isDataReady(chip: I2CDevice): boolean {
	const [status = 0] = queryWords(chip, readDataReady, 1);
	return (status & dataReady) !== 0;
}

/** `undefined` unless the chip is idle. */
function readVariantCode(chip: I2CDevice): number | undefined {
	try {
		const [word = 0] = queryWords(chip, readVariant, 1);
		return word >> 12;
	} catch {
		return undefined;
	}
}
