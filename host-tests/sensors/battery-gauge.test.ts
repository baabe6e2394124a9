import { expect, test } from "vitest";
import { SensorBoard } from "./sensor-board";

test("the charge of a gauge is the battery level, in whole percent, as long as the gauge works", async () => {
	const board = new SensorBoard();
	const sampler = board.start();
	expect(await board.sample()).toEqual({});
	expect(sampler.batteryLevel).toBeUndefined();
	board.surroundings = { ...board.surroundings, cell: [3.7, 44.6] };
	const chip = board.plugIn("max17048");
	expect(await board.sample()).toEqual({ battery_voltage: 3.7, battery_level: 44.6 });
	expect(sampler.batteryLevel).toBe(45);
	chip.fault = "silent";
	await board.sample();
	expect(sampler.batteryLevel).toBeUndefined();
});

test("renamed, scaled or left out of the readings, it is the battery level, too", async () => {
	const board = new SensorBoard();
	board.plugIn("max17048");
	const fields = { battery_level: { name: "charge", scale: 0.01, off: true } };
	const sampler = board.start({ sensors: { "MAX17048 at 0x36": { fields } } });
	await board.sample();
	expect(sampler.batteryLevel).toBe(62);
});
