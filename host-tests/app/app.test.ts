import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DakkioServer } from "../../simulator/dakkio/server";
import { World } from "../../simulator/world";
import { firmwareVersion } from "../../src/version";
import { AppFixture } from "./app-fixture";

/** The whole firmware on the Node board, against the embedded servers, with real TLS and UDP. */

let directory: string;
let world: World;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "app-"));
	world = await World.start({ directory, speed: 500 });
});
afterEach(async () => {
	await world.close();
	rmSync(directory, { recursive: true });
});

test("from the first boot to the first 201: time, reading, flash, point", async () => {
	const startedAt = world.now();
	const board = new AppFixture(world);
	const [point, second] = await world.dakkio.waitForPoints(2);
	await board.waitForLine(/sent/);
	await board.app.stop();
	expect(point).toMatchObject({
		bucketId: world.dakkio.credentials.bucketId,
		dataSourceId: world.dakkio.credentials.dataSourceId,
		values: { temperature: expect.any(Number), humidity: expect.any(Number), pressure: expect.any(Number) },
		metadata: { location: "Bench", firmwareVersion, resetReason: "power-on", seq: 1 },
	});
	expect(second?.metadata).not.toHaveProperty("resetReason");
	expect(point?.metadata?.deviceId).toMatch(/^ESP32-[0-9A-F]{6}$/);
	for (const value of Object.values(point?.values ?? {}))
		expect(String(value)).toMatch(/^-?\d+(\.\d{1,2})?$/);
	const sampled = Date.parse(point?.timestamp ?? "");
	expect(sampled).toBeGreaterThan(startedAt);
	expect(sampled).toBeLessThan(world.now());
	expect(world.ntp.requests).toBeGreaterThan(0);
	expect(board.logLines.join("\n")).not.toContain(world.dakkio.credentials.key);
});

test("server off, ten readings, server on: eleven points arrive, in order, each with its own time, no duplicates", async () => {
	const { port, url } = world.dakkio;
	await world.dakkio.close();
	const board = new AppFixture(world, { server: url });
	await board.waitForLine(/reading 10:/);
	const server = await DakkioServer.start({ directory: join(directory, "dakkio"), port });
	const points = (await server.waitForPoints(11)).slice(0, 11);
	await board.app.stop();
	await server.close();
	expect(points.map(({ metadata }) => metadata?.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
	const times = points.map(({ timestamp }) => Date.parse(timestamp ?? ""));
	const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
	for (const step of steps) expect(step).toBeGreaterThan(0);
	expect(server.duplicates).toBe(0);
});

test("after a restart, sequence numbers continue and pending readings are sent", async () => {
	const { key } = world.dakkio.credentials;
	const before = new AppFixture(world, { key: key.replace(/.$/, (last) => (last === "x" ? "y" : "x")) });
	await before.waitForLine(/not sent: 401: .*Check the API key/);
	await before.waitForLine(/reading 3:/);
	await before.app.stop();
	expect(world.dakkio.points()).toEqual([]);
	const after = new AppFixture(world);
	const points = await world.dakkio.waitForPoints(4);
	await after.app.stop();
	expect(points.slice(0, 4).map(({ metadata }) => metadata?.seq)).toEqual([1, 2, 3, 4]);
	expect(after.logLines[0]).toMatch(/boot 2 \(power-on\), ([3-9]|\d\d+) pending/);
});

test("without a time server nothing is sent and nothing is lost; with one, every reading has its true time", async () => {
	world.ntp.fault = { kind: "silent" };
	const board = new AppFixture(world);
	await board.waitForLine(/reading 3:/);
	expect(world.dakkio.points()).toEqual([]);
	world.ntp.fault = undefined;
	const points = await world.dakkio.waitForPoints(4);
	await board.app.stop();
	const times = points.slice(0, 4).map(({ timestamp }) => Date.parse(timestamp ?? ""));
	for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeGreaterThan(0);
	expect(points[0]?.metadata).not.toHaveProperty("timeEstimated");
});
