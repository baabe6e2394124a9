import { expect, test } from "vitest";
import { pressures, temperatures } from "../../simulator/weather/seattle-normals";
import { weatherAt } from "../../simulator/weather/weather";

const hour = 3_600_000;

test("both quantities have an hourly value for four weeks", () => {
	expect(temperatures).toHaveLength(28 * 24);
	expect(pressures).toHaveLength(28 * 24);
});

test("at a full hour the weather is the recorded value", () => {
	expect(weatherAt(14 * hour).temperature).toBe((temperatures[14] ?? 0) / 10);
	expect(weatherAt(14 * hour).pressure).toBe((pressures[14] ?? 0) * 10);
});

test("it never jumps, not even where the record repeats, and stays in a plausible range", () => {
	const step = 10 * 60_000;
	let [temperature, humidity, pressure] = [0, 0, 0];
	let [driest, wettest] = [100, 0];
	for (let time = -hour; time <= 29 * 24 * hour; time += step) {
		const [before, now] = [weatherAt(time - step), weatherAt(time)];
		temperature = Math.max(temperature, Math.abs(now.temperature - before.temperature));
		humidity = Math.max(humidity, Math.abs(now.humidity - before.humidity));
		pressure = Math.max(pressure, Math.abs(now.pressure - before.pressure));
		driest = Math.min(driest, now.humidity);
		wettest = Math.max(wettest, now.humidity);
	}
	expect(temperature).toBeLessThan(0.7);
	expect(humidity).toBeLessThan(5);
	expect(pressure).toBeLessThan(20);
	expect(driest).toBeGreaterThan(30);
	expect(wettest).toBeLessThanOrEqual(100);
});
