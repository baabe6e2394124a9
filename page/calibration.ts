/** A measured value, and what it should be. */
export interface CalibrationPoint {
	readonly measured: number;
	readonly actual: number;
}

/** Value = measured value × `scale` + `offset`. */
export interface Calibration {
	readonly scale: number;
	readonly offset: number;
}

/** Through one point with the present scale, or through two; `undefined` if two have the same measured value. */
export function calibrate(points: readonly CalibrationPoint[], scale: number): Calibration | undefined {
	const [first, second] = points;
	if (first === undefined) return undefined;
	const slope =
		second === undefined ? scale : (second.actual - first.actual) / (second.measured - first.measured);
	if (!Number.isFinite(slope) || slope === 0) return undefined;
	return { scale: round(slope), offset: round(first.actual - slope * first.measured) };
}

/** To six digits: finer than any sensor. */
function round(value: number): number {
	return Number(value.toPrecision(6));
}
