import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "../../simulator/world";
import { AppFixture } from "./app-fixture";
import { storeBacklog } from "./backlog";

/** Pending readings after an outage, on real sockets. */

let directory: string;
let world: World;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "backlog-"));
	world = await World.start({ directory, speed: 1 });
});
afterEach(async () => {
	await world.close();
	rmSync(directory, { recursive: true });
});

test("3,000 pending points are sent in batches of at most 1,000, over one TLS handshake, in order, each once", async () => {
	storeBacklog(directory, 3_000, world.now());
	const sizes: number[] = [];
	world.dakkio.on("points", (points) => sizes.push(points.length));
	const board = new AppFixture(world, { interval: 86_400 });
	const points = await world.dakkio.waitForPoints(3_001);
	await board.waitForLine(/sent .*3001/);
	expect(world.dakkio.handshakes).toBe(1);
	await board.app.stop();
	expect(sizes).toEqual([1_000, 1_000, 1_000, 1]);
	expect(points.map(({ metadata }) => metadata?.seq)).toEqual(Array.from({ length: 3_001 }, (_, i) => i + 1));
	expect(world.dakkio.duplicates).toBe(0);
});

test("a server that closes the connection after each response costs handshakes, and no duplicates", async () => {
	storeBacklog(directory, 2_500, world.now());
	const { closeAfterResponse } = await import("../../simulator/dakkio/misbehaviours");
	world.dakkio.misbehaviours.exchange = () => closeAfterResponse;
	const board = new AppFixture(world, { interval: 86_400 });
	await world.dakkio.waitForPoints(2_501);
	await board.app.stop();
	expect(world.dakkio.handshakes).toBeGreaterThan(1);
	expect(world.dakkio.duplicates).toBe(0);
	expect(board.logLines.filter((line) => line.startsWith("not sent"))).toEqual([]);
});

test("after a body that is too large for the server, batches are smaller", async () => {
	await world.close();
	world = await World.start({ directory, speed: 1, bodyLimit: 100_000 });
	storeBacklog(directory, 1_500, world.now());
	const board = new AppFixture(world, { interval: 86_400 });
	const points = await world.dakkio.waitForPoints(1_501);
	await board.app.stop();
	expect(points.map(({ metadata }) => metadata?.seq)).toEqual(Array.from({ length: 1_501 }, (_, i) => i + 1));
	expect(world.dakkio.duplicates).toBe(0);
});
