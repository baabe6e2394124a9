import type { Value } from "../../reading/reading";
import type { Aggregation } from "../drivers/driver";

/** The values of one field since the previous reading. */
export class Aggregate {
	private readonly aggregation: Aggregation;
	private count = 0;
	private sum = 0;
	private _min = Number.POSITIVE_INFINITY;
	private _max = Number.NEGATIVE_INFINITY;
	private last: Value;

	constructor(aggregation: Aggregation = "mean") {
		this.aggregation = aggregation;
	}

	/** `undefined` is ignored. */
	add(value: Value): void {
		if (value === undefined) return;
		this.last = value;
		if (typeof value !== "number") return;
		this.count++;
		this.sum += value;
		this._min = Math.min(this._min, value);
		this._max = Math.max(this._max, value);
	}

	/** `undefined` if there are no values; the same holds for {@link min} and {@link max}. */
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

	clear(): void {
		this.count = 0;
		this.sum = 0;
		this._min = Number.POSITIVE_INFINITY;
		this._max = Number.NEGATIVE_INFINITY;
		this.last = undefined;
	}
}
