import type { Time } from "../../boards/board";
import type { Value } from "../../reading/reading";
import type { Candidate, Measurable } from "../candidate";
import { SensorError } from "../sensor-error";
import { Aggregate } from "./aggregate";
import type { SourceField } from "./field-layout";

export interface SensorSlotOptions {
	readonly candidate: Candidate;
	/** What the sensor measures, and after that what is worked out from it. */
	readonly fields: readonly SourceField[];
	readonly time: Time;
	/** The values of the fields from what the sensor has read: calibrated, and what follows from them. */
	processValues(values: readonly Value[]): readonly Value[];
	/** Its problem has come, changed, or gone (`undefined`). */
	onProblem(problem: string | undefined): void;
}

/** Milliseconds that a measurement may take, all its steps together. The SCD41 takes 5.5 s. */
const maxMeasurementMs = 20_000;
/** The ADS1115 takes four. */
const maxMeasurementSteps = 32;

/**
 * A sensor that was found, well or not. One that fails is set up anew at the next measurement, until it is back: it may
 * have been unplugged, or another one of its kind may be in its place.
 */
export class SensorSlot {
	private readonly options: SensorSlotOptions;
	/** The values since the reading before, by field. */
	readonly aggregates: readonly Aggregate[];
	/** Those of the newest measurement; none where it failed. */
	latestValues: readonly Value[] = [];
	private openSensor: Measurable | undefined;
	private _problem: string | undefined;
	private measurement: Promise<void> | undefined;
	private closed = false;

	constructor(options: SensorSlotOptions) {
		this.options = options;
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

	get fields(): readonly SourceField[] {
		return this.options.fields;
	}

	/** A sentence; `undefined` when it is well. */
	get problem(): string | undefined {
		return this._problem;
	}

	/** Whether it has its place on the bus: nobody else must speak to it there. */
	get isOpen(): boolean {
		return this.openSensor !== undefined;
	}

	/** Whether a measurement is under way. */
	get isMeasuring(): boolean {
		return this.measurement !== undefined;
	}

	/** Measures once; a measurement that is under way is not overtaken. Never rejects. */
	measure(): Promise<void> {
		this.measurement ??= this.runMeasurement().finally(() => {
			this.measurement = undefined;
		});
		return this.measurement;
	}

	/** It cannot be measured, and is given up until the next time. `known`: nobody needs to be told. */
	fail(problem: string, alreadyReported = false): void {
		this.closeSensor();
		this.latestValues = [];
		if (this._problem === problem) return;
		this._problem = problem;
		if (!alreadyReported) this.options.onProblem(problem);
	}

	close(): void {
		this.closed = true;
		this.closeSensor();
	}

	private async runMeasurement(): Promise<void> {
		const { candidate, time, processValues } = this.options;
		const startedAt = time.ticks();
		try {
			this.openSensor ??= candidate.open();
			const sensor = this.openSensor;
			let wait = sensor.start();
			for (let step = 1; step === 1 || wait > 0; step++) {
				const left = maxMeasurementMs - (time.ticks() - startedAt);
				// What is not a number is not within bounds either.
				if (!(wait >= 0 && wait <= left) || step > maxMeasurementSteps)
					throw new SensorError(candidate.sensor, "its measurement takes too long.");
				if (wait > 0) await delay(time, wait);
				// Closed, or given up, in the meantime.
				if (this.openSensor !== sensor) return;
				wait = sensor.proceed?.() ?? 0;
			}
			this.addValues(processValues(sensor.read()));
		} catch (error) {
			if (!this.closed) this.fail(describeSensorError(candidate.sensor, error));
		}
	}

	private addValues(values: readonly Value[]): void {
		this.latestValues = this.aggregates.map((aggregate, index) => {
			const value = validValue(values[index]);
			aggregate.add(value);
			return value;
		});
		if (this._problem === undefined) return;
		this._problem = undefined;
		this.options.onProblem(undefined);
	}

	private closeSensor(): void {
		const sensor = this.openSensor;
		this.openSensor = undefined;
		try {
			sensor?.close();
		} catch {
			// It is given up either way.
		}
	}
}

/** JSON has no NaN and no infinity, and no driver measures an object. */
function validValue(value: Value): Value {
	if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
	return typeof value === "boolean" || typeof value === "string" ? value : undefined;
}

/** What was thrown, as a sentence about the sensor; whatever it is. */
export function describeSensorError(name: string, error: unknown): string {
	if (error instanceof SensorError) return error.message;
	const reason = error instanceof Error ? error.message : typeof error === "string" ? error : "";
	return `${name}: it cannot be read${reason === "" ? "" : ` (${reason})`}.`;
}

function delay(time: Time, milliseconds: number): Promise<void> {
	return new Promise((resolve) => {
		time.set(resolve, milliseconds);
	});
}
