/** Fields whose names are not plain words. */
export const fieldNames: Readonly<Record<string, string | undefined>> = { co2: "CO₂" };

/** Symbols of units. */
export const unitSymbols: Readonly<Record<string, string | undefined>> = {
	celsius: "°C",
	percent: "%",
	volt: "V",
	milliampere: "mA",
	lux: "lx",
};
