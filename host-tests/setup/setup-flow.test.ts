import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BoardRunner } from "../../simulator/board-runner";
import { makeAccount, makeId } from "../../simulator/dakkio/account";
import type { Misbehaviours } from "../../simulator/dakkio/exchange";
import * as faults from "../../simulator/dakkio/misbehaviours";
import { World } from "../../simulator/world";
import type { FailureCode, ScanState, TestState } from "../../src/setup/api";
import { PageClient } from "./page-client";

/** In real time each join would take seconds. */
const speed = 20;

let directory: string;
let world: World;
let running: BoardRunner;
let page: PageClient;
let otherBucket: string;
const lines: string[] = [];
const waiting: { readonly pattern: RegExp; readonly seen: (line: string) => void }[] = [];

function line(pattern: RegExp): Promise<string> {
	const passed = lines.find((each) => pattern.test(each));
	if (passed !== undefined) return Promise.resolve(passed);
	return new Promise((seen) => waiting.push({ pattern, seen }));
}

beforeAll(async () => {
	directory = mkdtempSync(join(tmpdir(), "dakkio-setup-"));
	// A second bucket, which the write key is not for.
	const account = makeAccount(Date.now());
	otherBucket = makeId(Date.now());
	const buckets = [...account.buckets, { _id: otherBucket, name: "Another", sources: [] }];
	mkdirSync(join(directory, "dakkio"), { recursive: true });
	writeFileSync(join(directory, "dakkio", "account.json"), JSON.stringify({ ...account, buckets }));
	world = await World.start({ directory, speed, realTimeOnline: false, setup: { page: 0 } });
	running = new BoardRunner(world, (each) => {
		lines.push(each);
		for (const { pattern, seen } of waiting) if (pattern.test(each)) seen(each);
	});
	running.start("power-on");
	await line(/^reading 1:/);
	page = new PageClient(await portOfPage());
});

afterAll(async () => {
	await running.stop();
	await world.close();
	rmSync(directory, { recursive: true, force: true });
});

/** The instructions are logged before the server has a port. */
async function portOfPage(): Promise<number> {
	for (;;) {
		const port = running.setupPort;
		if (port !== undefined && port > 0) return port;
		await new Promise((resolve) => setImmediate(resolve));
	}
}

const good = () => {
	const { key, bucketId, dataSourceId } = world.dakkio.credentials;
	const networks = [{ ssid: "Home", password: "correct horse" }];
	return { networks, key, bucketId, dataSourceId, interval: 5, uploadInterval: 0 };
};

/** `join✓ name✓ time✗ …` */
function brief({ steps }: TestState): string {
	const signs = { done: "✓", failed: "✗", running: "…", waiting: "" };
	return steps.map(({ step, state }) => `${step}${signs[state]}`).join(" ");
}

const failed = ({ steps }: TestState) => steps.find(({ state }) => state === "failed");

test("a fresh board describes itself, its sensors and its settings", async () => {
	const state = await page.state();
	expect(state.board).toMatchObject({ name: expect.stringMatching(/^Dakkio-[0-9A-F]{4}$/), chip: "node" });
	expect(state.board.deviceId).toMatch(/^ESP32-[0-9A-F]{6}$/);
	expect(state.sensors).toMatchObject([
		{
			name: "BME280 at 0x76",
			values: [
				{ name: "temperature", unit: "celsius", value: expect.any(Number) },
				{ name: "humidity", unit: "percent", value: expect.any(Number) },
				{ name: "pressure", unit: "hPa", value: expect.any(Number) },
			],
		},
	]);
	expect(state.secretsSet).toEqual([]);
	expect(state.plan).toEqual({ limit: 10_000, remaining: 10_000 });
	expect(await page.get<TestState>("/api/test")).toEqual({
		number: 0,
		running: false,
		passed: false,
		steps: [],
	});
});

test("it finds the networks in reach, strongest first, one with markup as its name", async () => {
	await page.state();
	expect((await page.post("/api/scan")).status).toBe(202);
	let state = await page.get<ScanState>("/api/networks");
	while (state.scanning) state = await page.get<ScanState>("/api/networks");
	expect(state.networks.map(({ ssid }) => ssid)).toEqual([
		"Home",
		"Simulated",
		"Hotel guests",
		"<img src=x onerror=alert(1)>",
		"Café 🐝 Zürich",
		"Far away",
	]);
});

