import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { absoluteHumidity, dewPoint, seaLevelPressure } from "../../src/sensors/pipeline/derived-values";

describe("dew point", () => {
	// The dew point table of DIN 4108-3: degrees Celsius by temperature and relative humidity.
	test.each([
		[10, 50, 0.1],
		[10, 80, 6.7],
		[15, 60, 7.3],
		[18, 65, 11.3],
		[20, 30, 1.9],
		[20, 50, 9.3],
		[20, 75, 15.4],
		[20, 95, 19.2],
		[22, 50, 11.1],
		[25, 40, 10.5],
		[25, 60, 16.7],
		[30, 70, 23.9],
		[30, 90, 28.2],
	])("of %i °C at %i percent is %f °C, as in the table", (temperature, humidity, expected) => {
		expect(Math.abs((dewPoint(temperature, humidity) ?? Number.NaN) - expected)).toBeLessThanOrEqual(0.1);
	});

	test("is the temperature if the air is saturated", () => {
		fc.assert(
			fc.property(fc.double({ min: -45, max: 60, noNaN: true }), (temperature) => {
				expect(dewPoint(temperature, 100)).toBeCloseTo(temperature, 9);
			}),
		);
	});

	test("is undefined for dry air", () => {
		expect(dewPoint(20, 0)).toBeUndefined();
	});
});

describe("absolute humidity", () => {
	// The table that manufacturers of hygrometers print with the dew point: grams per cubic metre.
	test.each([
		[0, 100, 4.8],
		[5, 50, 3.4],
		[10, 100, 9.4],
		[15, 60, 7.7],
		[20, 70, 12.1],
		[20, 100, 17.3],
		[25, 40, 9.2],
		[30, 100, 30.4],
		[35, 70, 27.7],
		[40, 100, 51.1],
		[50, 50, 41.5],
	])("at %i °C and %i percent is %f g/m³", (temperature, humidity, expected) => {
		// The table has one decimal; the error of the Magnus formula is at most 0.3 percent up to 50 °C.
		const tolerance = 0.05 + 0.003 * expected;
		expect(Math.abs(absoluteHumidity(temperature, humidity) - expected)).toBeLessThanOrEqual(tolerance);
	});

	test("agrees with the dew point", () => {
		fc.assert(
			fc.property(
				fc.double({ min: -20, max: 50, noNaN: true }),
				fc.double({ min: 1, max: 100, noNaN: true }),
				(temperature, humidity) => {
					const dew = dewPoint(temperature, humidity) ?? Number.NaN;
					// Air that cools to its dew point keeps its vapour pressure; its density follows the gas law.
					const cooled = absoluteHumidity(dew, 100) * ((dew + 273.15) / (temperature + 273.15));
					expect(cooled / absoluteHumidity(temperature, humidity)).toBeCloseTo(1, 9);
				},
			),
		);
	});
});

describe("pressure at sea level", () => {
	// ISO 2533:1975, table of the standard atmosphere: hectopascal by geopotential altitude in metres.
	test.each([
		[-200, 1037.51],
		[0, 1013.25],
		[100, 1001.29],
		[500, 954.608],
		[1000, 898.746],
		[1500, 845.56],
		[2000, 794.952],
		[3000, 701.085],
	])("of the standard atmosphere at %i m (%f hPa) is 1013.25 hPa", (altitude, pressure) => {
		expect(seaLevelPressure(pressure, altitude)).toBeCloseTo(1013.25, 1);
	});
});
