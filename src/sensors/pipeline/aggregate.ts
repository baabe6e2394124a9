import type { Value } from "../../reading/reading";

/** How several values of a field become one for a reading. */
export type Aggregation =
	/** A quantity that is measured: mean, minimum and maximum. */
	| "mean"
	/** What was counted since the value before: all of it. */
	| "sum"
	/** A state, or a count that only grows: the newest. */
	| "last";

/** The values of one field since the reading before. */
export class Aggregate {
	private readonly aggregation: Aggregation;
	private count = 0;
	private sum = 0;
	private _min = Number.POSITIVE_INFINITY;
	private _max = Number.NEGATIVE_INFINITY;
	private last: Value;

	constructor(aggregation: Aggregation) {
		this.aggregation = aggregation;
	}

	/** A value that was not measured counts for nothing. */
	add(value: Value): void {
		if (value === undefined) return;
		this.last = value;
		if (typeof value !== "number") return;
		this.count++;
		this.sum += value;
		this._min = Math.min(this._min, value);
		this._max = Math.max(this._max, value);
	}

	/** `undefined` where nothing was measured. */
	get value(): Value {
		if (this.aggregation === "last" || typeof this.last !== "number") return this.last;
		return this.aggregation === "sum" ? this.sum : this.sum / this.count;
	}

	get min(): number | undefined {
		return this.count === 0 ? undefined : this._min;
	}

	get max(): number | undefined {
		return this.count === 0 ? undefined : this._max;
	}

	/** A new reading begins. */
	clear(): void {
		this.count = 0;
		this.sum = 0;
		this._min = Number.POSITIVE_INFINITY;
		this._max = Number.NEGATIVE_INFINITY;
		this.last = undefined;
	}
}