describe("each failure is reported with its code and details", () => {
	interface Case {
		readonly settings?: () => object;
		/** May return a function that undoes it. */
		readonly arrange?: () => unknown;
		readonly steps: string;
		readonly code: FailureCode;
		readonly details?: object;
	}
	const cases: Readonly<Record<string, Case>> = {
		"a wrong password": {
			settings: () => ({ networks: [{ ssid: "Home", password: "wrong horse" }] }),
			steps: "join✗ name time certificate key source point",
			code: "wrong password",
			details: { ssid: "Home" },
		},
		"a wrong password or a weak signal": {
			settings: () => ({ networks: [{ ssid: "Far away", password: "wrong horse" }] }),
			steps: "join✗ name time certificate key source point",
			code: "wrong password",
			details: { ssid: "Far away" },
		},
		"a network that is not there": {
			settings: () => ({ networks: [{ ssid: "Home 5G", password: "correct horse" }] }),
			steps: "join✗ name time certificate key source point",
			code: "network not found",
			details: { ssid: "Home 5G" },
		},
		"no network": {
			settings: () => ({ networks: [] }),
			steps: "join✗ name time certificate key source point",
			code: "no network set",
		},
		"a network that wants a login": {
			settings: () => ({ networks: [{ ssid: "Hotel guests", password: "" }] }),
			steps: "join✓ name✓ time✗ certificate key source point",
			code: "captive portal",
		},
		"a name that does not exist": {
			settings: () => ({ server: "https://api.dakkio.invalid" }),
			steps: "join✓ name✗ time certificate key source point",
			code: "unknown host",
			details: { host: "api.dakkio.invalid" },
		},
		"time servers that do not answer": {
			settings: () => ({ ntpServers: ["127.0.0.1:1", "time.invalid"] }),
			steps: "join✓ name✓ time✗ certificate key source point",
			code: "no time",
			details: { message: "127.0.0.1:1, time.invalid" },
		},
		"a server that refuses connections": {
			settings: () => ({ server: "https://localhost:1" }),
			steps: "join✓ name✓ time✓ certificate✗ key source point",
			code: "connect",
			details: { message: expect.stringMatching(/^localhost:1: connect failed: /) },
		},
		"a server that speaks no TLS": {
			arrange: () => misbehave({ connection: faults.plainTextConnection }),
			steps: "join✓ name✓ time✓ certificate✗ key source point",
			code: "secure",
			details: { message: expect.stringContaining("does not speak TLS") },
		},
		"a certificate that has expired": {
			arrange: async () => world.dakkio.useIdentity(await world.dakkio.certificates.faulty("expired")),
			steps: "join✓ name✓ time✓ certificate✗ key source point",
			code: "expired",
			details: { host: "api.dakkio.io" },
		},
		"a certificate that is not valid yet": {
			arrange: async () => world.dakkio.useIdentity(await world.dakkio.certificates.faulty("not yet valid")),
			steps: "join✓ name✓ time✓ certificate✗ key source point",
			code: "not yet valid",
		},
		"a certificate for another name": {
			arrange: async () => world.dakkio.useIdentity(await world.dakkio.certificates.faulty("wrong name")),
			steps: "join✓ name✓ time✓ certificate✗ key source point",
			code: "wrong name",
		},
		"a certificate of no trusted authority": {
			arrange: async () => world.dakkio.useIdentity(await world.dakkio.certificates.faulty("self-signed")),
			steps: "join✓ name✓ time✓ certificate✗ key source point",
			code: "untrusted",
		},
		"no key": {
			settings: () => ({ key: "" }),
			steps: "join✓ name✓ time✓ certificate key✗ source point",
			code: "no key set",
		},
		"a key that is not known": {
			settings: () => ({ key: `dakkio_w_${"x".repeat(32)}` }),
			steps: "join✓ name✓ time✓ certificate✓ key✗ source point",
			code: "refused",
			details: { status: 401 },
		},
		"a key for another bucket": {
			settings: () => ({ bucketId: otherBucket }),
			steps: "join✓ name✓ time✓ certificate✓ key✗ source point",
			code: "refused",
			details: { status: 403 },
		},
		"a bucket that is not there": {
			settings: () => ({ bucketId: "0".repeat(24) }),
			steps: "join✓ name✓ time✓ certificate✓ key✗ source point",
			code: "refused",
			details: { status: 404 },
		},
		"a data source that is not there": {
			settings: () => ({ dataSourceId: "0".repeat(24) }),
			steps: "join✓ name✓ time✓ certificate✓ key✓ source✗ point",
			code: "no such source",
		},
		"a plan that is used up": {
			arrange: () => {
				world.dakkio.consumeCalls(1_000_000);
				return () => world.dakkio.consumeCalls(-1_000_000);
			},
			steps: "join✓ name✓ time✓ certificate✓ key✗ source point",
			code: "refused",
			details: { status: 429, message: expect.stringContaining("Resets at") },
		},
		"a service in trouble": {
			arrange: () => misbehave({ exchange: () => faults.respondWith(503) }),
			steps: "join✓ name✓ time✓ certificate✓ key✗ source point",
			code: "refused",
			details: { status: 503 },
		},
		"a service that redirects": {
			arrange: () =>
				misbehave({
					exchange: () => faults.respondWith(301, { headers: { Location: "https://evil.example/" } }),
				}),
			steps: "join✓ name✓ time✓ certificate✓ key✗ source point",
			code: "refused",
			details: { status: 301 },
		},
		"a data source that may not be created": {
			settings: () => ({ dataSourceId: "create", deviceId: "Nobody's" }),
			arrange: () => misbehave({ exchange: onPost(faults.respondWith(403)) }),
			steps: "join✓ name✓ time✓ certificate✓ key✓ source✗ point",
			code: "refused",
			details: { status: 403 },
		},
		"a point that may not be stored": {
			arrange: () => misbehave({ exchange: onPost(faults.respondWith(403)) }),
			steps: "join✓ name✓ time✓ certificate✓ key✓ source✓ point✗",
			code: "refused",
			details: { status: 403 },
		},
		"a point that the service refuses": {
			arrange: () =>
				misbehave({
					exchange: onPost(
						faults.respondWith(400, { message: `values are wrong ${world.dakkio.credentials.key}` }),
					),
				}),
			steps: "join✓ name✓ time✓ certificate✓ key✓ source✓ point✗",
			code: "refused",
			details: { status: 400, message: "values are wrong …" },
		},
		"a lost response": {
			arrange: () => misbehave({ exchange: onPost(faults.neverRespond) }),
			steps: "join✓ name✓ time✓ certificate✓ key✓ source✓ point✗",
			code: "receive",
			details: { message: expect.stringContaining("timed out") },
		},
	};

	function misbehave(how: Misbehaviours): void {
		Object.assign(world.dakkio.misbehaviours, how);
	}

	/** Only for POST. */
	function onPost(misbehaviour: ReturnType<typeof faults.respondWith>) {
		return ({ method }: { readonly method: string }) => (method === "POST" ? misbehaviour : undefined);
	}

	test.each(Object.entries(cases))("%s", async (_, { settings, arrange, steps, code, details }) => {
		await page.state();
		const { connection, exchange } = world.dakkio.misbehaviours;
		expect([connection, exchange]).toEqual([undefined, undefined]);
		const undo = await arrange?.();
		try {
			const state = await page.test({ ...good(), ...settings?.() });
			expect(brief(state)).toBe(steps);
			expect(state.passed).toBe(false);
			expect(failed(state)).toMatchObject({ code, details: details ?? {} });
		} finally {
			misbehave({ connection: undefined, exchange: undefined });
			world.dakkio.useIdentity(world.dakkio.certificates.server);
			if (typeof undo === "function") undo();
		}
	});

	test("a read key is refused before the test", async () => {
		await page.state();
		const settings = { ...good(), key: world.dakkio.credentials.key.replace("_w_", "_r_") };
		const { status, body } = await page.post("/api/test", { settings });
		expect(status).toBe(422);
		expect(JSON.parse(body).problems).toMatchObject([
			{ key: "key", problem: expect.stringContaining("read key") },
		]);
	});
});

