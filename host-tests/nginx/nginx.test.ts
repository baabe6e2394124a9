import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DakkioServer } from "../../simulator/dakkio/server";
import { freePort } from "../../simulator/free-port";
import { World } from "../../simulator/world";
import { AppFixture } from "../app/app-fixture";
import { storeBacklog } from "../app/backlog";

/** The service behind nginx, as in production: nginx terminates TLS and forwards to the API. */

const nginx = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find(existsSync);
if (nginx === undefined) console.warn("nginx.test.ts is skipped: nginx is not installed (apt install nginx)");

let directory: string;
let world: World;
let proxy: ChildProcess;
let url: string;

/** Resolves once the port accepts connections. */
async function listening(port: number): Promise<void> {
	for (;;) {
		const socket = connect(port, "127.0.0.1");
		const taken = await new Promise((resolve) => {
			socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		});
		socket.destroy();
		if (taken === true) return;
	}
}

function configuration(port: number): string {
	const { server } = world.dakkio.certificates;
	writeFileSync(join(directory, "chain.pem"), server.chain);
	writeFileSync(join(directory, "key.pem"), server.key, { mode: 0o600 });
	// Started by root, it would drop its privileges, and with them access to this directory.
	const user = process.getuid?.() === 0 ? "user root;" : "";
	return `
${user} daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
events {}
http {
	access_log off;
	client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy;
	fastcgi_temp_path ${directory}/fastcgi; uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
	server {
		listen 127.0.0.1:${port} ssl;
		ssl_certificate ${directory}/chain.pem;
		ssl_certificate_key ${directory}/key.pem;
		client_max_body_size 100k;
		keepalive_timeout 1s;
		location / {
			proxy_pass https://127.0.0.1:${world.dakkio.port};
			proxy_read_timeout 2s;
		}
	}
}
`;
}

async function startProxy(): Promise<void> {
	const port = await freePort();
	const file = join(directory, "nginx.conf");
	writeFileSync(file, configuration(port));
	const { status, stderr } = spawnSync(nginx ?? "", ["-t", "-q", "-c", file]);
	if (status !== 0) throw new Error(`nginx: ${stderr}`);
	proxy = spawn(nginx ?? "", ["-c", file], { stdio: "ignore" });
	await listening(port);
	url = `https://localhost:${port}`;
}

describe.skipIf(nginx === undefined)("behind nginx", () => {
	beforeEach(async () => {
		directory = mkdtempSync(join(tmpdir(), "nginx-"));
		world = await World.start({ directory, speed: 1 });
		await startProxy();
	});
	afterEach(async () => {
		proxy.kill("SIGQUIT");
		await once(proxy, "close");
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
