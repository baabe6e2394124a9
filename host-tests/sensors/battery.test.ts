import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { VirtualTime } from "../../simulator/virtual-time";
import { batteryPercent, readBatteryVolts } from "../../src/sensors/inputs/battery";

describe("percent of a Li-ion cell", () => {
	test.each([
		[4.3, 100],
		[4.2, 100],
		[4.12, 92],
		[3.8, 50],
		[3.6, 14],
		[3.0, 0],
		[0, 0],
		[-1, 0],
		[Number.NaN, 0],
	])("%f V is %i percent", (volts, percent) => {
		expect(batteryPercent(volts)).toBe(percent);
	});

	test("is a whole number from 0 to 100 that never falls as the voltage rises", () => {
		const volts = fc.double({ min: 2, max: 5, noNaN: true });
		fc.assert(
			fc.property(volts, volts, (a, b) => {
				const [low, high] = [batteryPercent(Math.min(a, b)), batteryPercent(Math.max(a, b))];
				expect(Number.isInteger(low) && low >= 0 && high <= 100 && low <= high).toBe(true);
			}),
		);
	});
});

test("the battery's voltage is read over its divider", () => {
	const time = new VirtualTime();
	const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
	const { Analog, analogRangeV: fullScaleVolts } = pins.provider();
	pins.setVolts(34, 1.9);
	expect(readBatteryVolts({ Analog, pin: 34, fullScaleVolts, dividerRatio: 2 })).toBeCloseTo(3.8, 2);
	expect(() => readBatteryVolts({ Analog, pin: 35, fullScaleVolts, dividerRatio: 2 })).toThrow("not analog");
});
