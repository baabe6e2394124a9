import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ExchangeHead, Misbehaviour } from "../../simulator/dakkio/exchange";
import * as faults from "../../simulator/dakkio/misbehaviours";
import { World } from "../../simulator/world";
import { SettingsStore } from "../../src/settings/settings-store";
import { AppFixture } from "./app-fixture";

/** A board whose settings have it create its data source. */

let directory: string;
let world: World;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "source-"));
	world = await World.start({ directory, speed: 500 });
});
afterEach(async () => {
	await world.close();
	rmSync(directory, { recursive: true });
});

const named = (name: string) =>
	world.dakkio.account.buckets[0]?.sources.filter((source) => source.name === name) ?? [];
const onCreate = ({ method, path }: ExchangeHead) => method === "POST" && path.endsWith("/sources");

/** For the first attempts to create a data source. */
function first(count: number, misbehaviour: Misbehaviour): void {
	let left = count;
	world.dakkio.misbehaviours.exchange = (head) => (onCreate(head) && left-- > 0 ? misbehaviour : undefined);
}

function keptSource(): string {
	const storage = world.board(() => {}).storage.keyValue.open({ path: "dakkio", format: "buffer" });
	return new SettingsStore(storage).load().settings.dataSourceId;
}

test("it creates a data source with the fields of its sensors, saves its id, and sends there", async () => {
	const board = new AppFixture(world, { dataSourceId: "create", deviceId: "Balcony 7" });
	const points = await world.dakkio.waitForPoints(3);
	await board.app.stop();
	const [source, another] = named("Balcony 7");
	expect(another).toBeUndefined();
	expect(source?.schema).toMatchObject({ temperature: { type: "number", unit: "celsius" } });
	expect(points.map(({ dataSourceId }) => dataSourceId)).toEqual(Array(points.length).fill(source?._id));
	expect(points.map(({ metadata }) => metadata.seq)).toEqual(points.map((_, index) => index + 1));
	expect(keptSource()).toBe(source?._id);
	expect(board.logLines).toContain(`data source: ${source?._id}, "Balcony 7"`);
});

test("it uses a data source of its name: none is created twice, not even after a lost response", async () => {
	first(1, faults.loseResponse);
	const board = new AppFixture(world, { dataSourceId: "create", deviceId: "Balcony 7" });
	await board.waitForLine(/^not sent: .*receive failed/);
	await world.dakkio.waitForPoints(2);
	await board.app.stop();
	expect(named("Balcony 7")).toHaveLength(1);
	expect(world.dakkio.duplicates).toBe(0);
});

test("a failed request is retried, and no reading is lost", async () => {
	first(2, faults.respondWith(503));
	const board = new AppFixture(world, { dataSourceId: "create" });
	await board.waitForLine(/^not sent: 503/);
	const points = await world.dakkio.waitForPoints(4);
	await board.app.stop();
	expect(points[0]?.metadata.seq).toBe(1);
	expect(world.dakkio.duplicates).toBe(0);
});

test("a key without the permission is a settings fault: logged, and tried again each hour", async () => {
	first(1, faults.respondWith(403));
	const board = new AppFixture(world, { dataSourceId: "create", interval: 600 });
	expect(await board.waitForLine(/^not sent: 403/)).toMatch(
		/key is for another bucket or may not write.*next try in 360\d s/,
	);
	await world.dakkio.waitForPoints(1);
	await board.app.stop();
});

test("a key that the service repeats in an error is never logged", async () => {
	const { key } = world.dakkio.credentials;
	world.dakkio.misbehaviours.exchange = ({ method }) =>
		method === "GET" ? faults.respondWith(500, { message: `no ${key}` }) : undefined;
	const board = new AppFixture(world, { dataSourceId: "create" });
	expect(await board.waitForLine(/^not sent: 500/)).toContain("no …");
	await board.app.stop();
	expect(board.logLines.join("\n")).not.toContain(key);
});
