import type { AnalogConstructor } from "../../boards/ecma419";
import { readVolts } from "./read-volts";

/**
 * Volts at rest and percent of charge of one Li-ion cell (LiCoO₂ or NMC, full at 4.2 V): the open-circuit
 * curve used by fuel gauges without coulomb counting. Cells differ by a few percent, mostly in the flat
 * middle.
 */
const openCircuitCurve: readonly (readonly [volts: number, percent: number])[] = Object.freeze([
	[3.0, 0],
	[3.3, 3],
	[3.5, 8],
	[3.6, 14],
	[3.68, 25],
	[3.74, 38],
	[3.8, 50],
	[3.87, 62],
	[3.95, 73],
	[4.05, 84],
	[4.12, 92],
	[4.2, 100],
] as const);

/** Charge of a Li-ion cell in whole percent. */
export function batteryPercent(volts: number): number {
	let [below, percentBelow] = openCircuitCurve[0] ?? [0, 0];
	if (!(volts > below)) return 0;
	for (const [above, percentAbove] of openCircuitCurve) {
		if (volts <= above && above > below)
			return Math.round(percentBelow + ((percentAbove - percentBelow) * (volts - below)) / (above - below));
		[below, percentBelow] = [above, percentAbove];
	}
	return 100;
}

export interface BatteryOptions {
	readonly Analog: AnalogConstructor;
	readonly pin: number;
	/** Volts at the converter's maximum. */
	readonly fullScaleVolts: number;
	/** Battery volts per volt at the pin: 2 for a divider of two equal resistors. */
	readonly dividerRatio: number;
}

/** Throws what {@link readVolts} throws. */
export function readBatteryVolts({ Analog, pin, fullScaleVolts, dividerRatio }: BatteryOptions): number {
	return readVolts(Analog, pin, fullScaleVolts) * dividerRatio;
}
