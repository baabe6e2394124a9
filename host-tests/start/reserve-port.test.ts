import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort, reservePort } from "../../simulator/free-port";

/** Ports of virtual boards: those that start together announce theirs before they listen. */

let locks: string;
beforeEach(() => {
	locks = mkdtempSync(join(tmpdir(), "ports-"));
});
afterEach(() => rmSync(locks, { recursive: true }));

test("a port that is reserved is not given again, though nothing listens there yet", async () => {
	const port = await freePort();
	expect(await reservePort(port, locks)).toBe(port);
	expect(await reservePort(port, locks)).not.toBe(port);
});

test("a port where another program listens is not given", async () => {
	const port = await freePort();
	const other = createServer().listen(port, "127.0.0.1");
	expect(await reservePort(port, locks)).not.toBe(port);
	other.close();
	expect(await reservePort(port, locks)).toBe(port);
});

test("where nothing can be locked, a port that is free is given all the same", async () => {
	const file = join(locks, "file");
	writeFileSync(file, "");
	const port = await freePort();
	expect(await reservePort(port, file)).toBe(port);
});
