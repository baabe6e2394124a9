import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DevelopmentCertificates } from "../../simulator/dakkio/certificates";
import { FreshBoard } from "../../simulator/fresh-board";
import type { ServerRequest } from "../../src/http/server-messages";
import { checkSettings, type Settings } from "../../src/settings/settings";
import { handleSetupRequest, type SetupBackend } from "../../src/setup/request-handler";
import { PageClient } from "./page-client";

/**
 * A saved secret goes only to the destination that it was entered for: the key to the service's address with its root
 * certificate, a Wi-Fi password to the network of its name.
 */

const savedKey = `dakkio_w_${"s".repeat(32)}`;
const typedKey = `dakkio_w_${"t".repeat(32)}`;
const token = "0123456789abcdef0123456789abcdef";
const blanks = [undefined, null, "", " ", "        ", "\t\r\n", "\u00a0", "\u3000", "\ufeff", "\u200b\u2060"];

let roots: readonly [own: string, other: string];

beforeAll(async () => {
	const [own, other] = await Promise.all([DevelopmentCertificates.open(), DevelopmentCertificates.open()]);
	roots = [own.root.pem, other.root.pem];
});

/** A board that records the settings that it would use. */
function makeBoard(saved: Settings, tested: Settings) {
	const used: Settings[] = [];
	const use = (settings: Settings) => void used.push(settings);
	const unused = (): never => {
		throw new Error("not called here");
	};
	const board: SetupBackend = {
		origin: "http://192.168.4.1",
		names: [],
		token,
		defaultPins: {},
		sensors: [],
		settings: (asTested) => (asTested ? tested : saved),
		startTest: (settings) => used.push(settings),
		save: use,
		isOpenNetwork: false,
		isErasing: false,
		...{ state: unused, networks: unused, scan: unused, scanSensors: unused, testState: unused },
		...{
			export: unused,
			finish: unused,
			measure: unused,
			log: unused,
			restart: unused,
			updateState: unused,
			takeUpdate: unused,
			factoryReset: unused,
		},
	};
	return { board, used };
}

function post(path: string, body: object): ServerRequest {
	const headers = new Map([
		["origin", "http://192.168.4.1"],
		["content-type", "application/json"],
	]);
	return { method: "POST", path, host: "192.168.4.1", headers, body: JSON.stringify({ token, ...body }) };
}

const endpoints = ["/api/check", "/api/test", "/api/save"] as const;

