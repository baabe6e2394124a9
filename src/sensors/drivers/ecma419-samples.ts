// What the drivers' `sample` tells, by the names and units of ECMA-419's sensor classes (section 14). A chip that measures
// several has them all.

export interface Thermometer {
	/** Degrees Celsius. */
	readonly thermometer: { readonly temperature: number };
}

export interface Hygrometer {
	/** Relative, percent. */
	readonly hygrometer: { readonly humidity: number };
}

export interface Barometer {
	/** Pascal. */
	readonly barometer: { readonly pressure: number };
}

export interface CarbonDioxideDetector {
	/** Parts per million. */
	readonly carbonDioxideDetector: { readonly CO2: number };
}

export interface Lightmeter {
	/** Lux. */
	readonly lightmeter: { readonly illuminance: number };
}

// The standard has no class for these: they are named in its manner.

export interface Voltmeter {
	/** Volts. */
	readonly voltmeter: { readonly voltage: number };
}

export interface Ammeter {
	/** Amperes. */
	readonly ammeter: { readonly current: number };
}
