import type { AnalogConstructor } from "../boards/ecma419";

/**
 * Volts of one Li-ion cell (LiCoO₂ or NMC, full at 4.2 V) at rest, and percent of its charge left: the usual
 * open-circuit curve, as fuel gauges without coulomb counting have it. Cells differ by some percent, in the flat middle
 * the most.
 */
const curve: readonly (readonly [volts: number, percent: number])[] = Object.freeze([
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
export function chargeOf(volts: number): number {
	let [below, least] = curve[0] ?? [0, 0];
	if (!(volts > below)) return 0;
	for (const [above, most] of curve) {
		if (volts <= above && above > below)
			return Math.round(least + ((most - least) * (volts - below)) / (above - below));
		[below, least] = [above, most];
	}
	return 100;
}

export interface BatteryOptions {
	readonly Analog: AnalogConstructor;
	readonly pin: number;
	/** Volts of the largest number that the converter gives. */
	readonly range: number;
	/** Volts of the battery for each volt at the pin: 2 for a divider of two equal resistors. */
	readonly ratio: number;
}

/** The converter's noise goes down with the root of the number of its samples. */
const samples = 16;

/** Volts of the battery. Throws what the platform throws for a pin that has no converter. */
export function readBattery({ Analog, pin, range, ratio }: BatteryOptions): number {
	const converter = new Analog({ pin });
	try {
		let sum = 0;
		for (let i = 0; i < samples; i++) sum += converter.read();
		return (sum / samples / (2 ** converter.resolution - 1)) * range * ratio;
	} finally {
		converter.close();
	}
}
