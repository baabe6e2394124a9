import {
	appendFileSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DakkioServer } from "../../simulator/dakkio/server";
import { ApiClient } from "./api-client";

let directory: string;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "dakkio-store-"));
});

afterEach(() => {
	rmSync(directory, { recursive: true });
});

async function life(run: (server: DakkioServer, client: ApiClient) => Promise<void>): Promise<void> {
	const server = await DakkioServer.start({ directory });
	const client = new ApiClient(server);
	try {
		await run(server, client);
	} finally {
		client.close();
		await server.close();
	}
}

describe("after a restart", () => {
	test("points, account, created sources and used calls are restored", async () => {
		let before: unknown;
		const state = (server: DakkioServer) => ({
			account: server.account,
			root: server.certificates.root.pem,
			points: server.points(),
			duplicates: server.duplicates,
		});
		await life(async (server, client) => {
			const { key, bucketId } = server.credentials;
			const schema = { a: { type: "number" } };
			await client.post();
			await client.send(`/api/buckets/${bucketId}/sources`, { key, body: { name: "Cellar", schema } });
			before = state(server);
		});
		await life(async (server, client) => {
			expect(state(server)).toEqual(before);
			expect(server.account.buckets[0]?.sources).toHaveLength(2);
			expect((await client.post()).headers["x-ratelimit-remaining"]).toBe("9997");
			expect(server.points()).toHaveLength(2);
		});
	});

	test.each([
		["account.json", ""],
		["account.json", '{"organization":"Development"}'],
		["usage.json", "{"],
		["usage.json", '{"month":"November"}'],
	])("a damaged %s (%j) is an error that says what to do, and stays", async (name, text) => {
		await life(async (_, client) => void (await client.post()));
		writeFileSync(join(directory, name), text);
		const start = DakkioServer.start({ directory });
		await expect(start).rejects.toThrow(new RegExp(`${name} is not .*: repair or remove it\\.$`));
		expect(readFileSync(join(directory, name), "utf8")).toBe(text);
	});

	test("a line that a crash cut off loses only that point", async () => {
		await life(async (_, client) => void (await client.post({ a: 1 })));
		appendFileSync(join(directory, "points.jsonl"), '{"_id":"0123');
		await life(async (server, client) => {
			expect(server.points()).toHaveLength(1);
			await client.post({ a: 2 });
		});
		await life(async (server) => {
			expect(server.points().map(({ values }) => values)).toEqual([{ a: 1 }, { a: 2 }]);
		});
	});
});

test("points are in a file with one JSON object per line, keys in one that only its owner can read", async () => {
	await life(async (server, client) => {
		await client.post({ a: 1 });
		await client.post({ a: 2 });
		const lines = readFileSync(join(directory, "points.jsonl"), "utf8").trimEnd().split("\n");
		expect(lines.map((line) => JSON.parse(line))).toEqual(server.points());
		expect(statSync(join(directory, "account.json")).mode & 0o777).toBe(0o600);
		expect(server.credentials.key).toMatch(/^dakkio_w_[A-Za-z0-9]{32}$/);
	});
});

test("a duplicate point is stored again, as the service does, and counted", async () => {
	await life(async (server, client) => {
		const timestamp = "2026-02-10T11:59:00.000Z";
		const metadata = { deviceId: "a", seq: 1 };
		await client.post({ t: 1 }, { timestamp, metadata });
		await client.post({ t: 1 }, { timestamp, metadata: { ...metadata, seq: 2 } });
		expect(server.duplicates).toBe(0);
		await client.post({ t: 1 }, { timestamp, metadata });
		expect([server.duplicates, server.points().length]).toEqual([1, 3]);
	});
});

test("waitForPoints resolves once the points have arrived", async () => {
	await life(async (server, client) => {
		const waiting = server.waitForPoints(2);
		const seen: number[] = [];
		server.on("exchange", ({ status }) => seen.push(status));
		await client.post({ a: 1 });
		await client.post({});
		await client.post({ a: 2 });
		expect((await waiting).map(({ values }) => values)).toEqual([{ a: 1 }, { a: 2 }]);
		expect(seen).toEqual([201, 400, 201]);
	});
});

test("a port in use is an error that names the port, and everything is closed", async () => {
	await life(async (server) => {
		await expect(DakkioServer.start({ port: server.port })).rejects.toThrow(/EADDRINUSE/);
		await expect(DakkioServer.start({ pagePort: server.port })).rejects.toThrow(/EADDRINUSE/);
	});
});

test("a stopped server releases its port at once", async () => {
	const first = await DakkioServer.start();
	const { port } = first;
	const client = new ApiClient(first);
	await client.post();
	await first.close();
	await first.close();
	client.close();
	const second = await DakkioServer.start({ port });
	expect(second.port).toBe(port);
	await second.close();
});

test("if storing a point fails, the response is 500, and the server continues", async () => {
	await life(async (server, client) => {
		const file = join(directory, "points.jsonl");
		mkdirSync(file);
		const failed = await client.post();
		expect([failed.status, failed.text]).toEqual([500, expect.stringContaining("EISDIR")]);
		rmSync(file, { recursive: true });
		expect((await client.post()).status).toBe(201);
		expect(server.points()).toHaveLength(1);
	});
});
