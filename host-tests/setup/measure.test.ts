import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BoardRunner } from "../../simulator/board-runner";
import type { VirtualBoard } from "../../simulator/virtual-board";
import { World } from "../../simulator/world";
import type { BootLog, MeasureState } from "../../src/setup/api";
import { PageClient } from "./page-client";

/** Live values on the setup page, of what is in use and of what is being set up. */

let directory: string;
let world: World;
let running: BoardRunner;
let board: VirtualBoard;
let page: PageClient;
const lines: string[] = [];

beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "setup-measure-"));
	const sensors = [
		{ name: "bme280", address: 0x76 },
		{ name: "ds18b20", address: undefined },
	];
	world = await World.start({ directory, speed: 20, realTimeOnline: false, sensors, setup: { page: 0 } });
	lines.length = 0;
	running = new BoardRunner(world, (line) => lines.push(line));
	board = running.start("power-on");
	while ((running.setupPort ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
	page = new PageClient(running.setupPort ?? 0);
	await page.state();
});
afterEach(async () => {
	await running.stop();
	await world.close();
	rmSync(directory, { recursive: true, force: true });
});

async function measure(settings: object = {}): Promise<MeasureState> {
	const { status, body } = await page.post("/api/measure", { settings });
	expect(status).toBe(200);
	return JSON.parse(body);
}

/** Measures until it is as expected. */
async function until(settings: object, expected: (state: MeasureState) => boolean): Promise<MeasureState> {
	for (;;) {
		const state = await measure(settings);
		if (expected(state)) return state;
	}
}

test("a value comes with its driver's name, its decimals, and what was measured before calibration", async () => {
	const temperature = { name: "balcony", scale: 2, offset: -1.5 };
	const settings = { sensors: { "BME280 at 0x76": { fields: { temperature, pressure: { off: true } } } } };
	expect((await page.post("/api/save", { settings })).status).toBe(200);
	const { sensors } = await until(
		{},
		({ sensors: [bme] }) => bme?.values[0]?.name === "balcony" && bme.values[0].value !== undefined,
	);
	const [value, ...others] = sensors[0]?.values ?? [];
	expect(value).toMatchObject({ field: "temperature", unit: "celsius", decimals: 2 });
	expect(value?.value).toBeCloseTo(2 * (value?.measured ?? 0) - 1.5, 2);
	expect(others.map(({ field }) => field)).toEqual(["humidity"]);
});

test("inputs of the form are measured before they are saved, and nothing of them is stored or logged", async () => {
	board.simulatedPins.setVolts(34, 1.25);
	const inputs = [
		{ kind: "analog", pin: 34, name: "soil", scale: 10, offset: 1 },
		{ kind: "state", pin: 27, name: "door" },
		{ kind: "pulses", pin: 26, name: "rain", debounce: 0 },
	];
	const { probed } = await until(
		{ inputs },
		(state) =>
			state.probed.every(({ values }) => values[0]?.value !== undefined) && state.probed.length === 3,
	);
	expect(probed.map(({ name, values }) => [name, values[0]?.name, values[0]?.value])).toEqual([
		["pin 34", "soil", 13.498],
		["pin 27", "door", false],
		["pin 26", "rain", 0],
	]);
	board.simulatedPins.drive(27, 0);
	for (let pulse = 0; pulse < 3; pulse++) {
		board.simulatedPins.drive(26, 0);
		board.simulatedPins.drive(26, 1);
	}
	await until({ inputs }, (state) => state.probed[1]?.values[0]?.value === true);
	await until({ inputs }, (state) => state.probed[2]?.values[0]?.value === 3);
	// The total stays until the page asks no more.
	await until({ inputs }, (state) => state.probed[2]?.values[0]?.value === 3);
	expect(lines.filter((line) => /soil|door|rain|pin \d/.test(line))).toEqual([]);
});

test("the pins are free for the readings once the settings are saved", async () => {
	const inputs = [{ kind: "state", pin: 27, name: "door", active: "high" }];
	await until({ inputs }, ({ probed }) => probed[0]?.values[0]?.value === true);
	expect((await page.post("/api/save", { settings: { inputs } })).status).toBe(200);
	const { sensors, probed } = await until({ inputs }, (state) => state.sensors.length === 2);
	expect(probed).toEqual([]);
	expect(sensors[1]).toMatchObject({ name: "pin 27", input: inputs[0] });
	await until({ inputs }, (state) => state.sensors[1]?.values[0]?.value === true);
	expect(lines.filter((line) => /in use/.test(line))).toEqual([]);
});

test("they are also free when the page asks no more", async () => {
	await measure({ inputs: [{ kind: "state", pin: 27, name: "door" }] });
	const { Digital } = board.pins;
	const open = () => new Digital({ pin: 27, mode: Digital.Input });
	expect(open).toThrow("in use");
	await new Promise<void>((resolve) => void board.time.set(resolve, 20_000));
	open().close();
});

test("thermometers at a 1-Wire pin are found and measured before it is saved", async () => {
	const { probed } = await until(
		{ oneWirePin: 4 },
		(state) => state.probed[0]?.values[0]?.value !== undefined,
	);
	expect(probed[0]?.name).toMatch(/^DS18B20 28-/);
	expect(probed[0]?.values[0]).toMatchObject({ field: "temperature", unit: "celsius" });
});

test("settings with a problem give the sensors, and probe nothing", async () => {
	const { sensors, probed } = await until(
		{ inputs: [{ kind: "state", pin: 21, name: "door" }] },
		(state) => state.sensors.length === 1,
	);
	expect([sensors.length, probed]).toEqual([1, []]);
});

test("the log of the boot, why it began, and a restart", async () => {
	const log = await page.get<BootLog>("/api/log");
	expect(log.status).toMatchObject({ reason: "power-on", resetCounts: [["power-on", 1]] });
	expect(log.lines[0]).toMatch(/^dakkio-esp32 .* boot 1 \(power-on\)/);
	expect(log.lines.join("\n")).not.toMatch(/setup: join/);
	expect((await page.post("/api/restart")).status).toBe(202);
	expect(lines).toContainEqual(expect.stringMatching(/setup: closed, restart from the page$/));
	while (!lines.some((line) => / boot 2 \(restart\)/.test(line)))
		await new Promise((resolve) => setImmediate(resolve));
});

test("a factory reset by the page erases the settings, if the board is named", async () => {
	const { board: about } = await page.state();
	await page.post("/api/save", { settings: { location: "Cellar" } });
	expect((await page.post("/api/reset", { name: "Dakkio" })).status).toBe(409);
	expect((await page.post("/api/reset", { name: about.name })).status).toBe(202);
	// Nothing that follows replaces it.
	for (const path of ["/api/finish", "/api/restart", "/api/save"])
		expect((await page.post(path, { settings: {} })).status, path).toBe(409);
	while (!lines.some((line) => / boot 2 \(restart\)/.test(line)))
		await new Promise((resolve) => setImmediate(resolve));
	expect(lines).toContainEqual(
		expect.stringMatching(/factory reset: erases settings, key and \d+ pending readings$/),
	);
	while ((running.setupPort ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
	page = new PageClient(running.setupPort ?? 0);
	const { settings } = await page.state();
	expect(settings.location).toBe("");
	// The log before it is erased, too.
	const { lines: kept } = await page.get<BootLog>("/api/log");
	expect(kept[0]).toMatch(/ boot 2 \(restart\)/);
});
