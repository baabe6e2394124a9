import type { AnalogConstructor } from "../../boards/ecma419";

/**
 * Volts of one Li-ion cell (LiCoO₂ or NMC, full at 4.2 V) at rest, and percent of its charge left: the usual
 * open-circuit curve, as fuel gauges without coulomb counting have it. Cells differ by some percent, in the flat middle
 * the most.
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

/** Whole percent of charge of a Li-ion cell with this voltage. */
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
	/** Volts of the largest number that the converter gives. */
	readonly fullScaleVolts: number;
	/** Volts of the battery for each volt at the pin: 2 for a divider of two equal resistors. */
	readonly dividerRatio: number;
}

/** The converter's noise goes down with the root of the number of its samples. */
const oversampling = 16;

/** Volts of the battery. Throws what the platform throws for a pin that has no converter. */
export function readBatteryVolts({ Analog, pin, fullScaleVolts, dividerRatio }: BatteryOptions): number {
	const converter = new Analog({ pin });
	try {
		let sum = 0;
		for (let i = 0; i < oversampling; i++) sum += converter.read();
		return (sum / oversampling / (2 ** converter.resolution - 1)) * fullScaleVolts * dividerRatio;
	} finally {
		converter.close();
	}
}
