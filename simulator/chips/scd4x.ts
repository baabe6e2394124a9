import type { Bytes } from "../../src/boards/ecma419";
import { NotAcknowledged } from "../bus";
import { code, SensirionChip, share } from "./sensirion";
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
const stopTime = 500;
const singleShotTime = 5000;
const wakeTime = 30;
const period = 5000;
const lowPowerPeriod = 30_000;

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
	readonly period: number;
	/** Measurements that are done. */
	done: number;
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

	protected override command(bytes: Bytes): void {
		const given = code(bytes);
		if (this.asleep) {
			// It never acknowledges the command that wakes it ("wake_up").
			if (given === wakeUp) this.wake();
			throw new NotAcknowledged();
		}
		this.update();
		if (given === readDataReady) this.answer(0x8000 | (this.data === undefined ? 0 : 6));
		else if (given === readMeasurement) this.take();
		else if (given === stopPeriodic) this.stop();
		else if (this.activity !== undefined || given === undefined) throw new NotAcknowledged();
		else this.idleCommand(given);
	}

	/** Whatever is read answers a question. */
	protected override get measurement(): undefined {
		return undefined;
	}

	/** Those that it takes only while it does not measure. */
	private idleCommand(given: number): void {
		if (given === startPeriodic) this.begin("periodic", period);
		else if (given === startLowPowerPeriodic) this.begin("periodic", lowPowerPeriod);
		else if (given === measureSingleShot && this.variant === "SCD41")
			this.begin("single shot", singleShotTime);
		else if (given === readSerialNumber) this.answer(...serialNumber);
		else if (given === readVariant) this.answer(variants[this.variant]);
		else if (given === powerDown && this.variant === "SCD41") this.asleep = true;
		else throw new NotAcknowledged();
	}

	private begin(mode: Activity["mode"], each: number): void {
		this.activity = { mode, startedAt: this.now, period: each, done: 0 };
		this.data = undefined;
	}

	private stop(): void {
		this.activity = undefined;
		this.busy(stopTime);
	}

	private wake(): void {
		this.asleep = false;
		this.busy(wakeTime);
	}

	/** Reading empties the buffer; an empty one is not acknowledged ("read_measurement"). */
	private take(): void {
		if (this.data === undefined) return;
		this.answer(...this.data);
		this.data = undefined;
	}

	/** Brings the buffer up to the present. */
	private update(): void {
		const activity = this.activity;
		if (activity === undefined || !this.ended(activity.startedAt, activity.period * (activity.done + 1)))
			return;
		const due = activity.startedAt + activity.period * (activity.done + 1);
		const more = activity.mode === "periodic" ? Math.floor((this.now - due) / activity.period) : 0;
		activity.done += 1 + more;
		this.data = this.words(due + more * activity.period);
		if (activity.mode === "single shot") this.activity = undefined;
	}

	private words(ticks: number): readonly [number, number, number] {
		if (this.fault === "out of range") return [0, 0, 0xffff];
		const { co2, temperature, humidity } = this.around(ticks);
		return [Math.round(co2), share(temperature, -45, 175), share(humidity, 0, 100)];
	}
}
