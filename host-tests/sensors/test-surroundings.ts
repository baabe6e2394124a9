import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";

/** What the simulated chips of a test measure, unless the test has other surroundings. */
export const testSurroundings: SensorEnvironment = Object.freeze({
	temperature: 21.37,
	humidity: 48.2,
	pressure: 101_325,
	co2: 812,
	illuminance: 431,
	voltage: 12.08,
	current: 0.2345,
	uvIndex: 3.4,
	cell: Object.freeze([3.87, 62] as const),
	gasResistance: 123_456,
	gasTicks: Object.freeze([30_000, 16_000] as const),
	particles: Object.freeze([4.2, 6.1, 6.9, 7.3] as const),
	inputs: Object.freeze([0.5, 1.25, 3.3, 2.0001] as const),
});

/** The {@link testSurroundings} by field, and the tolerance of a value. */
export const expectedValues: Readonly<Record<string, readonly [value: number, tolerance: number]>> =
	Object.freeze({
		temperature: [21.37, 0.05],
		humidity: [48.2, 0.2],
		pressure: [1013.25, 0.1],
		co2: [812, 1],
		illuminance: [431, 1],
		voltage: [12.08, 0.01],
		current: [234.5, 0.2],
		uv_index: [3.4, 0.05],
		battery_voltage: [3.87, 0.001],
		battery_level: [62, 0.05],
		gas_resistance: [123_456, 400],
		voc_raw: [30_000, 1],
		nox_raw: [16_000, 1],
		pm1: [4.2, 0.051],
		pm2_5: [6.1, 0.051],
		pm4: [6.9, 0.051],
		pm10: [7.3, 0.051],
		channel0: [0.5, 0.001],
		channel1: [1.25, 0.001],
		channel2: [3.3, 0.001],
		channel3: [2.0001, 0.001],
	});
