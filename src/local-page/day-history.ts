import type { Field, Value } from "../reading/reading";

/** One value is kept per quarter of an hour. */
export const stepMs = 15 * 60_000;
const stepCount = 96;
/** Maximum number of fields; each takes 384 bytes. */
export const maxSeries = 6;

interface Series {
	readonly field: Field;
	/** By step modulo {@link stepCount}; NaN: none. */
	readonly values: Float32Array;
}

/** The course of one field over the last day. */
export interface FieldHistory {
	readonly name: string;
	readonly unit: string;
	readonly decimals: number;
	/** One per quarter of an hour, oldest first; the last is the current one. NaN: none. */
	readonly values: Float32Array;
}

/** The last reading of each quarter of an hour of the last day. In memory, so that flash is not read for it. */
export class DayHistory {
	private readonly series: Series[] = [];
	/** The current quarter of an hour, counted from tick 0. */
	private step = 0;

	/** `ticks`: milliseconds since the boot began; negative for a boot before. */
	add(ticks: number, fields: readonly Field[], values: readonly (Value | undefined)[]): void {
		const step = Math.floor(ticks / stepMs);
		this.advance(step);
		if (step <= this.step - stepCount) return;
		for (const [index, field] of fields.entries()) {
			const value = Number(values[index]);
			if (!Number.isFinite(value)) continue;
			const series = this.seriesOf(field);
			if (series !== undefined) series.values[slotOf(step)] = value;
		}
	}

	/** The history up to now; `ticks`: now. */
	fields(ticks: number): readonly FieldHistory[] {
		this.advance(Math.floor(ticks / stepMs));
		// The slot after the current one is the oldest.
		const oldest = slotOf(this.step + 1);
		return this.series.map(({ field: { name, unit, decimals }, values }) => {
			const course = new Float32Array(stepCount);
			course.set(values.subarray(oldest));
			course.set(values.subarray(0, oldest), stepCount - oldest);
			return { name, unit, decimals, values: course };
		});
	}

	/** Clears values older than a day, and removes fields without values. */
	private advance(step: number): void {
		if (step <= this.step) return;
		const first = Math.max(this.step + 1, step - stepCount + 1);
		this.step = step;
		for (const { values } of this.series)
			for (let passed = first; passed <= step; passed++) values[slotOf(passed)] = Number.NaN;
		for (let index = this.series.length - 1; index >= 0; index--)
			if (this.series[index]?.values.every(Number.isNaN)) this.series.splice(index, 1);
	}

	private seriesOf(field: Field): Series | undefined {
		const known = this.series.find((each) => each.field.name === field.name);
		if (known !== undefined || this.series.length === maxSeries) return known;
		const made = { field, values: new Float32Array(stepCount).fill(Number.NaN) };
		this.series.push(made);
		return made;
	}
}

function slotOf(step: number): number {
	return ((step % stepCount) + stepCount) % stepCount;
}