describe("over all combinations of given, blank and null secrets with changed destinations", () => {
	const ownServer = "https://own.example";
	const servers = {
		same: [undefined, ownServer, "HTTPS://OWN.example/", `${ownServer}:443`],
		foreign: ["https://evil.example", `${ownServer}:8443`, "https://own.example.evil.example", "", null],
	};

	interface Attempt {
		readonly path: (typeof endpoints)[number];
		readonly asTested: boolean;
		readonly key: unknown;
		readonly server: unknown;
		readonly isForeign: boolean;
		/** Undefined: as saved. */
		readonly root: "same" | "other" | "none" | undefined;
	}

	const attempts: Attempt[] = endpoints.flatMap((path) =>
		[false, true].flatMap((asTested) =>
			[...blanks, typedKey].flatMap((key) =>
				([...servers.same, ...servers.foreign] as const).flatMap((server) =>
					([undefined, "same", "other", "none"] as const).map((root) => ({
						...{ path, asTested, key, server, root },
						isForeign: servers.foreign.some((each) => each === server),
					})),
				),
			),
		),
	);

	test("a saved key is used for its own service only, and blanks keep it", () => {
		const base = checkSettings({ server: ownServer, key: savedKey, rootCertificate: roots[0] }).settings;
		for (const attempt of attempts) {
			const { path, asTested, key, server, isForeign, root } = attempt;
			const { board, used } = makeBoard(
				asTested ? { ...base, server: "https://before.example" } : base,
				base,
			);
			const pem = { same: roots[0].replaceAll("\n", "\r\n"), other: roots[1], none: "" };
			const settings = {
				...(key !== undefined && { key }),
				...(server !== undefined && { server }),
				...(root !== undefined && { rootCertificate: pem[root] }),
			};
			const { status, body } = handleSetupRequest(post(path, { settings, asTested }), board);
			const text = Buffer.alloc(body?.length ?? 0);
			body?.read(text);
			const typed = key === typedKey;
			const accepted = used[0];
			const context = JSON.stringify(attempt);
			if (accepted !== undefined) expect(accepted.key, context).toBe(typed ? typedKey : savedKey);
			const mustAsk = !typed && (isForeign || root === "other");
			if (path === "/api/check") expect(text.includes('"key":"key"'), context).toBe(mustAsk);
			else if (mustAsk) expect([status, used.length], context).toEqual([422, 0]);
			// Null is not an address.
			else expect(used.length, context).toBe(server === null ? 0 : 1);
			expect(text.includes(savedKey), context).toBe(false);
		}
		expect(attempts.length).toBeGreaterThan(2000);
	});

	test("a saved Wi-Fi password is used for the network of its name only", () => {
		const saved = [
			{ ssid: "Home", password: "home password" },
			{ ssid: "Work", password: "work password" },
			{ ssid: "Café", password: "" },
		];
		const entry = fc.record(
			{
				ssid: fc.constantFrom("Home", "Work", "Café", "home", "Home ", "Ho\u006de\u200b", "New", "__proto__"),
				password: fc.oneof(fc.constantFrom(...blanks), fc.constant("a typed password")),
				open: fc.constantFrom(true, false),
			},
			{ requiredKeys: ["ssid"] },
		);
		const base = checkSettings({ networks: saved }).settings;
		fc.assert(
			fc.property(
				fc.uniqueArray(entry, { maxLength: 3, selector: ({ ssid }) => ssid }),
				fc.constantFrom("/api/test", "/api/save"),
				(networks, path) => {
					const { board, used } = makeBoard(base, base);
					const { status } = handleSetupRequest(post(path, { settings: { networks } }), board);
					expect([200, 202]).toContain(status);
					expect(used[0]?.networks).toEqual(
						networks.map(({ ssid, password, open }) => {
							if (password === "a typed password") return { ssid, password };
							const own = saved.find((each) => each.ssid === ssid)?.password ?? "";
							return { ssid, password: open === true ? "" : own };
						}),
					);
				},
			),
			{ numRuns: 500 },
		);
	});

	test.each([null, "", "   ", "\ufeff"])("networks of %j leave the saved ones as they are", (networks) => {
		const saved = checkSettings({ networks: [{ ssid: "Home", password: "home password" }] }).settings;
		const { board, used } = makeBoard(saved, saved);
		expect(handleSetupRequest(post("/api/save", { settings: { networks } }), board).status).toBe(200);
		expect(used).toEqual([saved]);
	});
});

describe("what a foreign server receives", () => {
	let board: FreshBoard;
	let page: PageClient;
	let foreign: Server;
	let foreignRoot: string;
	const received: string[] = [];

	beforeAll(async () => {
		const certificates = await DevelopmentCertificates.open();
		foreignRoot = certificates.root.pem;
		const { key, chain } = certificates.server;
		foreign = createServer({ key, cert: chain }, (request, response) => {
			request.setEncoding("utf8");
			received.push(request.rawHeaders.join("\n"));
			request.on("data", (part: string) => received.push(part));
			response.writeHead(200, { "Content-Type": "application/json" }).end("[]");
		}).listen(0, "127.0.0.1");
		await once(foreign, "listening");
		board = await FreshBoard.start(({ credentials }) => ({
			key: credentials.key,
			bucketId: credentials.bucketId,
			networks: [{ ssid: "Home", password: "correct horse" }],
		}));
		page = new PageClient(Number(new URL(board.url).port));
	});

	afterAll(async () => {
		await board.stop();
		foreign.close();
	});

	test("is never the saved key, however it is left out", async () => {
		const { port } = foreign.address() as AddressInfo;
		const saved = board.savedSettings.key;
		expect(saved).toMatch(/^dakkio_w_/);
		const destination = { server: `https://localhost:${port}`, rootCertificate: foreignRoot };
		await page.state();
		for (const key of blanks) {
			const settings = { ...destination, ...(key !== undefined && { key }) };
			for (const path of ["/api/test", "/api/save"])
				for (const asTested of [false, true])
					expect((await page.post(path, { settings, asTested })).status).toBe(422);
			// A part of the destination at a time.
			for (const part of [{ server: destination.server }, { rootCertificate: foreignRoot }])
				expect((await page.post("/api/save", { settings: { ...part, key } })).status).toBe(422);
		}
		// It is reachable: with a key of its own, it gets that one.
		await page.test({ ...destination, key: typedKey });
		expect(received.join("\n")).toContain(typedKey);
		expect(received.join("\n")).not.toContain(saved);
		// And a key that was tested there stays there.
		const back = { settings: { server: "https://api.dakkio.io", rootCertificate: "" }, asTested: true };
		expect((await page.post("/api/test", back)).status).toBe(422);
		expect(board.savedSettings.key).toBe(saved);
	});
});
