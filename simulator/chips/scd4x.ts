import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledgedError } from "../hardware/i2c-bus";
import { commandCode, rangeToWord, SensirionChip } from "./sensirion-chip";
import type { ChipOptions } from "./simulated-chip";

type Air = "co2" | "temperature" | "humidity";

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

/** Durations (same section). */
const stopMs = 500;
const singleShotMs = 5000;
const wakeMs = 30;
const periodMs = 5000;
const lowPowerPeriodMs = 30_000;

/** The upper four bits of the variant ("get_sensor_variant"). */
const variants = { SCD40: 0x0440, SCD41: 0x1440 } as const;

/** The serial number of the data sheet's example ("get_serial_number"). */
const serialNumber = [0xf896, 0x9f07, 0x3bbe] as const;

export interface SCD4xOptions extends ChipOptions<Air> {
	/** Default SCD41. */
	readonly variant?: keyof typeof variants;
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
		else if (this.activity !== undefined || command === undefined) throw new NotAcknowledgedError();
		else this.idleCommand(command);
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
		else if (command === powerDown && this.variant === "SCD41") this.asleep = true;
		else throw new NotAcknowledgedError();
	}

	private startActivity(mode: Activity["mode"], durationMs: number): void {
		this.activity = { mode, startedAt: this.now, periodMs: durationMs, measurementsDone: 0 };
		this.data = undefined;
	}

	private stop(): void {
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
		const { co2, temperature, humidity } = this.environmentAt(ticks);
		return [Math.round(co2), rangeToWord(temperature, -45, 175), rangeToWord(humidity, 0, 100)];
	}
}
