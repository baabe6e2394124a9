import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BoardRunner } from "../../simulator/board-runner";
import { World } from "../../simulator/world";
import type { SensorDescription } from "../../src/setup/api";
import { PageClient } from "./page-client";

/** Sensors plugged in and removed while the setup page is open. */

let directory: string;
let world: World;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "setup-sensors-"));
	const sensors = [
		{ name: "bme280", address: 0x76 },
		{ name: "sht41", address: 0x44 },
	];
	world = await World.start({ directory, speed: 20, realTimeOnline: false, sensors, setup: { page: 0 } });
});
afterEach(async () => {
	await world.close();
	rmSync(directory, { recursive: true, force: true });
});

/** Boots the board into setup; `unplugged`: addresses of sensors removed before the scan. */
async function start(unplugged: readonly number[] = []) {
	const running = new BoardRunner(world, () => {});
	const board = running.start("power-on");
	for (const address of unplugged) board.station.bus.detach(address);
	let port = 0;
	while (port === 0) {
		port = running.setupPort ?? 0;
		await new Promise((resolve) => setImmediate(resolve));
	}
	const page = new PageClient(port);
	/** The sensors, once they are as expected. */
	const sensors = async (expected: (sensors: readonly SensorDescription[]) => boolean) => {
		for (;;) {
			const found = (await page.state()).sensors;
			if (expected(found)) return found;
		}
	};
	return { running, board, page, sensors };
}

test("a scan finds a new sensor; a missing one is reported, and forgotten on request", async () => {
	const first = await start();
	await first.sensors((all) => all.length === 2 && all.every(({ values }) => values.length > 0));
	await first.running.stop();

	const { running, board, page, sensors } = await start([0x76]);
	const reported = await sensors((all) => all.some(({ missing }) => missing === true));
	expect(reported.map(({ name, missing, problem }) => [name, missing, problem])).toEqual([
		["SHT4x at 0x44", undefined, undefined],
		["BME280 at 0x76", true, "BME280 at 0x76: found before, but missing now."],
	]);
	board.station.plugIn({ name: "bh1750", address: 0x5c });
	expect((await page.post("/api/sensors")).status).toBe(202);
	await sensors((all) => all.some(({ name }) => name === "BH1750 at 0x5c"));

	expect((await page.post("/api/sensors", { forget: true })).status).toBe(202);
	await sensors((all) => all.every(({ missing }) => missing !== true));
	// Its names are free for another sensor.
	board.station.plugIn({ name: "bmp280", address: 0x77 });
	await page.post("/api/sensors");
	const after = await sensors((all) => all.some(({ name }) => name === "BMP280 at 0x77"));
	expect(after.flatMap(({ values }) => values.map(({ name }) => name)).sort()).toEqual([
		"humidity_2",
		"illuminance",
		"pressure",
		"temperature",
		"temperature_2",
	]);
	await running.stop();
});

test("settings that give a bus pin to an input are refused, and nothing is saved", async () => {
	const { running, page } = await start();
	await page.state();
	const settings = { inputs: [{ kind: "state", pin: 21, name: "door" }] };
	const { status, body } = await page.post("/api/save", { settings });
	expect(status).toBe(422);
	expect(JSON.parse(body).problems).toEqual([
		{ key: "dataPin", problem: expect.stringMatching(/^The default pin 21 is also for .*the input door\./) },
		{
			key: "inputs",
			problem: expect.stringMatching(/^Number 1: Pin 21 .* the I²C data line \(by default\)\./),
		},
	]);
	expect((await page.state()).settings).toMatchObject({ inputs: [] });
	expect((await page.post("/api/save", { settings: { ...settings, dataPin: 18 } })).status).toBe(200);
	await running.stop();
});
