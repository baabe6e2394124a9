import { expect, test } from "vitest";
import { sensorEnvironmentAt } from "../../simulator/weather/sensor-environment";
import { weatherAt } from "../../simulator/weather/weather";

const minute = 60_000;
const hour = 60 * minute;

test("it includes the weather, and is a function of the time", () => {
	const at = 123 * hour + 7;
	expect(sensorEnvironmentAt(at)).toMatchObject(weatherAt(at));
	expect(sensorEnvironmentAt(at)).toEqual(sensorEnvironmentAt(at));
});

test("it is dark at night, bright at noon, and CO2 in the room is higher at night than before noon", () => {
	for (let day = 0; day < 28; day++) {
		const [night, noon] = [
			sensorEnvironmentAt((24 * day + 1) * hour),
			sensorEnvironmentAt((24 * day + 12) * hour),
		];
		expect(night.illuminance).toBeLessThan(1);
		expect(noon.illuminance).toBeGreaterThan(8000);
		expect(night.co2).toBeGreaterThan(sensorEnvironmentAt((24 * day + 11) * hour).co2);
		// A solar cell charges by day.
		expect(noon.current).toBeLessThan(0);
		expect(night.current).toBeGreaterThan(0);
	}
});

test("for four weeks everything changes slowly, and stays in the range of its sensor", () => {
	let before = sensorEnvironmentAt(0);
	for (let at = minute; at < 28 * 24 * hour; at += 5 * minute) {
		const now = sensorEnvironmentAt(at);
		expect(Math.abs(now.co2 - before.co2)).toBeLessThan(60);
		expect(Math.abs(now.illuminance - before.illuminance)).toBeLessThan(6000);
		expect(Math.abs(now.voltage - before.voltage)).toBeLessThan(0.2);
		expect(now.co2).toBeGreaterThan(400);
		expect(now.co2).toBeLessThan(1500);
		expect(now.illuminance).toBeGreaterThanOrEqual(0);
		expect(now.illuminance).toBeLessThan(121_000);
		expect(now.voltage).toBeGreaterThan(11);
		expect(now.voltage).toBeLessThan(26);
		expect(Math.abs(now.current)).toBeLessThan(3.2);
		for (const input of now.inputs) {
			expect(input).toBeGreaterThanOrEqual(0);
			expect(input).toBeLessThan(4.096);
		}
		before = now;
	}
});
