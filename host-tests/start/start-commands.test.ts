import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeAccount } from "../../simulator/dakkio/account";
import type { DataPoint } from "../../simulator/dakkio/api";
import { DakkioServer } from "../../simulator/dakkio/server";
import { PageClient } from "../setup/page-client";
import { asUsersStart, StartProcess, withState } from "./start-process";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The arguments of each `npm start` in the README, as a shell would have them. */
const readmeCommands = [
	...new Set([...readme.matchAll(/npm start(?: -- (--[^#`\n]*[^#`\s]))?/g)].map(([, args = ""]) => args)),
];

const writeKey = `dakkio_w_${"0123456789abcdef".repeat(2)}`;

/** A service of its own, as Dakkio is to the virtual board: with this bucket and data source, and a public certificate. */
async function startService(directory: string, bucketId: string, sourceId: string): Promise<DakkioServer> {
	const account = makeAccount(Date.now());
	const [bucket] = account.buckets;
	const [source] = bucket?.sources ?? [];
	if (bucket === undefined || source === undefined) throw new Error("an account has a bucket with a source");
	const buckets = [{ ...bucket, _id: bucketId, sources: [{ ...source, _id: sourceId }] }];
	const keys = [{ key: writeKey, type: "write", bucketId }];
	writeFileSync(join(directory, "account.json"), JSON.stringify({ ...account, keys, buckets }));
	return DakkioServer.start({ directory });
}

/** The setup page that was announced: it listens a moment after. */
async function openPage(start: StartProcess): Promise<PageClient> {
	const page = new PageClient(Number((await start.address("Setup")).port));
	for (;;) {
		try {
			await page.state();
			return page;
		} catch {
			await new Promise((resolve) => setImmediate(resolve));
		}
	}
}

/** Sets the board up through its page, as a user does with what `npm start` prints. */
async function setUp(start: StartProcess, more: object = {}): Promise<void> {
	const page = await openPage(start);
	const key = await start.fact("Key");
	const bucketId = await start.fact("Bucket");
	await start.waitForLine(/reading 1:/);
	const networks = [{ ssid: "Home", password: "correct horse" }];
	const settings = { key, bucketId, networks, uploadInterval: 0, interval: 5, ...more };
	expect((await page.test(settings)).passed).toBe(true);
	expect((await page.post("/api/save", { settings })).status).toBe(200);
	expect((await page.post("/api/finish")).status).toBe(202);
}

function pointsIn(state: string): readonly DataPoint[] {
	const text = readFileSync(join(state, "dakkio", "points.jsonl"), "utf8");
	return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

describe.concurrent("each command in the README runs until its first 201", () => {
	test("they are found", () => {
		expect(readmeCommands.length).toBeGreaterThanOrEqual(5);
		expect(readmeCommands).toContain("");
		expect(readmeCommands.some((args) => args.startsWith("--bucket"))).toBe(true);
		expect(readme).not.toMatch(/--key dakkio/);
	});

	test.each(readmeCommands)("npm start -- %s", async (command) => {
		await withState(async (state) => {
			if (command === "--help") {
				const help = new StartProcess(state, [command]);
				expect(await help.waitForEnd()).toBe(0);
				expect(help.lines.join("\n")).toContain("--settings FILE");
				return;
			}
			const [, bucket = "", source = ""] = /--bucket (\S+) --source (\S+)/.exec(command) ?? [];
			const args = command.split(" ").filter((word) => word !== "");
			if (bucket === "") {
				const start = new StartProcess(state, args, {}, args.length === 0 ? asUsersStart : undefined);
				if (args.includes("--fresh")) await setUp(start);
				await start.waitForLine(/Wi-Fi: joined/);
				await start.waitForLine(/sent (point|\d+ points) .*: 201/);
				return;
			}
			// The command as it stands, to a service that is not the real one.
			const service = await startService(state, bucket, source);
			const root = join(state, "root.pem");
			writeFileSync(root, service.certificates.root.pem);
			const start = new StartProcess(join(state, "board"), [...args, "--url", service.url], {
				NODE_EXTRA_CA_CERTS: root,
				DAKKIO_KEY: writeKey,
			});
			await start.waitForLine(/sent .*: 201/);
			expect(service.stored).toBeGreaterThan(0);
			await start.stop();
			await service.close();
		});
	});
});

describe.concurrent("the virtual board has a network", () => {
	const sent = /sent (point|\d+ points) .*: 201/;

	test.each<[what: string, file: object, args: readonly string[], joined: string]>([
		["with a settings file without one", { location: "Balcony" }, [], "Simulated"],
		["with a settings file of its own", { networks: [{ ssid: "Mine", password: "12345678" }] }, [], "Mine"],
		["with a settings file without passwords", { networks: [{ ssid: "Mine", open: true }] }, [], "Mine"],
		["with a settings file, new", { interval: 5 }, ["--fresh"], "Simulated"],
		["with a settings file, fast", { interval: 30 }, ["--speed", "100"], "Simulated"],
	])("%s", async (_, file, args, joined) => {
		await withState(async (state) => {
			const path = join(state, "settings.json");
			writeFileSync(path, JSON.stringify(file));
			const start = new StartProcess(state, ["--settings", path, ...args]);
			await start.waitForLine(new RegExp(`Wi-Fi: joined "${joined}"`));
			await start.waitForLine(sent);
		});
	});

	test("with a key in the settings file, for that service", async () => {
		await withState(async (state) => {
			const [bucketId, dataSourceId] = ["5".repeat(24), "6".repeat(24)];
			const service = await startService(state, bucketId, dataSourceId);
			const path = join(state, "settings.json");
			const rootCertificate = service.certificates.root.pem;
			const own = { key: writeKey, bucketId, dataSourceId, server: service.url, rootCertificate };
			writeFileSync(path, JSON.stringify(own));
			const start = new StartProcess(join(state, "board"), ["--settings", path]);
			await start.waitForLine(/Wi-Fi: joined "Simulated"/);
			await start.waitForLine(sent);
			await start.stop();
			await service.close();
		});
	});

	test("unless its settings ask for none", async () => {
		await withState(async (state) => {
			const path = join(state, "settings.json");
			writeFileSync(path, '{ "networks": [] }');
			const start = new StartProcess(state, ["--settings", path, "--interval", "5"]);
			await start.waitForLine(/reading 2:/);
			expect(start.lines.filter((line) => /Wi-Fi: joined|sent/.test(line))).toEqual([]);
		});
	});
});

describe.concurrent("what was saved on the setup page", () => {
	test("is kept by the next plain start and by those after other settings; only --fresh forgets it", async () => {
		await withState(async (state) => {
			const first = new StartProcess(state, ["--fresh"]);
			await setUp(first, { location: "Balcony", deviceId: "Mine", interval: 7 });
			await first.waitForLine(/Wi-Fi: joined "Home"/);
			await first.stop();

			const second = new StartProcess(state);
			expect(await second.fact("Clock")).toBe("real time, a reading every 7 s");
			await second.waitForLine(/Wi-Fi: joined "Home"/);
			await second.waitForLine(/sent .*: 201/);
			await second.stop();
			expect(pointsIn(state).at(-1)?.metadata).toMatchObject({ location: "Balcony", deviceId: "Mine" });

			const file = join(state, "other.json");
			writeFileSync(file, '{ "location": "Cellar" }');
			const other = new StartProcess(state, ["--settings", file]);
			await other.waitForLine(/sent .*: 201/);
			await other.stop();

			const third = new StartProcess(state, ["--interval", "5"]);
			expect(await third.fact("Clock")).toBe("real time, a reading every 5 s");
			await third.waitForLine(/Wi-Fi: joined "Home"/);
			await third.waitForLine(/sent .*: 201/);
			third.pressEnter();
			await third.waitForLine(/setup: join the Wi-Fi/);
			const page = await openPage(third);
			expect((await page.state()).settings).toMatchObject({ location: "Balcony", deviceId: "Mine" });
			await third.stop();

			const fresh = new StartProcess(state, ["--fresh"]);
			await fresh.waitForLine(/no uploads: the API key is not set/);
			await fresh.stop();
			// Nothing was saved since: the board is set up as on a plain start.
			const plain = new StartProcess(state);
			await plain.waitForLine(/Wi-Fi: joined "Simulated"/);
		});
	});
});

describe.concurrent("--speed", () => {
	test.each(["60", "3600", "10000"])("%s stores each point once, and reports no failure", async (speed) => {
		await withState(async (state) => {
			const start = new StartProcess(state, ["--speed", speed, "--interval", "60"]);
			await start.waitForLine(speed === "60" ? /sent point 4: 201/ : /sent point [4-9]\d: 201/);
			await start.stop();
			const numbers = pointsIn(state).map(({ metadata }) => metadata.seq);
			expect(new Set(numbers).size).toBe(numbers.length);
			expect(start.lines.filter((line) => /not sent|could not|no response|timed out/.test(line))).toEqual([]);
		});
	});

	test("a board that has run ahead of real time is not let loose on a real service", async () => {
		await withState(async (state) => {
			const fast = new StartProcess(state, ["--speed", "10000"]);
			await fast.waitForLine(/reading 200:/);
			await fast.stop();
			const id = "5".repeat(24);
			const start = new StartProcess(state, ["--key", writeKey, "--bucket", id, "--source", id]);
			expect(await start.waitForEnd()).toBe(1);
			expect(start.stderr).toMatch(/ahead of real time .* --fresh\.\n$/);
		});
	});
});

describe.concurrent("state that cannot be used is one sentence, and is left as it is:", () => {
	const secret = "correct horse battery";
	const isFile = (path: string, text: string) => (state: string) => {
		mkdirSync(dirname(join(state, path)), { recursive: true });
		writeFileSync(join(state, path), text);
	};
	const accountWithoutKeys = JSON.stringify({ ...makeAccount(0), keys: [] });
	const isFolder = (path: string) => (state: string) => mkdirSync(join(state, path), { recursive: true });
	const savedOnPage = (text: string) => (state: string) => {
		isFile("board/set-up-by-page", "")(state);
		isFile("board/saved-on-page.json", text)(state);
	};

	test.each<[what: string, prepare: (state: string) => void, fault: string]>([
		["board is a file", isFile("board", ""), "board'"],
		["a folder for the time", isFolder("board/time"), "board/time cannot be read (EISDIR"],
		["no time", isFile("board/time", "noon"), "board/time is not a time"],
		["no settings", savedOnPage(`{"password": "${secret}`), "saved-on-page.json is not valid JSON"],
		["a list of settings", savedOnPage("[]"), "saved-on-page.json is not a JSON object"],
		["no key", isFile("release-key.pem", secret), "release-key.pem is not a private key in PEM"],
		["no account", isFile("dakkio/account.json", secret), "dakkio/account.json is not valid JSON"],
		["another account", isFile("dakkio/account.json", "{}"), "account.json is not an account with"],
		[
			"an account without keys",
			isFile("dakkio/account.json", accountWithoutKeys),
			"account.json is not an account with",
		],
		["no usage", isFile("dakkio/usage.json", "[]"), "usage.json is not a number of calls"],
		["a folder for points", isFolder("dakkio/points.jsonl"), "EISDIR"],
	])("%s", async (_, prepare, fault) => {
		await withState(async (state) => {
			prepare(state);
			const start = new StartProcess(state);
			expect(await start.waitForEnd()).toBe(1);
			expect(start.stderr).toContain(`State in ${state} cannot be used (`);
			expect(start.stderr).toContain(fault);
			expect(start.stderr).toMatch(/^.*\): repair or remove it, or name another folder with --state\.\n$/);
			expect(start.stderr).not.toContain(secret);
			expect(existsSync(join(state, "lock"))).toBe(false);
		});
	});

	test.skipIf(!existsSync("/dev/full"))("a full disk", async () => {
		await withState(async (state) => {
			mkdirSync(join(state, "dakkio"));
			symlinkSync("/dev/full", join(state, "dakkio", "account.json.new"));
			const start = new StartProcess(state);
			expect(await start.waitForEnd()).toBe(1);
			expect(start.stderr).toMatch(/^State in .* cannot be used \(ENOSPC.*--state\.\n$/);
		});
	});

	test("a fault that comes while the board runs", async () => {
		await withState(async (state) => {
			const start = new StartProcess(state);
			await start.waitForLine(/reading 1:/);
			rmSync(join(state, "board", "time"));
			mkdirSync(join(state, "board", "time"));
			expect(await start.waitForEnd()).toBe(1);
			expect(start.stderr).toMatch(/^State in .* cannot be used \(EISDIR.*--state\.\n$/);
			expect(existsSync(join(state, "lock"))).toBe(false);
		});
	});
});

describe.concurrent("a reader that closes the pipe, like head", () => {
	test.each([
		["at once", /./],
		["while the board runs", /sent point 1: 201/],
	])("%s, stops the board as Ctrl-C does", async (_, last) => {
		await withState(async (state) => {
			const start = new StartProcess(state);
			await start.waitForLine(last);
			start.closeOutput();
			expect(await start.waitForEnd()).toBe(0);
			expect(start.stderr).toBe("");
			expect(existsSync(join(state, "lock"))).toBe(false);
		});
	});
});

test.concurrent("the README's transcript is what is printed", async () => {
	const [, transcript = ""] = /<!-- transcript: npm start -->\n```\n([\s\S]*?)\n```/.exec(readme) ?? [];
	const wanted = transcript.split("\n");
	await withState(async (state) => {
		const start = new StartProcess(state);
		await start.waitForLine(/sent point 2: 201/);
		const printed = start.lines.slice(0, wanted.length);
		// The name is claimed while the first point is sent.
		const [inOrder, expected] = [printed, wanted].map((lines) =>
			lines.map(withoutChance).sort((one, other) => Number(isPageLine(one)) - Number(isPageLine(other))),
		);
		expect(inOrder).toEqual(expected);
	});
});

test.concurrent("what a settings file without a key says of a service is reported as unused", async () => {
	await withState(async (state) => {
		const path = join(state, "board.json");
		writeFileSync(path, JSON.stringify({ server: "https://dakkio.example", bucketId: "5".repeat(24) }));
		const start = new StartProcess(state, ["--settings", path]);
		expect(await start.fact("Settings")).toBe(
			`server, bucketId of ${path}: not used, because without a key in it the board posts to the embedded Dakkio`,
		);
		await start.waitForLine(/sent point 1: 201/);
	});
});

test("the README's transcript of a new board is what it logs", async () => {
	const [, transcript = ""] = /<!-- transcript: a new board -->\n```\n([\s\S]*?)\n```/.exec(readme) ?? [];
	await withState(async (state) => {
		const start = new StartProcess(state, ["--fresh"]);
		await start.waitForLine(/reading 1:/);
		const log = start.lines.filter((line) => /^\d\d:\d\d/.test(line)).map((line) => line.slice(14));
		const printed = log.filter((line) => !/[█▀▄]/.test(line)).map(withoutBoard);
		const wanted = transcript.split("\n").filter((line) => !line.includes("QR code"));
		expect(printed).toEqual(wanted.map(withoutBoard));
		expect(log.some((line) => /[█▀▄]/.test(line))).toBe(true);
	});
});

test("a folder that cannot hold its state is one sentence that says what to do", async () => {
	await withState(async (state) => {
		const file = join(state, "file");
		writeFileSync(file, "");
		const start = new StartProcess(file);
		expect(await start.waitForEnd()).toBe(1);
		expect(start.stderr).toMatch(/^State cannot be kept in .*\): name a folder .* with --state\.\n$/);
	});
});

test.skipIf(!existsSync("/proc/self"))("a folder that the system refuses is one sentence", async () => {
	const start = new StartProcess("/proc/dakkio");
	expect(await start.waitForEnd()).toBe(1);
	expect(start.stderr).toMatch(/^State cannot be kept in \/proc\/dakkio .* with --state\.\n$/);
});

test("the setup page has another port where its own is in use, and the invitation names it", async () => {
	await withState(async (state) => {
		const other = await occupy(8180);
		const start = new StartProcess(state, ["--fresh"]);
		const url = await start.address("Setup");
		expect(url.port).not.toBe("8180");
		expect(await start.fact("Setup")).toBe(`http://localhost:${url.port}  (8180 is in use)`);
		const invitation = await start.waitForLine(/setup: join the Wi-Fi/);
		expect(invitation).toContain(`open http://127.0.0.1:${url.port}`);
		expect((await (await openPage(start)).state()).board.chip).toBe("node");
		await start.stop();
		other.close();
	});
});

/** Uses a port; where another process does, that is as good. */
async function occupy(port: number): Promise<Server> {
	const server = createServer().listen(port, "127.0.0.1");
	await once(server, "listening").catch(() => {});
	return server;
}

test.each([
	["Dakkio", 8443],
	["Points", 8080],
])("%s has another port where its own is in use, and says so", async (name, port) => {
	await withState(async (state) => {
		const other = await occupy(port);
		const start = new StartProcess(state);
		const address = await start.address(name);
		expect(address.port).not.toBe(String(port));
		expect(await start.fact(name)).toContain(`:${address.port}  (${port} is in use)`);
		await start.waitForLine(/sent point 1: 201/);
		await start.stop();
		other.close();
	});
});

test("each port is chosen by itself", async () => {
	await withState(async (state) => {
		const other = await occupy(8443);
		const start = new StartProcess(state);
		const points = await start.fact("Points");
		// A board of another test may have it.
		expect(points).toMatch(/^http:\/\/localhost:(8080|\d+ {2}\(8080 is in use\))$/);
		await start.stop();
		other.close();
	});
});

function isPageLine(line: string): boolean {
	return line.includes("local page:");
}

/** Without what differs between two boards. */
function withoutBoard(line: string): string {
	return withoutChance(
		line
			.replace(/on (node|esp32\w*) [0-9A-F]{6}/, "on CHIP ID")
			.replace(/Dakkio-[0-9A-F]{4}, password \w+/, "NAME, password")
			.replace(/http:\S+/, "ADDRESS"),
	);
}

/** Without times, ports, measured values and names that differ between two starts. */
function withoutChance(line: string): string {
	return line
		.replace(/^State +.*/, "State")
		.replace(/ {2}\(\d+ is in use\)/, "")
		.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "UTC")
		.replace(/on node [0-9A-F]{6}/, "on node ID")
		.replace(/dakkio-[0-9a-f]{4}/, "dakkio-ID")
		.replace(/-?\d+(\.\d+)?/g, "#");
}
