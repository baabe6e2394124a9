import type { Time } from "../../boards/board";
import type { Value } from "../../reading/reading";
import type { Candidate, OpenReason, SensorDevice, SensorField } from "../drivers/driver";
import { SensorError } from "../sensor-error";
import { Aggregate } from "./aggregate";

export interface SensorSlotOptions {
	readonly candidate: Candidate;
	/** The driver's fields, then the derived ones. */
	readonly fields: readonly SensorField[];
	readonly time: Time;
	/** Why it is opened for the first time. */
	readonly firstReason: Exclude<OpenReason, "failure">;
	/** From the driver's values to those of all fields: calibrates and derives. */
	processValues(values: readonly Value[]): readonly Value[];
	/** The problem has appeared, changed, or gone (`undefined`). */
	onProblem(problem: string | undefined): void;
}

/** All steps together; the SCD41 takes 5.5 s. */
const maxMeasurementMs = 20_000;
/** The ADS1115 takes four. */
const maxMeasurementSteps = 32;

/**
 * A sensor in use: its device, its driver's state, and its values. After a failure it is reset and reopened at the next
 * measurement, because it may have been unplugged or replaced by another of the same type.
 */
export class SensorSlot {
	private readonly options: SensorSlotOptions;
	/** The values since the previous reading, by field. */
	readonly aggregates: readonly Aggregate[];
	/** As the driver has measured them, without the user's calibration. */
	measuredValues: readonly Value[] = [];
	/** The same, calibrated and with the derived ones. */
	private processedValues: readonly Value[] = [];
	private sensorInUse: OpenSensor | undefined;
	private _problem: string | undefined;
	private measurement: Promise<void> | undefined;
	private closed = false;
	private openReason: OpenReason;

	constructor(options: SensorSlotOptions) {
		this.options = options;
		this.openReason = options.firstReason;
		this.aggregates = options.fields.map(({ aggregation }) => new Aggregate(aggregation));
	}

	get candidate(): Candidate {
		return this.options.candidate;
	}

	get sensor(): string {
		return this.options.candidate.sensor;
	}

	get hasUserNames(): true | undefined {
		return this.options.candidate.hasUserNames;
	}

	get fields(): readonly SensorField[] {
		return this.options.fields;
	}

	/** Those of the latest measurement, by field; empty after a failure. */
	get latestValues(): readonly Value[] {
		return this.processedValues.map(validValue);
	}

	/** A sentence; `undefined` while the sensor works. */
	get problem(): string | undefined {
		return this._problem;
	}

	/** While a sensor is open, its address must not be probed. */
	get isOpen(): boolean {
		return this.sensorInUse !== undefined;
	}

	get isMeasuring(): boolean {
		return this.measurement !== undefined;
	}

	/** Measures once, or joins the measurement in progress. Never rejects. */
	measure(): Promise<void> {
		this.measurement ??= this.runMeasurement();
		return this.measurement;
	}

	/** Closes the sensor until the next measurement. */
	fail(problem: string, alreadyReported = false): void {
		this.closeSensor();
		this.openReason = "failure";
		this.processedValues = [];
		this.measuredValues = [];
		if (this._problem === problem) return;
		this._problem = problem;
		if (!alreadyReported) this.options.onProblem(problem);
	}

	close(): void {
		this.closed = true;
		this.closeSensor();
	}

	/** A measurement that fails is repeated once after a reset, unless the chip was reset just before. */
	private async runMeasurement(): Promise<void> {
		const wasReset = this.sensorInUse === undefined && this.openReason !== "wake";
		try {
			// Ends later than this call in any case, as the line after all of them needs it.
			await this.measureOnce();
		} catch (error) {
			await this.measureAgain(wasReset, error);
		}
		this.measurement = undefined;
	}

	private async measureAgain(wasReset: boolean, error: unknown): Promise<void> {
		const { candidate } = this.options;
		try {
			if (wasReset || this.closed || candidate.driver.reset === undefined) throw error;
			this.closeSensor();
			this.openReason = "failure";
			await this.measureOnce();
		} catch (last) {
			if (!this.closed) this.fail(describeSensorError(candidate.sensor, last));
		}
	}

