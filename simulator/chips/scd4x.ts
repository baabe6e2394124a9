import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { commandCode, commandWithArgument, rangeToWord, SensirionChip } from "./sensirion-chip";
import type { ChipOptions } from "./simulated-chip";

type Air = "co2" | "temperature" | "humidity" | "pressure";

/** Commands (SCD4x data sheet, "SCD4x Command Overview"). */
const startPeriodic = 0x21b1;
const startLowPowerPeriodic = 0x21ac;
const stopPeriodic = 0x3f86;
const readMeasurement = 0xec05;
const readDataReady = 0xe4b8;
const readSerialNumber = 0x3682;
const readVariant = 0x202f;
const measureSingleShot = 0x219d;
const powerDown = 0x36e0;
const wakeUp = 0x36f6;
const reinitialise = 0x3646;
const persistSettings = 0x3615;
const setTemperatureOffset = 0x241d;
const getTemperatureOffset = 0x2318;
const setAltitude = 0x2427;
const getAltitude = 0x2322;
const setAmbientPressure = 0xe000;
const setSelfCalibration = 0x2416;
const getSelfCalibration = 0x2313;
const forceRecalibration = 0x362f;

/** Durations (same section). */
const stopMs = 500;
const singleShotMs = 5000;
const wakeMs = 30;
const periodMs = 5000;
const lowPowerPeriodMs = 30_000;
const settingMs = 1;
const reinitialiseMs = 30;
const recalibrationMs = 400;
const minRunMs = 180_000;
/** How much it is warmer than the air, degrees Celsius. */
const selfHeating = 4;

/** The upper four bits of the variant ("get_sensor_variant"). */
const variants = { SCD40: 0x0440, SCD41: 0x1440 } as const;

/** The serial number of the data sheet's example ("get_serial_number"). */
const serialNumber = [0xf896, 0x9f07, 0x3bbe] as const;

export interface SCD4xOptions extends ChipOptions<Air> {
	/** Default SCD41. */
	readonly variant?: keyof typeof variants;
}

/** What survives a loss of power, if it was persisted. */
interface SCD4xSettings {
	/** Word: degrees Celsius × 65535 / 175. */
	readonly temperatureOffset: number;
	/** Metres. */
	readonly altitude: number;
	/** 0 or 1. */
	readonly selfCalibration: number;
}

/** `periodMs`: of periodic mode, or the duration of a single shot. */
interface Activity {
	readonly mode: "periodic" | "single shot";
	readonly startedAt: number;
	readonly periodMs: number;
	measurementsDone: number;
}

/** Sensirion SCD40 and SCD41, by commands. */
export class SCD4xChip extends SensirionChip<Air> {
	private readonly variant: keyof typeof variants;
	private activity: Activity | undefined;
	private asleep = false;
	private persisted: SCD4xSettings = {
		temperatureOffset: Math.round((selfHeating * 65535) / 175),
		altitude: 0,
		selfCalibration: 1,
	};
	settings = this.persisted;
	/** Hectopascal; takes precedence over the altitude. */
	ambientPressure: number | undefined;
	/** Of the forced recalibration, ppm. */
	private correction = 0;
	private runMs = 0;
	/** The unread measurement. */
	private data: readonly [number, number, number] | undefined;

	constructor(options: SCD4xOptions) {
		super(options);
		this.variant = options.variant ?? "SCD41";
	}

	/** Whether it is in periodic mode. */
	get periodic(): boolean {
		return this.activity?.mode === "periodic";
	}

	protected override onCommand(bytes: Bytes): void {
		const command = commandCode(bytes);
		if (this.asleep) {
			// It does not acknowledge this command ("wake_up").
			if (command === wakeUp) this.wake();
			throw new NotAcknowledgedError();
		}
		this.update();
		if (command === readDataReady) this.respond(0x8000 | (this.data === undefined ? 0 : 6));
		else if (command === readMeasurement) this.respondMeasurement();
		else if (command === stopPeriodic) this.stop();
		else if (commandWithArgument(bytes)?.[0] === setAmbientPressure) this.set(bytes);
		else if (this.activity !== undefined) throw new NotAcknowledgedError();
		else if (command === undefined) this.set(bytes);
		else this.idleCommand(command);
	}

