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
	/** From the driver's values to those of all fields: calibrates and derives. Left out if they are the same. */
	processValues?(values: readonly Value[]): readonly Value[];
	/** The problem has appeared, changed, or gone (`undefined`). */
	onProblem(problem: string | undefined): void;
}

/** All steps together; the SCD41 takes 5.5 s. */
const maxMeasurementMs = 20_000;
/** The ADS1115 takes four. */
const maxMeasurementSteps = 32;

const noValues: readonly Value[] = Object.freeze([]);

/**
 * A sensor in use: its device, its driver's state, and its values. After a failure it is reset and reopened at the next
 * measurement, because it may have been unplugged or replaced by another of the same type.
 */
export class SensorSlot {
	private readonly options: SensorSlotOptions;
	/** Of the first measurement since the previous reading, by field; in most readings it is the only one. */
	newValues = noValues;
	/** Of all measurements since the previous reading, by field, if there are several. */
	aggregates: readonly Aggregate[] | undefined;
	/** As the driver has measured them last, without the user's calibration; empty after a failure. */
	measuredValues = noValues;
	/** The same, calibrated and with the derived ones. */
	latestValues = noValues;
	private sensorInUse: OpenSensor | undefined;
	private _problem: string | undefined;
	private measurement: Promise<void> | undefined;
	private closed = false;
	private openReason: OpenReason;

	constructor(options: SensorSlotOptions) {
		this.options = options;
		this.openReason = options.firstReason;
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
		this.latestValues = noValues;
		this.measuredValues = noValues;
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
		const sensor = this.sensorInUse;
		const { driver } = this.options.candidate;
		const wasReset = sensor === undefined && this.openReason !== "wake";
		try {
			if (sensor === undefined || driver.proceed !== undefined) await this.measureInSteps();
			else {
				// As most do: a sensor that is open, and one step. It ends later than this call in any case, as the line
				// after all of them needs it.
				await this.delay(driver.start(sensor.device, sensor.state));
				if (this.sensorInUse === sensor) this.addValues(readSensor(sensor));
			}
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
			await this.measureInSteps();
		} catch (last) {
			if (!this.closed) this.fail(describeSensorError(candidate.sensor, last));
		}
	}

	/** Opens the sensor if necessary. Returns early if it is closed or fails in the meantime. */
	private async measureInSteps(): Promise<void> {
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
		const firstMs = driver.start(device, state);
		if (driver.proceed !== undefined) {
			const proceed = () => driver.proceed?.(device, state) ?? 0;
			if (!(await this.runSteps(firstMs, proceed, endTicks))) return;
		} else {
			await this.delay(firstMs);
			if (this.sensorInUse !== sensor) return;
		}
		this.addValues(readSensor(sensor));
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
			if (step > maxMeasurementSteps) throw this.durationError();
			await this.delay(waitMs, endTicks - time.ticks());
			if (this.sensorInUse !== sensor) return false;
			waitMs = next(step);
		}
		return true;
	}

	/** Throws a {@link SensorError} for a time that is longer than `maxMs`, or none at all. */
	private delay(ms: number, maxMs = maxMeasurementMs): Promise<void> {
		// NaN is not within the bounds either.
		if (!(ms >= 0 && ms <= maxMs)) throw this.durationError();
		if (ms === 0) return Promise.resolve();
		return new Promise((resolve) => {
			this.options.time.set(resolve, ms);
		});
	}

	private durationError(): SensorError {
		return new SensorError(this.sensor, "its measurement takes too long.");
	}

	/** `measured`: the driver's. */
	private addValues(measured: readonly Value[]): void {
		const { options } = this;
		const values = options.processValues === undefined ? measured : options.processValues(measured);
		this.measuredValues = measured;
		this.latestValues = values;
		if (this.newValues === noValues) this.newValues = values;
		else this.aggregate(values);
		if (this._problem === undefined) return;
		this._problem = undefined;
		options.onProblem(undefined);
	}

	private aggregate(values: readonly Value[]): void {
		this.aggregates ??= this.fields.map(({ aggregation }, index) => {
			const aggregate = new Aggregate(aggregation);
			aggregate.add(this.newValues[index]);
			return aggregate;
		});
		this.aggregates.forEach((aggregate, index) => {
			aggregate.add(values[index]);
		});
	}

	/** All new values are in a reading. */
	clearNewValues(): void {
		this.newValues = noValues;
		this.aggregates = undefined;
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
	for (let index = 0; index < count; index++) {
		const value = values[index];
		const field = fields[index];
		const min = field?.min;
		if (min === undefined || field?.max === undefined || typeof value !== "number") continue;
		if (value >= min && value <= field.max) continue;
		throw new SensorError(
			candidate.sensor,
			`its ${field.name} is out of range. Check its wiring and supply.`,
		);
	}
	// What a driver leaves out at the end was not measured.
	return values.length === count ? values : fields.map((_, index) => values[index]);
}

/** A sentence about the sensor, whatever was thrown. */
function describeSensorError(name: string, error: unknown): string {
	if (error instanceof SensorError) return error.message;
	const reason = error instanceof Error ? error.message : typeof error === "string" ? error : "";
	return `${name}: it cannot be read${reason === "" ? "" : ` (${reason})`}.`;
}