	/** Opens the sensor if necessary. Returns early if it is closed or fails in the meantime. */
	private async measureOnce(): Promise<void> {
		const { candidate, time } = this.options;
		const driver = candidate.driver;
		const endTicks = time.ticks() + maxMeasurementMs;
		if (this.sensorInUse === undefined) {
			const device = candidate.connect();
			const opening = { candidate, device, state: undefined };
			this.sensorInUse = opening;
			const reset = (step: number) => driver.reset?.(device, step, this.openReason) ?? 0;
			const firstMs = reset(0);
			if (firstMs > 0 && !(await this.runSteps(firstMs, reset, endTicks))) return;
			this.sensorInUse = { ...opening, state: driver.open?.(device, candidate.options) };
		}
		const sensor = this.sensorInUse;
		const { device, state } = sensor;
		const waitMs = driver.start(device, state);
		if (driver.proceed === undefined && waitMs > 0 && waitMs <= maxMeasurementMs) {
			// As most do: one step.
			await delay(time, waitMs);
			if (this.sensorInUse !== sensor) return;
		} else {
			const proceed = () => driver.proceed?.(device, state) ?? 0;
			if (!(await this.runSteps(waitMs, proceed, endTicks))) return;
		}
		this.measuredValues = readSensor(sensor);
		this.addValues(this.options.processValues(this.measuredValues));
	}

	/** Waits, and runs the next step, until that returns 0 ms; false if the sensor was closed or has failed meanwhile. */
	private async runSteps(
		firstMs: number,
		next: (step: number) => number,
		endTicks: number,
	): Promise<boolean> {
		const { time } = this.options;
		const sensor = this.sensorInUse;
		let waitMs = firstMs;
		for (let step = 1; step === 1 || waitMs > 0; step++) {
			// NaN is not within the bounds either.
			if (!(waitMs >= 0 && waitMs <= endTicks - time.ticks()) || step > maxMeasurementSteps)
				throw new SensorError(this.sensor, "its measurement takes too long.");
			if (waitMs > 0) await delay(time, waitMs);
			if (this.sensorInUse !== sensor) return false;
			waitMs = next(step);
		}
		return true;
	}

	private addValues(values: readonly Value[]): void {
		const aggregates = this.aggregates;
		const count = aggregates.length;
		for (let index = 0; index < count; index++) aggregates[index]?.add(validValue(values[index]));
		this.processedValues = values;
		if (this._problem === undefined) return;
		this._problem = undefined;
		this.options.onProblem(undefined);
	}

	clearAggregates(): void {
		const aggregates = this.aggregates;
		const count = aggregates.length;
		for (let index = 0; index < count; index++) aggregates[index]?.clear();
	}

	private closeSensor(): void {
		const sensor = this.sensorInUse;
		this.sensorInUse = undefined;
		try {
			sensor?.device.close();
		} catch {
			// It is discarded anyway.
		}
	}
}

/** A sensor that can be measured: its device, and what its driver's `open` returned. */
export interface OpenSensor {
	readonly candidate: Pick<Candidate, "sensor" | "driver">;
	readonly device: SensorDevice;
	readonly state: unknown;
}

/**
 * The values of the measurement, by field. Throws a {@link SensorError} if it has not ended, or a value is
 * out of range.
 */
export function readSensor({ candidate, device, state }: OpenSensor): readonly Value[] {
	const driver = candidate.driver;
	const values = driver.read(device, state);
	if (values === undefined)
		throw new SensorError(candidate.sensor, "its measurement did not end in time. Check its supply.");
	const fields = driver.fields;
	const count = fields.length;
	const checked: Value[] = [];
	for (let index = 0; index < count; index++) {
		const value = values[index];
		checked[index] = value;
		if (typeof value !== "number") continue;
		const field = fields[index];
		const min = field?.min;
		if (min === undefined || field?.max === undefined || (value >= min && value <= field.max)) continue;
		throw new SensorError(
			candidate.sensor,
			`its ${field.name} is out of range. Check its wiring and supply.`,
		);
	}
	return checked;
}

/** JSON has no NaN and no infinity, and a value is never an object. */
function validValue(value: Value): Value {
	if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
	return typeof value === "boolean" || typeof value === "string" ? value : undefined;
}

/** A sentence about the sensor, whatever was thrown. */
function describeSensorError(name: string, error: unknown): string {
	if (error instanceof SensorError) return error.message;
	const reason = error instanceof Error ? error.message : typeof error === "string" ? error : "";
	return `${name}: it cannot be read${reason === "" ? "" : ` (${reason})`}.`;
}

function delay(time: Time, ms: number): Promise<void> {
	return new Promise((resolve) => {
		time.set(resolve, ms);
	});
}
