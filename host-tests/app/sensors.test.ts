import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseSensors } from "../../simulator/hardware/simulated-sensors";
import { World } from "../../simulator/world";
import { AppFixture } from "./app-fixture";

/** Sensors come and go while the whole firmware runs, up to the points at the service. */

let directory: string;
let world: World;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "sensors-"));
});
afterEach(async () => {
	await world.close();
	rmSync(directory, { recursive: true });
});

async function start(sensors: string): Promise<void> {
	const chips = parseSensors(sensors);
	if ("problem" in chips) throw new Error(chips.problem);
	world = await World.start({ directory, speed: 500, sensors: chips });
}

/** Waits for a point with exactly these fields. */
async function fields(...expected: string[]): Promise<void> {
	const current = () => Object.keys(world.dakkio.points().at(-1)?.values ?? {}).sort();
	while (current().join() !== [...expected].sort().join())
		await world.dakkio.waitForPoints(world.dakkio.points().length + 1);
}

test("unplugged, a sensor's fields are left out of the points; plugged in again they are back", async () => {
	await start("bme280,bh1750");
	const running = new AppFixture(world);
	await fields("temperature", "humidity", "pressure", "illuminance");
	running.board.station.bus.detach(0x76);
	await running.waitForLine(/sensor: BME280 at 0x76: it does not answer/);
	await fields("illuminance");
	running.board.station.plugIn({ name: "bme280", address: 0x76 });
	await running.waitForLine(/sensor: BME280 at 0x76 is back/);
	await fields("temperature", "humidity", "pressure", "illuminance");
	await running.app.stop();
	expect(world.dakkio.duplicates).toBe(0);
});

test("field names survive a restart, whichever of two sensors is connected then", async () => {
	await start("bme280,sht41");
	const first = new AppFixture(world);
	await fields("temperature", "humidity", "pressure", "temperature_2", "humidity_2");
	await first.app.stop();
	const second = new AppFixture(world);
	second.board.station.bus.detach(0x76);
	await second.waitForLine(/sensor: BME280 at 0x76: found before, but missing now/);
	await fields("temperature_2", "humidity_2");
	// It is found again without waiting for the hourly scan.
	second.board.station.plugIn({ name: "bme280", address: 0x76 });
	await fields("temperature", "humidity", "pressure", "temperature_2", "humidity_2");
	await second.app.stop();
});

test("a bus that is held low when the board starts is freed, and everything in the settings arrives", async () => {
	await start("bme280,ds18b20,ds18b20");
	const running = new AppFixture(world, {
		interval: 20,
		statistics: 5,
		oneWirePin: 4,
		derived: ["dew_point", "sea_level_pressure"],
		altitude: 200,
		inputs: [{ kind: "state", pin: 27, name: "door" }],
		sensors: {
			"BME280 at 0x76": {
				fields: { temperature: { name: "outdoors" }, humidity: { off: true }, pressure: { off: true } },
			},
		},
	});
	running.board.station.bus.holdLow();
	await running.waitForLine(/sensor: I2C bus: a chip held the data line low; the bus is recovered/);
	const quantities = ["outdoors", "dew_point", "sea_level_pressure", "temperature_2", "temperature_3"];
	await fields("door", ...quantities.flatMap((name) => [name, `${name}_min`, `${name}_max`]));
	const values: Readonly<Record<string, unknown>> = world.dakkio.points().at(-1)?.values ?? {};
	for (const name of quantities) {
		expect(Number(values[`${name}_min`])).toBeLessThanOrEqual(Number(values[name]));
		expect(Number(values[`${name}_max`])).toBeGreaterThanOrEqual(Number(values[name]));
	}
	expect(values.door).toBe(false);
	await running.app.stop();
});
