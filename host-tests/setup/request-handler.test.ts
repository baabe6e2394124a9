import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DevelopmentCertificates } from "../../simulator/dakkio/certificates";
import type { ServerRequest, ServerResponse } from "../../src/http/server-messages";
import { checkSettings, type Settings, settingsTable } from "../../src/settings/settings";
import type { TestState } from "../../src/setup/api";
import { describeSettings, redactedSettings, secretsSet } from "../../src/setup/form-settings";
import { setupPage } from "../../src/setup/page-data";
import { handleSetupRequest, type SetupBackend } from "../../src/setup/request-handler";

const token = "0123456789abcdef0123456789abcdef";
const key = "dakkio_w_abcdefghijklmnopqrstuvwxyz012345";
const password = "correct horse battery";
const root = (await DevelopmentCertificates.open()).root.pem;
const kept = checkSettings({ key, networks: [{ ssid: "Home", password }], location: "Balcony" }).settings;

/** A board that records what is done to it. */
function makeBoard(settings: Settings = kept) {
	const done: string[] = [];
	let now = settings;
	const board: SetupBackend = {
		origin: "http://192.168.4.1",
		names: ["board.example"],
		token,
		defaultPins: { data: 8, clock: 9, led: undefined, button: 0 },
		sensors: [
			{
				name: "BME280 at 0x76",
				values: [
					{ name: "temperature", field: "temperature", unit: "celsius", decimals: 2 },
					{ name: "dew_point", field: "dew_point", unit: "celsius", decimals: 1 },
				],
			},
			{
				name: "pin 33",
				input: { kind: "state", pin: 33, name: "door" },
				values: [{ name: "door", field: "door", unit: "", decimals: 0 }],
			},
		],
		settings: () => now,
		state: () => ({
			board: {
				...{ name: "Dakkio-1A2B", deviceId: "ESP32-A1B2C3", chip: "test", firmwareVersion: "1.2.3" },
				pins: {},
			},
			settings: redactedSettings(now),
			secretsSet: secretsSet(now),
			table: describeSettings(),
			sensors: [],
			waiting: 3,
			plan: { limit: 10_000, remaining: 9_000 },
		}),
		networks: () => ({ scanning: false, networks: [{ ssid: "<img src=x>", strength: -50, secured: true }] }),
		scan: () => done.push("scan"),
		scanSensors: (forget) => done.push(forget ? "forget sensors" : "sensors"),
		startTest: (tested) => done.push(`test ${tested.networks[0]?.password}`),
		testState: (): TestState => ({ number: 0, running: false, passed: false, steps: [] }),
		save: (saved) => {
			now = saved;
			done.push("save");
		},
		isOpenNetwork: false,
		isErasing: false,
		export: (secrets) => [`export ${secrets}`],
		finish: () => done.push("finish"),
		measure: (wanted) => {
			done.push(`measure ${wanted?.inputs.length}`);
			return { sensors: [], probed: [], waiting: 3 };
		},
		log: () => ({ status: { reason: "panic", resetCounts: [], uptimeMs: 1 }, lines: ["one"] }),
		updateState: () => ({ phase: "open" }),
		takeUpdate: ({ at }) => {
			done.push(`update at ${at}`);
			return { phase: "open", writtenBytes: 5 };
		},
		restart: () => done.push("restart"),
		factoryReset: (name) => {
			done.push(`reset ${name}`);
			return name === "Dakkio-1A2B";
		},
	};
	return { board, done, settings: () => now };
}

interface Asked {
	readonly host?: string | undefined;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
}

function request(method: string, path: string, asked: Asked = {}): ServerRequest {
	const { headers = {}, body = "" } = asked;
	const host = "host" in asked ? asked.host : "192.168.4.1";
	return { method, path, host, headers: new Map(Object.entries(headers)), body };
}