	private set(bytes: Bytes): void {
		const [code, argument = 0] = commandWithArgument(bytes) ?? [];
		if (code === setTemperatureOffset) this.settings = { ...this.settings, temperatureOffset: argument };
		else if (code === setAltitude) this.settings = { ...this.settings, altitude: argument };
		else if (code === setSelfCalibration) this.settings = { ...this.settings, selfCalibration: argument };
		else if (code === setAmbientPressure) this.ambientPressure = argument;
		else if (code === forceRecalibration) {
			this.recalibrate(argument);
			return;
		} else throw new NotAcknowledgedError();
		this.becomeBusy(settingMs);
	}

	private recalibrate(ppm: number): void {
		const difference = this.runMs < minRunMs ? 0x7fff : ppm - this.words(this.now)[0];
		if (difference !== 0x7fff) this.correction += difference;
		this.respondAfter(recalibrationMs, 0x8000 + difference);
	}

	/** Every read answers a command. */
	protected override get measurement(): undefined {
		return undefined;
	}

	/** Commands that it accepts only while it is idle. */
	private idleCommand(command: number): void {
		if (command === startPeriodic) this.startActivity("periodic", periodMs);
		else if (command === startLowPowerPeriodic) this.startActivity("periodic", lowPowerPeriodMs);
		else if (command === measureSingleShot && this.variant === "SCD41")
			this.startActivity("single shot", singleShotMs);
		else if (command === readSerialNumber) this.respond(...serialNumber);
		else if (command === readVariant) this.respond(variants[this.variant]);
		else if (command === getTemperatureOffset) this.respond(this.settings.temperatureOffset);
		else if (command === getAltitude) this.respond(this.settings.altitude);
		else if (command === getSelfCalibration) this.respond(this.settings.selfCalibration);
		else if (command === persistSettings) this.persisted = this.settings;
		else if (command === reinitialise) {
			this.settings = this.persisted;
			this.ambientPressure = undefined;
			this.becomeBusy(reinitialiseMs);
		} else if (command === powerDown && this.variant === "SCD41") this.asleep = true;
		else throw new NotAcknowledgedError();
	}

	private startActivity(mode: Activity["mode"], durationMs: number): void {
		this.activity = { mode, startedAt: this.now, periodMs: durationMs, measurementsDone: 0 };
		this.data = undefined;
	}

	private stop(): void {
		if (this.activity !== undefined) this.runMs = this.now - this.activity.startedAt;
		this.activity = undefined;
		this.becomeBusy(stopMs);
	}

	private wake(): void {
		this.asleep = false;
		this.becomeBusy(wakeMs);
	}

	/** Empties the buffer; an empty one is not acknowledged ("read_measurement"). */
	private respondMeasurement(): void {
		if (this.data === undefined) return;
		this.respond(...this.data);
		this.data = undefined;
	}

	/** Brings the buffer up to date. */
	private update(): void {
		const activity = this.activity;
		if (
			activity === undefined ||
			!this.hasEnded(activity.startedAt, activity.periodMs * (activity.measurementsDone + 1))
		)
			return;
		const due = activity.startedAt + activity.periodMs * (activity.measurementsDone + 1);
		const more = activity.mode === "periodic" ? Math.floor((this.now - due) / activity.periodMs) : 0;
		activity.measurementsDone += 1 + more;
		this.data = this.words(due + more * activity.periodMs);
		if (activity.mode === "single shot") this.activity = undefined;
	}

	private words(ticks: number): readonly [number, number, number] {
		if (this.fault === "out of range") return [0, 0, 0xffff];
		const { co2, temperature, humidity, pressure } = this.environmentAt(ticks);
		const { temperatureOffset, altitude } = this.settings;
		// Standard atmosphere, unless it was given the pressure.
		const assumed = this.ambientPressure ?? 1013.25 * (1 - 2.25577e-5 * altitude) ** 5.25588;
		const celsius = temperature + selfHeating - (temperatureOffset * 175) / 65535;
		return [
			Math.max(0, Math.round((co2 * pressure) / (100 * assumed) + this.correction)),
			rangeToWord(celsius, -45, 175),
			rangeToWord(humidity, 0, 100),
		];
	}
}
