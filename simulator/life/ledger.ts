import type { DataPoint } from "../dakkio/api";
import type { Environment } from "../weather/weather";
import type { Stored } from "./service";

/** What the world knows of a reading that the board has stored. */
export interface Measured {
	/** When it was stored, milliseconds of Unix time; it was sampled at most {@link samplingTime} before. */
	readonly utc: number;
	readonly environment: Environment;
	readonly boot: number;
}

/** The firmware broke a promise. */
export class BrokenPromiseError extends Error {
	override name = "BrokenPromiseError";
}

/** How long a sample may take, milliseconds. */
const samplingTime = 1_000;
/** How far a timestamp may be from the truth, milliseconds. */
const timeTolerance = 1_000;
/**
 * How far an estimated time may be from the truth, as a part of the time between the two measurements around it: no
 * slow oscillator is further off, so one that is told by nothing but its ticks and the measurement before keeps within.
 */
const estimateTolerance = 0.05;
/** Half of the last decimal, and what the sensor's own resolution adds. */
const tolerances = { temperature: 0.02, humidity: 0.2, pressure: 0.05 } as const;

interface Delivered {
	readonly told: string;
	times: number;
	last: Stored;
}

/**
 * The world's own record of what was measured and what the service has stored, and the judge between them. It
 * knows nothing of the firmware but the number under which a reading was stored.
 */
export class Ledger {
	readonly #measured = new Map<number, Measured>();
	readonly #delivered = new Map<number, Delivered>();
	/** When power went: a reading that was just being stored may be there or not. */
	readonly #cuts: number[] = [];
	/** When the board learned the time, and when its life began. */
	readonly #synchronizations: number[] = [];
	duplicates = 0;
	estimated = 0;
	/** The longest time from a measurement to its arrival, milliseconds. */
	longestDelay = 0;

	get measured(): number {
		return this.#measured.size;
	}

	get delivered(): number {
		return this.#delivered.size;
	}

	measure(sequence: number, measured: Measured): void {
		if (this.#measured.has(sequence)) broken(`number ${sequence} was given twice`);
		this.#measured.set(sequence, measured);
	}

	/** The board has begun its life, or has learned the time. */
	synchronize(utc: number): void {
		this.#synchronizations.push(utc);
	}

	cut(utc: number): void {
		this.#cuts.push(utc);
	}

	/** The service has stored the points of a request. */
	store(stored: Stored, now: number): void {
		let before = "";
		for (const point of stored.points) {
			if (point.timestamp < before) broken(`a batch goes back in time, from ${before} to ${point.timestamp}`);
			before = point.timestamp;
			this.#check(point, now);
			this.#count(point, stored);
			this.longestDelay = Math.max(this.longestDelay, now - Date.parse(point.timestamp));
		}
	}

	/** When a reading was stored, milliseconds of Unix time. */
	measuredAt(sequence: number): number {
		return this.#measured.get(sequence)?.utc ?? Number.POSITIVE_INFINITY;
	}

	/** Numbers of readings from before a time that the service does not have. */
	missing(before: number): number[] {
		const missing: number[] = [];
		for (const [sequence, { utc }] of this.#measured)
			if (utc < before && !this.#delivered.has(sequence)) missing.push(sequence);
		return missing;
	}

	#check(point: DataPoint, now: number): void {
		const sequence = sequenceOf(point);
		const told = Date.parse(point.timestamp);
		const isEstimated = point.metadata.timeEstimated === true;
		if (told > now + timeTolerance) broken(`point ${sequence} is from the future: ${point.timestamp}`);
		const measured = this.#measured.get(sequence);
		if (measured === undefined) {
			const cut = this.#cuts.some((utc) => Math.abs(utc - told) <= samplingTime + timeTolerance);
			if (!cut && !isEstimated) broken(`point ${sequence} of ${point.timestamp} was never measured`);
			return;
		}
		const { utc, environment } = measured;
		const off = Math.max(0, utc - samplingTime - told, told - utc);
		if (!isEstimated && off > timeTolerance)
			broken(`point ${sequence} was measured at ${new Date(utc).toISOString()}, not at ${point.timestamp}`);
		if (isEstimated && off > this.#estimateTolerance(utc, now))
			broken(
				`point ${sequence} was measured at ${new Date(utc).toISOString()}, estimated at ${point.timestamp}`,
			);
		for (const name of ["temperature", "humidity", "pressure"] as const) {
			const truth = name === "pressure" ? environment.pressure / 100 : environment[name];
			const value = point.values[name];
			if (typeof value !== "number" || Math.abs(value - truth) > tolerances[name])
				broken(`point ${sequence} says ${name} ${String(value)}, it was ${truth}`);
		}
	}

	/** While power was never cut: after that nobody knows how long the board was without. */
	#estimateTolerance(utc: number, now: number): number {
		if (this.#cuts.length > 0) return Number.POSITIVE_INFINITY;
		const before = this.#synchronizations.findLast((at) => at <= utc) ?? utc;
		const after = this.#synchronizations.find((at) => at > utc) ?? now;
		return timeTolerance + estimateTolerance * (after - before);
	}

	#count(point: DataPoint, stored: Stored): void {
		const sequence = sequenceOf(point);
		const { timestamp, values, metadata } = point;
		const told = JSON.stringify({ timestamp, values, metadata });
		const delivered = this.#delivered.get(sequence);
		if (delivered === undefined) {
			this.#delivered.set(sequence, { told, times: 1, last: stored });
			if (metadata.timeEstimated === true) this.estimated++;
			return;
		}
		const { answeredAt } = delivered.last;
		if (delivered.told !== told)
			broken(`point ${sequence} was ${delivered.told}, and comes again as ${told}`);
		if (answeredAt !== undefined && !this.#cuts.includes(answeredAt))
			broken(`point ${sequence} comes again although its 201 had arrived`);
		delivered.times++;
		delivered.last = stored;
		this.duplicates++;
	}
}

function sequenceOf({ metadata }: DataPoint): number {
	if (typeof metadata.seq !== "number") return broken("a point without a number arrived");
	return metadata.seq;
}

export function broken(what: string): never {
	throw new BrokenPromiseError(what);
}
