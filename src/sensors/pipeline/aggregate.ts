import type { Value } from "../../reading/reading";
import type { Aggregation } from "../drivers/driver";

/** The values of one field since the previous reading. */
export class Aggregate {
	private readonly aggregation: Aggregation;
	private count = 0;
	private sum = 0;
	private _min = 0;
	private _max = 0;
	private last: Value;

	constructor(aggregation: Aggregation = "mean") {
		this.aggregation = aggregation;
	}

	/** Ignores `undefined`, and what is no finite number. */
	add(value: Value): void {
		if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) return;
		this.last = value;
		if (typeof value !== "number") return;
		this.count += 1;
		if (this.count === 1) this.sum = this._min = this._max = value;
		else {
			this.sum += value;
			if (value < this._min) this._min = value;
			if (value > this._max) this._max = value;
		}
	}

	/** `undefined` if there are no values; the same holds for {@link min} and {@link max}. */
	get value(): Value {
		// As most readings have: one value.
		if (this.count < 2) return this.last;
		if (this.aggregation === "last" || typeof this.last !== "number") return this.last;
		return this.aggregation === "sum" ? this.sum : this.sum / this.count;
	}

	get min(): number | undefined {
		return this.count === 0 ? undefined : this._min;
	}

	get max(): number | undefined {
		return this.count === 0 ? undefined : this._max;
	}
}
