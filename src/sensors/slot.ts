import type { Time } from "../boards/board";
import type { Value } from "../reading/reading";
import { Aggregate } from "./aggregate";
import type { Candidate, Measuring } from "./candidate";
import type { SourceField } from "./columns";
import { SensorError } from "./sensor-error";

export interface SlotOptions {
	readonly candidate: Candidate;
	/** What the sensor measures, and after that what is worked out from it. */
	readonly fields: readonly SourceField[];
	readonly time: Time;
	/** The values of the fields from what the sensor has read: calibrated, and what follows from them. */
	finish(values: readonly Value[]): readonly Value[];
	/** Its problem has come, changed, or gone (`undefined`). */
	onProblem(problem: string | undefined): void;
}

/** Milliseconds that a measurement may take, all its steps together. The SCD41 takes 5.5 s. */
const longestMeasurement = 20_000;
/** The ADS1115 takes four. */
const mostSteps = 32;

/**
 * A sensor that was found, well or not. One that fails is set up anew at the next measurement, until it is back: it may
 * have been unplugged, or another one of its kind may be in its place.
 */
export class Slot {
	private readonly options: SlotOptions;
	/** The values since the reading before, by field. */
	readonly aggregates: readonly Aggregate[];
	/** Those of the newest measurement; none where it failed. */
	latest: readonly Value[] = [];
	private _sensor: Measuring | undefined;
	private _problem: string | undefined;
	private measuring: Promise<void> | undefined;
	private closed = false;

	constructor(options: SlotOptions) {
		this.options = options;
		this.aggregates = options.fields.map(({ aggregation }) => new Aggregate(aggregation));
	}

	get candidate(): Candidate {
		return this.options.candidate;
	}

	get sensor(): string {
		return this.options.candidate.sensor;
	}

	get named(): true | undefined {
		return this.options.candidate.named;
	}

	get fields(): readonly SourceField[] {
		return this.options.fields;
	}

	/** A sentence; `undefined` when it is well. */
	get problem(): string | undefined {
		return this._problem;
	}

	/** Whether it has its place on the bus: nobody else must speak to it there. */
	get open(): boolean {
		return this._sensor !== undefined;
	}

	/** Whether a measurement is under way. */
	get busy(): boolean {
		return this.measuring !== undefined;
	}

	/** Measures once; a measurement that is under way is not overtaken. Never rejects. */
	measure(): Promise<void> {
		this.measuring ??= this.run().finally(() => {
			this.measuring = undefined;
		});
		return this.measuring;
	}

	/** It cannot be measured, and is given up until the next time. `known`: nobody needs to be told. */
	fail(problem: string, known = false): void {
		this.release();
		this.latest = [];
		if (this._problem === problem) return;
		this._problem = problem;
		if (!known) this.options.onProblem(problem);
	}

	close(): void {
		this.closed = true;
		this.release();
	}

	private async run(): Promise<void> {
		const { candidate, time, finish } = this.options;
		const startedAt = time.ticks();
		try {
			this._sensor ??= candidate.make();
			const sensor = this._sensor;
			let wait = sensor.measure();
			for (let step = 1; step === 1 || wait > 0; step++) {
				const left = longestMeasurement - (time.ticks() - startedAt);
				// What is not a number is not within bounds either.
				if (!(wait >= 0 && wait <= left) || step > mostSteps)
					throw new SensorError(candidate.sensor, "its measurement takes too long.");
				if (wait > 0) await pause(time, wait);
				// Closed, or given up, in the meantime.
				if (this._sensor !== sensor) return;
				wait = sensor.proceed?.() ?? 0;
			}
			this.take(finish(sensor.read()));
		} catch (error) {
			if (!this.closed) this.fail(sentence(candidate.sensor, error));
		}
	}

	private take(values: readonly Value[]): void {
		this.latest = this.aggregates.map((aggregate, index) => {
			const value = usable(values[index]);
			aggregate.add(value);
			return value;
		});
		if (this._problem === undefined) return;
		this._problem = undefined;
		this.options.onProblem(undefined);
	}

	private release(): void {
		const sensor = this._sensor;
		this._sensor = undefined;
		try {
			sensor?.close();
		} catch {
			// It is given up either way.
		}
	}
}

/** JSON has no NaN and no infinity, and no driver measures an object. */
function usable(value: Value): Value {
	if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
	return typeof value === "boolean" || typeof value === "string" ? value : undefined;
}

/** What was thrown, as a sentence about the sensor; whatever it is. */
export function sentence(name: string, error: unknown): string {
	if (error instanceof SensorError) return error.message;
	const reason = error instanceof Error ? error.message : typeof error === "string" ? error : "";
	return `${name}: it cannot be read${reason === "" ? "" : ` (${reason})`}.`;
}

function pause(time: Time, milliseconds: number): Promise<void> {
	return new Promise((resolve) => {
		time.set(resolve, milliseconds);
	});
}