test("tested settings are not saved", async () => {
	const { secretsSet, tested } = await page.state();
	expect(secretsSet).toEqual([]);
	expect(tested?.isKeyUnsaved).toBe(true);
	expect(tested?.settings.networks).toContainEqual({ ssid: "Home", saved: true, unsaved: true });
});

test("a second test replaces the first, and joins a hidden network", async () => {
	await page.state();
	const slow = { ...good(), networks: [{ ssid: "Nowhere", password: "12345678" }] };
	expect((await page.post("/api/test", { settings: slow })).status).toBe(202);
	const state = await page.test({
		...good(),
		networks: [
			{ ssid: "Nowhere", password: "12345678" },
			{ ssid: "Hidden", password: "nobody sees me" },
		],
	});
	expect(state.passed).toBe(true);
	expect(state.steps[0]?.details).toMatchObject({ ssid: "Hidden", address: "127.0.0.1" });
});

describe("the whole flow", () => {
	test("the first point is stored, with the device's metadata", async () => {
		await page.state();
		const { stored: before, handshakes } = world.dakkio;
		const state = await page.test({ ...good(), dataSourceId: "create" });
		// A chip computes seconds for each.
		expect(world.dakkio.handshakes - handshakes).toBe(1);
		expect(brief(state)).toBe("join✓ name✓ time✓ certificate✓ key✓ source✓ point✓");
		const [joined, name, time, certificate, , source, point] = state.steps.map(({ details }) => details);
		expect(joined).toEqual({ ssid: "Home", address: "127.0.0.1", strength: expect.any(Number) });
		expect(name).toEqual({ host: "api.dakkio.io", address: "127.0.0.1" });
		expect(time).toEqual({ utc: expect.any(Number) });
		expect(certificate).toEqual({ issuer: "Dakkio development" });
		expect(source).toEqual({ source: "created", deviceId: expect.stringMatching(/^ESP32-[0-9A-F]{6}$/) });
		expect(point).toEqual({ status: 201 });
		expect(world.dakkio.stored).toBe(before + 1);
		expect(world.dakkio.points().at(-1)).toMatchObject({
			dataSourceId: state.dataSourceId,
			metadata: { deviceId: expect.stringMatching(/^ESP32-[0-9A-F]{6}$/), seq: expect.any(Number) },
		});
		// The remaining calls are those of the last response, the point's.
		const { calls } = JSON.parse(readFileSync(join(directory, "dakkio", "usage.json"), "utf8"));
		expect((await page.state()).plan).toEqual({ limit: 1_000_000, remaining: 1_000_000 - calls });
	});

	test("the created data source has the fields and units of the sensors", () => {
		const made = world.dakkio.account.buckets[0]?.sources.find(({ name }) =>
			/^ESP32-[0-9A-F]{6}$/.test(name),
		);
		expect(made?.schema).toEqual({
			temperature: { type: "number", unit: "celsius" },
			humidity: { type: "number", unit: "percent" },
			pressure: { type: "number", unit: "hPa" },
		});
	});

	test("tested again, it is found and not created twice", async () => {
		await page.state();
		const state = await page.test({ ...good(), dataSourceId: "create" });
		expect(state.steps[5]?.details?.source).toBe("found");
		const named = world.dakkio.account.buckets[0]?.sources.filter(({ name }) =>
			/^ESP32-[0-9A-F]{6}$/.test(name),
		);
		expect(named).toHaveLength(1);
	});

	test("saved settings show no secrets", async () => {
		await page.state();
		const settings = { ...good(), dataSourceId: "create", location: "Balcony" };
		expect((await page.post("/api/save", { settings })).status).toBe(200);
		const state = await page.state();
		expect(state.settings).toMatchObject({
			key: "",
			networks: [{ ssid: "Home", saved: true }],
			location: "Balcony",
		});
		expect(state.secretsSet).toEqual(["networks", "key"]);
		const open = await page.post("/api/export", {});
		expect(open.body).not.toContain(settings.key);
		expect(open.body).not.toContain("correct horse");
		const whole = JSON.parse((await page.post("/api/export", { secrets: true })).body);
		expect(whole).toMatchObject({ version: 1, key: settings.key, networks: settings.networks });
		expect((await page.post("/api/check", { settings: whole })).body).toBe('{"problems":[],"warnings":[]}');
	});

	test("after setup the board goes online and its points arrive, none twice and none without its time", async () => {
		await page.state();
		const before = world.dakkio.stored;
		expect((await page.post("/api/finish")).status).toBe(202);
		await line(/^Wi-Fi: joined "Home"/);
		await expect(page.state()).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
		await world.dakkio.waitForPoints(before + 3);
		const points = world.dakkio.points();
		const numbers = points.map(({ metadata }) => metadata.seq);
		expect(points.some(({ metadata }) => metadata.timeEstimated === true)).toBe(false);
		expect(points.at(-1)?.metadata.location).toBe("Balcony");
		// Only the lost response above may send a point twice, with the same content.
		expect(new Set(numbers.slice(-3)).size).toBe(3);
		expect(world.dakkio.duplicates).toBe(0);
	});

	test("opened again, setup shows the saved settings and closes on request", async () => {
		lines.length = 0;
		running.openSetup();
		await line(/^setup: join the Wi-Fi/);
		page = new PageClient(await portOfPage());
		const state = await page.state();
		expect(state.secretsSet).toEqual(["networks", "key"]);
		expect((await page.test({ interval: 6 })).passed).toBe(true);
		expect((await page.post("/api/save", { settings: { interval: 6 } })).status).toBe(200);
		const before = world.dakkio.stored;
		expect((await page.post("/api/finish")).status).toBe(202);
		await line(/^setup: closed, done on the page$/);
		await world.dakkio.waitForPoints(before + 2);
		expect(world.dakkio.duplicates).toBe(0);
		expect(world.dakkio.points().some(({ metadata }) => metadata.timeEstimated === true)).toBe(false);
	});

	test("the log has no secret outside the setup instructions", () => {
		const { key } = world.dakkio.credentials;
		expect(lines.filter((each) => each.includes(key))).toEqual([]);
		expect(lines.filter((each) => /correct horse|wrong horse|nobody sees me/.test(each))).toEqual([]);
		const password = /password (\S+),/.exec(lines.find((each) => each.startsWith("setup: join")) ?? "")?.[1];
		expect(lines.filter((each) => each.includes(password ?? "none"))).toHaveLength(1);
	});
});