function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}, host?: string) {
	const own = { "content-type": "application/json", origin: "http://192.168.4.1" };
	const all = Object.fromEntries(Object.entries({ ...own, ...headers }).filter(([, value]) => value !== ""));
	const text = typeof body === "string" ? body : JSON.stringify(body);
	return request("POST", path, { headers: all, body: text, ...(host === undefined ? {} : { host }) });
}

/** A body can be read once. */
function bytesOf({ body }: ServerResponse): Buffer {
	const bytes = Buffer.alloc(body?.length ?? 0);
	let at = 0;
	while (at < bytes.length) {
		const count = body?.read(bytes.subarray(at, at + 100)) ?? 0;
		if (count === 0) throw new Error(`the body ends after ${at} of ${bytes.length} bytes`);
		at += count;
	}
	return bytes;
}

const textOf = (answer: ServerResponse) => bytesOf(answer).toString("utf8");
const headerOf = (answer: ServerResponse, wanted: string) =>
	answer.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

describe("the page", () => {
	test("is one compressed document with a content policy for its own script only", () => {
		const answer = handleSetupRequest(request("GET", "/"), makeBoard().board);
		expect(answer.status).toBe(200);
		expect(headerOf(answer, "content-encoding")).toBe("gzip");
		expect(gunzipSync(bytesOf(answer)).toString("utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>$/i);
		const policy = headerOf(answer, "content-security-policy") ?? "";
		expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+';/);
		expect(policy).toContain("frame-ancestors 'none'");
		expect(policy).toContain("base-uri 'none'");
		expect(policy).not.toMatch(/unsafe|\*/);
	});

	test("is not sent again to a browser that has it (304)", () => {
		const headers = { "if-none-match": setupPage.etag };
		const answer = handleSetupRequest(request("GET", "/", { headers }), makeBoard().board);
		expect([answer.status, answer.body]).toEqual([304, undefined]);
	});
});

test("every response has the security headers", () => {
	const { board } = makeBoard();
	const answers = [
		handleSetupRequest(request("GET", "/"), board),
		handleSetupRequest(request("GET", "/api/state"), board),
		handleSetupRequest(request("GET", "/nothing"), board),
		handleSetupRequest(request("PUT", "/"), board),
		handleSetupRequest(request("GET", "/", { host: "evil.example" }), board),
		handleSetupRequest(post("/api/save", "{"), board),
	];
	for (const answer of answers) {
		expect(headerOf(answer, "x-content-type-options")).toBe("nosniff");
		expect(headerOf(answer, "x-frame-options")).toBe("DENY");
		expect(headerOf(answer, "referrer-policy")).toBe("no-referrer");
		expect(headerOf(answer, "content-security-policy")).toContain("default-src 'none'");
		expect(headerOf(answer, "access-control-allow-origin")).toBeUndefined();
	}
	expect(headerOf(handleSetupRequest(request("GET", "/api/state"), board), "cache-control")).toBe("no-store");
});

describe("a request for another host name", () => {
	test.each([
		["connectivitycheck.gstatic.com", "/generate_204"],
		["captive.apple.com", "/hotspot-detect.html"],
		["www.msftconnecttest.com", "/connecttest.txt"],
		["www.msftncsi.com", "/ncsi.txt"],
		["www.msftconnecttest.com", "/redirect"],
		["detectportal.firefox.com", "/success.txt"],
		["detectportal.firefox.com", "/canonical.html"],
		["clients3.google.com", "/generate_204"],
		["192.168.4.1", "/generate_204"],
		["192.168.4.1", "/hotspot-detect.html"],
		["192.168.4.1:8080", "/"],
		["192.168.4.1.evil.example", "/api/state"],
		["example.com", "/api/state"],
	])("is redirected to the page: http://%s%s", (host, path) => {
		const answer = handleSetupRequest(request("GET", path, { host }), makeBoard().board);
		expect([answer.status, headerOf(answer, "location")]).toEqual([302, "http://192.168.4.1/"]);
		expect(answer.body).toBeUndefined();
	});

	test.each(["192.168.4.1", "192.168.4.1:80", "board.example", "BOARD.example"])(
		"one of the board's own names is not: http://%s/api/state",
		(host) => {
			expect(handleSetupRequest(request("GET", "/api/state", { host }), makeBoard().board).status).toBe(200);
		},
	);

	test("cannot change anything: 421, against DNS rebinding", () => {
		const { board, done } = makeBoard();
		const answer = handleSetupRequest(post("/api/finish", { token }, {}, "evil.example"), board);
		expect([answer.status, done]).toEqual([421, []]);
	});

	test("without a Host header is refused", () => {
		expect(handleSetupRequest(request("GET", "/", { host: undefined }), makeBoard().board).status).toBe(400);
	});
});

describe("an unknown path, and a wrong method", () => {
	test.each([
		["GET", "/nothing", 404, undefined],
		["GET", "/favicon.ico", 404, undefined],
		["GET", "/constructor", 404, undefined],
		["GET", "/__proto__", 404, undefined],
		["POST", "/toString", 404, undefined],
		["HEAD", "/api/state", 200, undefined],
		["GET", "/api/save", 405, "POST"],
		["POST", "/api/state", 405, "GET, HEAD"],
		["POST", "/", 405, "GET, HEAD"],
		["OPTIONS", "/api/save", 405, "POST"],
		["DELETE", "/api/test", 405, "GET, HEAD, POST"],
		["PUT", "/api/networks", 405, "GET, HEAD"],
	])("%s %s: %i", (method, path, status, allow) => {
		const answer = handleSetupRequest(request(method, path), makeBoard().board);
		expect([answer.status, headerOf(answer, "allow")]).toEqual([status, allow]);
	});
});

describe("a POST", () => {
	const body = { token };

	test.each<[what: string, headers: Readonly<Record<string, string>>, status: number]>([
		["from the page", {}, 202],
		["from the page, as its address was typed", { origin: "HTTP://192.168.4.1" }, 202],
		["without an origin, from a script", { origin: "" }, 403],
		["as JSON in UTF-8", { "content-type": "application/json; charset=utf-8" }, 202],
		["from another site", { origin: "http://evil.example" }, 403],
		["from a page without an origin", { origin: "null" }, 403],
		["from the same name in TLS", { origin: "https://192.168.4.1" }, 403],
		["from another port", { origin: "http://192.168.4.1:8080" }, 403],
		["from two origins", { origin: "http://192.168.4.1, http://192.168.4.1" }, 403],
		["from the page's address with a slash, which is no origin", { origin: "http://192.168.4.1/" }, 403],
		["from a name that begins like the board's", { origin: "http://192.168.4.1.evil.example" }, 403],
		["from another of the board's names", { origin: "http://board.example" }, 403],
		["as a form can send it", { "content-type": "text/plain" }, 415],
		["as a form sends it", { "content-type": "application/x-www-form-urlencoded" }, 415],
		["of no kind", { "content-type": "" }, 415],
	])("%s: %s", (_, headers, status) => {
		const { board, done } = makeBoard();
		expect(handleSetupRequest(post("/api/finish", body, headers), board).status).toBe(status);
		expect(done).toEqual(status === 202 ? ["finish"] : []);
	});

	test.each<[what: string, body: unknown, status: number]>([
		["no token", {}, 403],
		["an empty token", { token: "" }, 403],
		["a wrong token", { token: token.replace("0", "1") }, 403],
		["a token that is longer", { token: `${token}0` }, 403],
		["a token that is shorter", { token: token.slice(1) }, 403],
		["a token that is no text", { token: [token] }, 403],
		["no object", "[]", 400],
		["null", "null", 400],
		["no JSON", "{token:1}", 400],
		["nothing", "", 400],
		["a list 10,000 deep", "[".repeat(10_000), 400],
		["an object 3,000 deep", `${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}`, 400],
		["a list 9 deep in it", `{"token":"${token}","settings":${"[".repeat(8)}${"]".repeat(8)}}`, 400],
	])("with %s changes nothing", (_, given, status) => {
		const { board, done } = makeBoard();
		for (const path of [
			"/api/scan",
			"/api/sensors",
			"/api/check",
			"/api/test",
			"/api/save",
			"/api/export",
			"/api/finish",
			"/api/measure",
			"/api/restart",
			"/api/update",
			"/api/reset",
		])
			expect([path, handleSetupRequest(post(path, given), board).status]).toEqual([path, status]);
		expect(done).toEqual([]);
	});

	test("acts by its path", () => {
		const { board, done } = makeBoard();
		const settings = { interval: 30 };
		expect(handleSetupRequest(post("/api/scan", { token }), board).status).toBe(202);
		expect(handleSetupRequest(post("/api/sensors", { token }), board).status).toBe(202);
		expect(handleSetupRequest(post("/api/sensors", { token, forget: true }), board).status).toBe(202);
		expect(handleSetupRequest(post("/api/check", { token, settings }), board).status).toBe(200);
		expect(handleSetupRequest(post("/api/test", { token, settings }), board).status).toBe(202);
		expect(handleSetupRequest(post("/api/save", { token, settings }), board).status).toBe(200);
		expect(handleSetupRequest(post("/api/finish", { token }), board).status).toBe(202);
		expect(done).toEqual(["scan", "sensors", "forget sensors", `test ${password}`, "save", "finish"]);
	});

	test("to measure gives the board the submitted inputs if nothing is wrong with them", () => {
		const { board, done } = makeBoard();
		const inputs = [{ kind: "state", pin: 27, name: "door" }];
		const measure = (settings: unknown) =>
			handleSetupRequest(post("/api/measure", { token, settings }), board);
		expect(measure({ inputs }).status).toBe(200);
		expect(measure({ inputs, buttonPin: 27 }).status).toBe(200);
		expect(measure(undefined).status).toBe(400);
		expect(done).toEqual(["measure 1", "measure undefined"]);
	});

	test("to reset names the board, or erases nothing", () => {
		const { board } = makeBoard();
		const reset = (name: unknown) => handleSetupRequest(post("/api/reset", { token, name }), board);
		expect(reset("Dakkio-1A2B").status).toBe(202);
		const refused = reset("");
		expect([refused.status, textOf(refused)]).toEqual([409, expect.stringContaining("nothing is erased")]);
	});

	test("a step of an update is the board's, and so is the answer", () => {
		const { board, done } = makeBoard();
		const response = handleSetupRequest(post("/api/update", { token, at: 4, data: "" }), board);
		expect([response.status, done]).toEqual([200, ["update at 4"]]);
		expect(textOf(response)).toContain('"writtenBytes":5');
	});

	test("restarts the board", () => {
		const { board, done } = makeBoard();
		expect(handleSetupRequest(post("/api/restart", { token }), board).status).toBe(202);
		expect(done).toEqual(["restart"]);
	});

	test("to export includes secrets only on request", () => {
		const { board } = makeBoard();
		expect(textOf(handleSetupRequest(post("/api/export", { token, secrets: true }), board))).toBe(
			"export true",
		);
		for (const secrets of [false, undefined, 1, "true"])
			expect(textOf(handleSetupRequest(post("/api/export", { token, secrets }), board))).toBe("export false");
		expect(
			headerOf(handleSetupRequest(post("/api/export", { token }), board), "content-disposition"),
		).toContain("attachment");
		expect(handleSetupRequest(request("GET", "/api/export"), board).status).toBe(405);
	});
});

test("secrets are not exported over an open Wi-Fi", () => {
	const board: SetupBackend = { ...makeBoard().board, isOpenNetwork: true };
	const answer = handleSetupRequest(post("/api/export", { token, secrets: true }), board);
	expect([answer.status, textOf(answer)]).toEqual([409, expect.stringContaining("has no password")]);
	expect(textOf(handleSetupRequest(post("/api/export", { token }), board))).toBe("export false");
});

describe("settings", () => {
	const save = (board: SetupBackend, settings: unknown) =>
		handleSetupRequest(post("/api/save", { token, settings }), board);

	test("that the flash does not keep are said not to be saved", () => {
		const { board } = makeBoard();
		const failing = {
			...board,
			save: () => {
				throw new Error("the flash does not keep the settings");
			},
		};
		const answer = save(failing, { interval: 30, key: "", location: "" });
		expect([answer.status, textOf(answer)]).toEqual([500, expect.stringContaining("Not saved: the flash")]);
	});

	test("get all problems at once, each with its key, and nothing is saved", () => {
		const { board, done, settings } = makeBoard();
		const wrong = {
			networks: [
				{ ssid: "x".repeat(33), password: "short" },
				{ ssid: "Home", password: "" },
			],
			key: `dakkio_r_${"a".repeat(32)}`,
			interval: 1,
			colour: "blue",
		};
		for (const path of ["/api/save", "/api/test"]) {
			const answer = handleSetupRequest(post(path, { token, settings: wrong }), board);
			expect(answer.status).toBe(422);
			expect(JSON.parse(textOf(answer)).problems.map(({ key: at }: { key: string }) => at)).toEqual([
				"networks.0.ssid",
				"networks.0.password",
				"key",
				"interval",
				"colour",
			]);
		}
		expect([done, settings()]).toEqual([[], kept]);
	});

	test("that are absent stay, and so do empty secrets", () => {
		const { board, settings } = makeBoard();
		expect(save(board, { interval: 30, key: "", location: "" }).status).toBe(200);
		expect(settings()).toEqual({ ...kept, interval: 30, location: "" });
	});

	test("the stored key is not used for another service: it must be entered again", () => {
		const { board, settings } = makeBoard();
		for (const typed of ["", undefined]) {
			const answer = save(board, { server: "https://evil.example", key: typed });
			expect(answer.status).toBe(422);
			expect(JSON.parse(textOf(answer)).problems).toMatchObject([{ key: "key" }]);
		}
		expect(settings()).toBe(kept);
		const own = `dakkio_w_${"b".repeat(32)}`;
		expect(save(board, { server: "https://own.example", key: own }).status).toBe(200);
		expect(save(board, { server: "https://own.example", key: "", interval: 9 }).status).toBe(200);
		expect(settings()).toMatchObject({ key: own, server: "https://own.example", interval: 9 });
	});

	test("nor for one with another root certificate", () => {
		const { board, settings } = makeBoard();
		expect(JSON.parse(textOf(save(board, { rootCertificate: root })))).toMatchObject({
			problems: [{ key: "key" }],
		});
		expect(settings()).toBe(kept);
		expect(save(board, { rootCertificate: root, key: kept.key }).status).toBe(200);
		// Trusting only the public authorities is no risk for the key.
		expect(save(board, { rootCertificate: "" }).status).toBe(200);
		expect(settings()).toMatchObject({ key: kept.key, rootCertificate: "" });
	});

	test("a network keeps its saved password, unless another is entered", () => {
		const { board, settings } = makeBoard();
		save(board, { networks: [{ ssid: "New", password: "12345678" }, { ssid: "Home" }, { ssid: "Open" }] });
		expect(settings().networks).toEqual([
			{ ssid: "New", password: "12345678" },
			{ ssid: "Home", password },
			{ ssid: "Open", password: "" },
		]);
		for (const blank of ["", null, " ".repeat(8)]) {
			save(board, { networks: [{ ssid: "Home", password: blank }] });
			expect(settings().networks).toEqual([{ ssid: "Home", password }]);
		}
		save(board, { networks: [{ ssid: "Home", open: true }] });
		expect(settings().networks).toEqual([{ ssid: "Home", password: "" }]);
	});

	test.each<[what: string, name: string, fields: object | undefined, isTaken: boolean]>([
		["a measured value", "temperature", undefined, true],
		["a derived value", "dew_point", undefined, true],
		["a value with a calibration", "temperature", { temperature: { offset: 1 } }, true],
		["a renamed value", "outdoors", { temperature: { name: "outdoors" } }, true],
		["a value that gets another name", "temperature", { temperature: { name: "outdoors" } }, false],
		["a value that is left out", "temperature", { temperature: { off: true } }, false],
		["the same input, as it is in use", "door", undefined, false],
	])("an input with the name of %s", (_, name, fields, isTaken) => {
		const sensors = fields === undefined ? {} : { "BME280 at 0x76": { fields } };
		const inputs = [{ kind: "state", pin: 33, name }];
		const { warnings } = JSON.parse(textOf(save(makeBoard().board, { inputs, sensors })));
		const problem = `A field of a sensor has the name ${name}, too.`;
		expect(warnings).toEqual(isTaken ? [{ key: "inputs", problem }] : []);
	});

	test("an admin key is saved, with a warning", () => {
		const { board } = makeBoard();
		const answer = save(board, { key: `dakkio_a_${"a".repeat(32)}` });
		expect(answer.status).toBe(200);
		expect(JSON.parse(textOf(answer))).toEqual({
			problems: [],
			warnings: [{ key: "key", problem: expect.stringContaining("admin key") }],
		});
	});

	test("a settings file is accepted, and one of another version refused", () => {
		const { board, settings } = makeBoard();
		expect(save(board, { version: 1, interval: 77 }).status).toBe(200);
		expect(settings().interval).toBe(77);
		const answer = save(board, { version: 2, interval: 88 });
		expect(answer.status).toBe(422);
		expect(JSON.parse(textOf(answer)).problems).toMatchObject([{ key: "version" }]);
		expect(settings().interval).toBe(77);
	});

	test("two uses of one pin are refused at both settings, also with a default pin", () => {
		const { board, settings } = makeBoard();
		const given = { inputs: [{ kind: "state", pin: 9, name: "door" }], oneWirePin: 0 };
		for (const path of ["/api/check", "/api/save", "/api/test"]) {
			const answer = handleSetupRequest(post(path, { token, settings: given }), board);
			expect(answer.status).toBe(path === "/api/check" ? 200 : 422);
			expect(JSON.parse(textOf(answer)).problems).toEqual([
				{
					key: "buttonPin",
					problem: expect.stringMatching(/^The default pin 0 is also for .*the 1-Wire bus\./),
				},
				{
					key: "clockPin",
					problem: expect.stringMatching(/^The default pin 9 is also for .*the input door\./),
				},
				{
					key: "inputs",
					problem: expect.stringMatching(/^Number 1: Pin 9 .* the I²C clock line \(by default\)\./),
				},
				{ key: "oneWirePin", problem: expect.stringMatching(/^Pin 0 .* the button \(by default\)\./) },
			]);
		}
		expect(settings()).toBe(kept);
		expect(save(board, { ...given, buttonPin: "none", clockPin: 10 }).status).toBe(200);
	});

	test.each([undefined, null, [], "x", 3])("%j is refused", (settings) => {
		const { board } = makeBoard();
		expect(save(board, settings).status).toBe(400);
	});
});

test("no response but an export with secrets contains a secret", () => {
	const { board } = makeBoard();
	const settings = { networks: [{ ssid: "Home", password: "x" }], key: "nonsense" };
	const answers = [
		...["/", "/api/state", "/api/networks", "/api/test"].map((path) =>
			handleSetupRequest(request("GET", path), board),
		),
		...["/api/check", "/api/save", "/api/test", "/api/scan"].map((path) =>
			handleSetupRequest(post(path, { token, settings: {} }), board),
		),
		...["/api/check", "/api/save"].map((path) => handleSetupRequest(post(path, { token, settings }), board)),
	];
	for (const answer of answers) {
		const text = textOf(answer);
		expect(text).not.toContain(key);
		expect(text).not.toContain(password);
	}
	const state = JSON.parse(textOf(handleSetupRequest(request("GET", "/api/state"), board)));
	expect(state.settings).toMatchObject({ key: "", networks: [{ ssid: "Home", saved: true }] });
	expect(state.secretsSet).toEqual(["networks", "key"]);
});

test("a tested password that is another than the saved one is marked as unsaved", () => {
	const networks = [
		{ ssid: "Home", password: "correct horse" },
		{ ssid: "Shed", password: "correct horse" },
		{ ssid: "Café", password: "" },
	];
	const saved = checkSettings({ networks }).settings;
	const tested = {
		...saved,
		networks: networks.map((one, index) => ({
			...one,
			password: index === 1 ? "battery staple" : one.password,
		})),
	};
	expect(redactedSettings(tested, saved).networks).toEqual([
		{ ssid: "Home", saved: true },
		{ ssid: "Shed", saved: true, unsaved: true },
		{ ssid: "Café", saved: false },
	]);
});

test("the table describes every setting for the form", () => {
	const rows = new Map(describeSettings().map((row) => [row.key, row]));
	expect([...rows.keys()]).toEqual(Object.keys(settingsTable));
	expect(rows.get("interval")).toMatchObject({
		kind: "number",
		min: 5,
		max: 86_400,
		unit: "s",
		defaultValue: 60,
	});
	expect(rows.get("uploadInterval")).toMatchObject({ kind: "number or word", choices: ["auto"], min: 0 });
	expect(rows.get("power")).toMatchObject({ kind: "choice", choices: ["mains", "battery"] });
	expect(rows.get("dataSourceId")).toMatchObject({ kind: "text", choices: ["create"], maxLength: 24 });
	expect(rows.get("networks")).toMatchObject({ kind: "networks", maxLength: 3, secret: true });
	expect(rows.get("key")).toMatchObject({ kind: "text", secret: true });
	expect(rows.get("rootCertificate")).toMatchObject({ kind: "long text" });
	expect(rows.get("ntpServers")).toMatchObject({ kind: "list", maxLength: 4 });
});

describe("arbitrary requests", () => {
	const path = fc.oneof(
		fc.constantFrom("/", "/api/state", "/api/check", "/api/save", "/api/test", "/api/export", "/api/finish"),
		fc.webPath(),
	);
	const host = fc.oneof(
		fc.constantFrom("192.168.4.1", undefined, "a:b:c", ":", ""),
		fc.domain(),
		fc.string(),
	);
	const settings = fc.oneof(
		fc.dictionary(
			fc.constantFrom(...Object.keys(settingsTable), "version", "__proto__", "constructor"),
			fc.oneof(
				fc.jsonValue(),
				fc.array(fc.record({ ssid: fc.jsonValue(), password: fc.jsonValue() }, { requiredKeys: [] })),
			),
		),
		fc.jsonValue(),
	);
	const body = fc.oneof(
		settings.map((given) => JSON.stringify({ token, settings: given })),
		fc.json().map((json) => `{"token":"${token}","settings":${json}}`),
		fc.string(),
	);

	test("get a status, and change nothing or save valid settings", () => {
		fc.assert(
			fc.property(fc.constantFrom("GET", "POST", "PUT"), path, host, body, (method, where, whom, text) => {
				const { board, done, settings: now } = makeBoard();
				const headers = { "content-type": "application/json" };
				const answer = handleSetupRequest(request(method, where, { host: whom, headers, body: text }), board);
				expect([200, 202, 302, 400, 403, 404, 405, 415, 421, 422]).toContain(answer.status);
				textOf(answer);
				if (!done.includes("save")) expect(now()).toBe(kept);
				expect(checkSettings({ ...now() }).problems).toEqual([]);
			}),
			{ numRuns: 1000 },
		);
	});
});
