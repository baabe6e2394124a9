import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DakkioServer } from "../../simulator/dakkio/server";
import { freePort } from "../../simulator/free-port";
import { World } from "../../simulator/world";
import { AppFixture } from "../app/app-fixture";
import { storeBacklog } from "../app/backlog";
import { nginx, startNginx, stopNginx } from "./nginx-process";

/** The service behind nginx, as in production: nginx terminates TLS and forwards to the API. */

let directory: string;
let world: World;
let proxy: ChildProcess;
let url: string;

async function startProxy(): Promise<void> {
	const port = await freePort();
	proxy = await startNginx(directory, {
		port,
		identity: world.dakkio.certificates.server,
		server: `
client_max_body_size 100k;
keepalive_timeout 1s;
location / {
	proxy_pass https://127.0.0.1:${world.dakkio.port};
	proxy_read_timeout 2s;
}`,
	});
	url = `https://localhost:${port}`;
}

describe.skipIf(nginx === undefined)("behind nginx", () => {
	beforeEach(async () => {
		directory = mkdtempSync(join(tmpdir(), "nginx-"));
		world = await World.start({ directory, speed: 1 });
		await startProxy();
	});
	afterEach(async () => {
		await stopNginx(proxy);
		await world.close();
		rmSync(directory, { recursive: true });
	});

	test("a backlog is delivered in bodies of at most nginx's limit (413 makes them smaller), each point once", async () => {
		storeBacklog(directory, 1_000, world.now());
		const board = new AppFixture(world, { server: url, interval: 86_400 });
		const points = await world.dakkio.waitForPoints(1_001);
		await board.app.stop();
		expect(points.map(({ metadata }) => metadata?.seq)).toEqual(
			Array.from({ length: 1_001 }, (_, i) => i + 1),
		);
		expect(world.dakkio.duplicates).toBe(0);
	});

	test("while the API is down nginx responds 502; readings are kept, and sent when the API is back", async () => {
		const { port } = world.dakkio;
		await world.dakkio.close();
		const board = new AppFixture(world, { server: url, interval: 86_400 });
		expect(await board.waitForLine(/not sent/)).toMatch(/not sent: 502: .*next try in \d s/);
		const server = await DakkioServer.start({ directory: join(directory, "dakkio"), port });
		const [point] = await server.waitForPoints(1);
		await board.app.stop();
		await server.close();
		expect(point?.metadata?.seq).toBe(1);
	});

	test("a request without a response from the API ends with nginx's 504, and is retried", async () => {
		const { firstRequests, neverRespond } = await import("../../simulator/dakkio/misbehaviours");
		world.dakkio.misbehaviours.exchange = firstRequests(1, neverRespond);
		const board = new AppFixture(world, { server: url, interval: 86_400 });
		expect(await board.waitForLine(/not sent/)).toMatch(/not sent: 504/);
		await world.dakkio.waitForPoints(1);
		await board.app.stop();
		expect(world.dakkio.duplicates).toBe(0);
	});
});
