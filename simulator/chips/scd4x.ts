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

/** Milliseconds (there). */
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
	/** SCD41 when left out. */
	readonly variant?: keyof typeof variants;
}

/** What it does: `period` is that of periodic mode, and how long a single shot takes. */
interface Activity {
	readonly mode: "periodic" | "single shot";
	readonly startedAt: number;
	readonly periodMs: number;
	/** Measurements that are done. */
	measurementsDone: number;
}

/** Sensirion's SCD40 and SCD41, by commands. */
export class SCD4xChip extends SensirionChip<Air> {
	private readonly variant: keyof typeof variants;
	private activity: Activity | undefined;
	private asleep = false;
	/** What was measured last and not read yet. */
	private data: readonly [number, number, number] | undefined;

	constructor(options: SCD4xOptions) {
		super(options);
		this.variant = options.variant ?? "SCD41";
	}

	/** Whether it measures by itself. */
	get periodic(): boolean {
		return this.activity?.mode === "periodic";
	}

	protected override onCommand(bytes: Bytes): void {
		const given = commandCode(bytes);
		if (this.asleep) {
			// It never acknowledges the command that wakes it ("wake_up").
			if (given === wakeUp) this.wake();
			throw new NotAcknowledgedError();
		}
		this.update();
		if (given === readDataReady) this.respond(0x8000 | (this.data === undefined ? 0 : 6));
		else if (given === readMeasurement) this.respondMeasurement();
		else if (given === stopPeriodic) this.stop();
		else if (this.activity !== undefined || given === undefined) throw new NotAcknowledgedError();
		else this.idleCommand(given);
	}

	/** Whatever is read answers a question. */
	protected override get measurement(): undefined {
		return undefined;
	}

	/** Those that it takes only while it does not measure. */
	private idleCommand(given: number): void {
		if (given === startPeriodic) this.startActivity("periodic", periodMs);
		else if (given === startLowPowerPeriodic) this.startActivity("periodic", lowPowerPeriodMs);
		else if (given === measureSingleShot && this.variant === "SCD41")
			this.startActivity("single shot", singleShotMs);
		else if (given === readSerialNumber) this.respond(...serialNumber);
		else if (given === readVariant) this.respond(variants[this.variant]);
		else if (given === powerDown && this.variant === "SCD41") this.asleep = true;
		else throw new NotAcknowledgedError();
	}

	private startActivity(mode: Activity["mode"], each: number): void {
		this.activity = { mode, startedAt: this.now, periodMs: each, measurementsDone: 0 };
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

	/** Reading empties the buffer; an empty one is not acknowledged ("read_measurement"). */
	private respondMeasurement(): void {
		if (this.data === undefined) return;
		this.respond(...this.data);
		this.data = undefined;
	}

	/** Brings the buffer up to the present. */
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
