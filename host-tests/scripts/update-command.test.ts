import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BoardUpdateClient, newestUpdateFile, updateBoard } from "../../scripts/update-command";
import { freePort } from "../../simulator/free-port";
import { FreshBoard } from "../../simulator/fresh-board";
import { updateFile } from "../update/download-fixture";

let written: string;

beforeEach(() => {
	written = "";
	for (const stream of [process.stdout, process.stderr])
		vi.spyOn(stream, "write").mockImplementation((text) => {
			written += String(text);
			return true;
		});
});
afterEach(() => vi.restoreAllMocks());

describe("npm run update", () => {
	test("sends the newest file of the board's chip to a board in setup, which restarts into it", async () => {
		const board = await FreshBoard.start();
		const folder = board.world.release.directory;
		board.world.release.write([0, 0, 1]);
		board.world.release.write();
		const address = board.url.slice("http://".length, -1);
		expect(await updateBoard([address], folder)).toBe(0);
		expect(written).toContain("dakkio-esp32-0.2.1-node.update");
		await board.waitForLine(/^update: 0\.2\.1 on trial/);
		await board.stop();
	});

	test("installs an older version only with --older", async () => {
		const board = await FreshBoard.start();
		const file = board.world.release.write([0, 0, 1]);
		expect(await updateBoard([board.url, file], "")).toBe(1);
		expect(written).toContain("older than the present one. Add --older");
		expect(await updateBoard([board.url, file, "--older"], "")).toBe(0);
		await board.waitForLine(/^update: 0\.0\.1 on trial/);
		await board.stop();
	});

	describe("while the board is busy", () => {
		let server: Server;
		let requests: number;
		let busy: number;
		let pauses: number[];
		beforeEach(async () => {
			[requests, pauses] = [0, []];
			vi.spyOn(BoardUpdateClient.prototype, "pause").mockImplementation(async (ms) => void pauses.push(ms));
			server = createServer((_, response) => {
				if (++requests <= busy) response.writeHead(503, { "Retry-After": "7" }).end('{"error":"busy"}');
				else response.writeHead(200).end('{"token":"1","board":{"chip":"node"}}');
			}).listen(0, "127.0.0.1");
			await once(server, "listening");
		});
		afterEach(() => server.close());
		const address = () => {
			const bound = server.address();
			return `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
		};

		test("it waits as long as the board asks, however often, and shows that once", async () => {
			busy = 30;
			await expect(updateBoard([address()], "none")).rejects.toThrow("no update file for node");
			expect(pauses).toEqual(Array(30).fill(7_000));
			expect(written.match(/is busy with another page: close it, or wait/g)).toHaveLength(1);
		});

		test("it does not count as a failed attempt", async () => {
			busy = 4;
			const client = new BoardUpdateClient(address());
			await client.state();
			server.close();
			server.closeAllConnections();
			expect(await client.updateState()).toEqual({ phase: "installed" });
			expect(pauses).toEqual([7_000, 7_000, 7_000, 7_000, 500, 1_000, 2_000, 4_000]);
		});
	});

	test("says what to do where no board in setup responds", async () => {
		vi.spyOn(BoardUpdateClient.prototype, "pause").mockResolvedValue();
		const address = `127.0.0.1:${await freePort()}`;
		await expect(updateBoard([address], "")).rejects.toThrow("hold its button for five seconds");
		expect(await updateBoard([], "")).toBe(2);
		expect(written).toContain("npm run update -- <address> [file]");
	});

	test("says what is wrong with its arguments before it asks any board", async () => {
		const address = `127.0.0.1:${await freePort()}`;
		const pause = vi.spyOn(BoardUpdateClient.prototype, "pause");
		await expect(updateBoard([address, "none.update"], "")).rejects.toThrow(
			/^The update file cannot be read: ENOENT/,
		);
		await expect(updateBoard(["ht!tp://x y"], "")).rejects.toThrow("give that of the setup page");
		expect(pause).not.toHaveBeenCalled();
	});

	test.each([
		["another server", 404, "<html>Not found</html>"],
		["the page on the home network", 404, '{"error":"Not found."}'],
		["a proxy", 502, ""],
	])("%s is no board in setup", async (_, status, body) => {
		vi.spyOn(BoardUpdateClient.prototype, "pause").mockResolvedValue();
		const server = createServer((_, response) => response.writeHead(status).end(body));
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const bound = server.address();
		const address = `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
		await expect(updateBoard([address], "")).rejects.toThrow("does not respond as a board in setup");
		server.close();
	});
});

test("the newest file is the one with the highest version, of this chip and whole", () => {
	const folder = mkdtempSync(join(tmpdir(), "releases-"));
	expect(newestUpdateFile(join(folder, "none"), "node")).toBeUndefined();
	mkdirSync(join(folder, "x.update"));
	writeFileSync(join(folder, "a.update"), "no update file");
	writeFileSync(join(folder, "b.update"), updateFile({ version: "0.9.0", lengthBytes: 100 }));
	writeFileSync(join(folder, "c.update"), updateFile({ version: "0.10.0", lengthBytes: 100 }));
	writeFileSync(join(folder, "d.update"), updateFile({ version: "0.11.0", chip: "esp32", lengthBytes: 100 }));
	writeFileSync(join(folder, "e.txt"), updateFile({ version: "0.12.0", lengthBytes: 100 }));
	expect(newestUpdateFile(folder, "node")).toBe(join(folder, "c.update"));
	expect(newestUpdateFile(folder, "esp32c3")).toBeUndefined();
	rmSync(folder, { recursive: true });
});
