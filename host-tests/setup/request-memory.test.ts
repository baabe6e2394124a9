import { once } from "node:events";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { makeListener } from "../../boards/node/listener";
import { makeTCP } from "../../boards/node/tcp";
import { DevelopmentCertificates } from "../../simulator/dakkio/certificates";
import { VirtualTime } from "../../simulator/virtual-time";
import { readJson } from "../../src/common/json";
import { decodeUtf8 } from "../../src/common/utf8";
import { defaultServerLimits, HttpServer } from "../../src/http/http-server";
import { MessageParser } from "../../src/http/message-parser";
import { jsonResponse } from "../../src/http/page-response";
import type { ServerRequest, ServerResponse } from "../../src/http/server-messages";
import { requestFormat } from "../../src/http/start-line";
import { checkEnteredSettings } from "../../src/settings/entered-settings";
import { decodePem, tidyPem } from "../../src/settings/pem";
import { checkSettings, settingsTable } from "../../src/settings/settings";
import { stripVersion } from "../../src/settings/settings-file";
import {
	handleSetupRequest,
	requestHeaders,
	requestLimits,
	type SetupBackend,
} from "../../src/setup/request-handler";
import { settingsFileText } from "../settings/settings-file-text";
import { hostileSettings, largestSettings, publicRoot } from "./request-bodies";

/**
 * No request fills the memory of a board: one that takes memory is served at a time, and what its body may become is known
 * before it is parsed. `npm run test:chip` sends the same bodies to an emulated chip.
 */

const { maxBodyBytes } = defaultServerLimits;
const token = "0123456789abcdef0123456789abcdef";
const root = (await DevelopmentCertificates.open()).root.pem;
const largest = largestSettings(root, maxBodyBytes);
const closers: (() => void)[] = [];

afterEach(() => {
	for (const close of closers.splice(0)) close();
});

const unused = (): never => {
	throw new Error("not called here");
};
const settings = checkSettings({}).settings;
const backend = {
	origin: "http://board",
	names: [],
	token,
	defaultPins: {},
	sensors: [],
	isOpenNetwork: false,
	isErasing: false,
	settings: () => settings,
	state: unused,
	networks: unused,
	scan: unused,
	scanSensors: unused,
	measure: unused,
	startTest: unused,
	testState: unused,
	save: unused,
	export: unused,
	finish: unused,
	log: unused,
	updateState: unused,
	takeUpdate: unused,
	restart: unused,
	factoryReset: unused,
} satisfies SetupBackend;

const checkRequest = (body: string) =>
	`POST /api/check HTTP/1.1\r\nHost: board\r\nOrigin: http://board\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const bodyOf = (given: string) => `{"token":"${token}","settings":${given}}`;

/** The setup page's server; `handle` in place of its handler. */
async function serve(
	handle?: (request: ServerRequest) => ServerResponse,
	isBusy?: (path: string, bodyBytes: number) => boolean,
) {
	const time = new VirtualTime();
	const server = new HttpServer({
		network: { Listener: makeListener(), TCP: makeTCP() },
		time,
		port: 0,
		keptHeaders: requestHeaders,
		takesMemory: (path) => path.startsWith("/api/"),
		...(isBusy && { isBusy }),
		handle: handle ?? ((request) => handleSetupRequest(request, backend)),
		onHandlerError: (error) => {
			throw error;
		},
		onError: (error) => {
			throw error ?? new Error("the listener is gone");
		},
	});
	closers.push(() => server.close());
	await new Promise((resolve) => setImmediate(resolve));
	return { time, dial: (localAddress?: string) => dial(server.port, localAddress) };
}

async function dial(port: number, localAddress = "127.0.0.1") {
	const socket: Socket = connect({ port, host: "127.0.0.1", localAddress });
	let received = "";
	let isClosed = false;
	socket.setEncoding("utf8");
	socket.on("data", (data) => (received += data));
	socket.on("close", () => (isClosed = true));
	socket.on("error", () => (isClosed = true));
	closers.push(() => socket.destroy());
	await once(socket, "connect");
	return {
		socket,
		send: (data: string | Uint8Array) => new Promise<void>((resolve) => socket.write(data, () => resolve())),
		async until(pattern: RegExp): Promise<string> {
			while (!pattern.test(received)) {
				if (isClosed) throw new Error(`closed after ${JSON.stringify(received)}`);
				await Promise.race([once(socket, "data"), once(socket, "close")]);
			}
			return received;
		},
		async closed(): Promise<string> {
			if (!isClosed) await once(socket, "close");
			return received;
		},
	};
}

/** Lets what is under way in the sockets arrive. */
async function turns(count = 20): Promise<void> {
	for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("of the requests that take memory, one is served at a time", () => {
	test("a second request gets 503 until the first is answered", async () => {
		const { dial } = await serve();
		const request = checkRequest(bodyOf("{}"));
		const first = await dial();
		await first.send(request.slice(0, -5));
		await turns();
		const second = await dial();
		await second.send(request);
		const refusal = await second.closed();
		expect(refusal).toContain("503 Service Unavailable");
		expect(refusal).toContain("Retry-After: 1");
		await first.send(request.slice(-5));
		expect(await first.until(/\}$/)).toContain("200 OK");
		const again = await dial();
		await again.send(request);
		expect(await again.until(/\}$/)).toContain("200 OK");
	});

	test.each([
		["whose client closes", "close"],
		["whose client is slow, after three seconds", "wait"],
	])("one %s has had its turn", async (_, end) => {
		const { dial, time } = await serve();
		const request = checkRequest(bodyOf("{}"));
		const first = await dial();
		await first.send(request.slice(0, -5));
		await turns();
		if (end === "close") first.socket.destroy();
		else time.advance(3_000);
		await turns();
		const second = await dial();
		await second.send(request);
		expect(await second.until(/\}$/)).toContain("200 OK");
		await first.closed();
	});

	test("one that sends a byte now and then has it for half a second, one that is in progress for three", async () => {
		const { dial, time } = await serve();
		const request = checkRequest(bodyOf("{}"));
		const whole = async () => {
			const peer = await dial();
			await peer.send(request);
			return (await peer.until(/\}$/)).slice(9, 12);
		};
		for (const [bytes, lasts] of [
			[1, 600],
			[1_000, 3_000],
		] as const) {
			const slow = await dial();
			await slow.send(checkRequest("x".repeat(8_000)).slice(0, -8_000));
			await turns();
			const answers: string[] = [];
			for (let passed = 100; passed <= lasts; passed += 100) {
				await slow.send("x".repeat(passed % 400 === 0 ? bytes : 0));
				await time.advance(100);
				await turns();
				answers.push(await whole());
			}
			expect(answers).toEqual([...Array(lasts / 100 - 1).fill("503"), "200"]);
			await slow.closed();
		}
	});

	test("a client that takes turns with itself, each as long as may be, does not keep another from its turn", async () => {
		const { dial, time } = await serve();
		const body = "x".repeat(8_000);
		const hold = async () => {
			const peer = await dial("127.0.0.2");
			await peer.send(checkRequest(body).slice(0, -1));
			await turns();
			return peer;
		};
		let held = await hold();
		for (let turn = 0; turn < 3; turn++) {
			time.advance(3_000);
			const before = held;
			held = await hold();
			await before.closed();
			time.advance(100);
			const again = await dial("127.0.0.2");
			await again.send(checkRequest(body));
			expect(await again.until(/\}$/)).toContain("503 Service Unavailable");
			const other = await dial();
			await other.send(checkRequest(bodyOf("{}")));
			expect(await other.until(/\}$/)).toContain("200 OK");
			await held.closed();
			held = await hold();
		}
	});

	test("the page, and what is refused by its head, need no turn", async () => {
		const { dial } = await serve();
		const first = await dial();
		await first.send(checkRequest(bodyOf("{}")).slice(0, -5));
		await turns();
		for (const [line, status] of [
			["GET / HTTP/1.1", "200 OK"],
			["HEAD /nothing HTTP/1.1", "404 Not Found"],
			["GET /generate_204 HTTP/1.1", "302 Found"],
		] as const) {
			const other = await dial();
			await other.send(`${line}\r\nHost: board\r\nConnection: close\r\n\r\n`);
			expect(await other.closed()).toContain(status);
		}
	});

	test("none that is too large for what goes on is served, nor one that has its turn already", async () => {
		let isBusy = false;
		const { dial } = await serve(undefined, (_, bodyBytes) => isBusy && bodyBytes > 1_000);
		const large = checkRequest(bodyOf(JSON.stringify({ location: "x".repeat(1_000) })));
		const first = await dial();
		await first.send(large.slice(0, -5));
		await turns();
		isBusy = true;
		await first.send(large.slice(-5));
		expect(await first.until(/\}$/)).toContain("503 Service Unavailable");
		await first.closed();
		const chunked = await dial();
		await chunked.send("POST /api/check HTTP/1.1\r\nHost: board\r\nTransfer-Encoding: chunked\r\n\r\n");
		expect(await chunked.until(/\}/)).toContain("503 Service Unavailable");
		const small = await dial();
		await small.send(checkRequest(bodyOf("{}")));
		expect(await small.until(/\}$/)).toContain("200 OK");
		isBusy = false;
		const again = await dial();
		await again.send(large);
		expect(await again.until(/\}$/)).toMatch(/^HTTP\/1\.1 200/);
	});

	test("that it has a body is enough, whatever it asks for", async () => {
		const { dial } = await serve();
		const first = await dial();
		await first.send("POST / HTTP/1.1\r\nHost: board\r\nContent-Length: 8000\r\n\r\nx");
		await turns();
		for (const framing of ["Content-Length: 1", "Transfer-Encoding: chunked"]) {
			const second = await dial();
			await second.send(`POST /nothing HTTP/1.1\r\nHost: board\r\n${framing}\r\n\r\n`);
			expect(await second.until(/\}/)).toContain("503 Service Unavailable");
		}
	});

	test("the largest settings of two pages at once are both accepted", async () => {
		const { dial } = await serve();
		const request = Buffer.from(checkRequest(bodyOf(JSON.stringify(largest))));
		const send = async (): Promise<string> => {
			const peer = await dial();
			await peer.send(request.subarray(0, 1_500));
			await turns();
			await peer.send(request.subarray(1_500));
			const answer = await peer.until(/\}$/);
			return answer.includes(" 503 ") ? send() : answer;
		};
		for (const answer of await Promise.all([send(), send()]))
			expect([answer.includes(" 200 OK"), answer.endsWith('{"problems":[],"warnings":[]}')]).toEqual([
				true,
				true,
			]);
	});

	test("however its bytes arrive, each body is answered, and the next request, too", async () => {
		const { dial } = await serve();
		const kinds = Object.entries(hostileSettings);
		await fc.assert(
			fc.asyncProperty(
				fc.constantFrom(...kinds),
				fc.integer({ min: 200, max: maxBodyBytes - 100 }),
				fc.array(fc.nat(9_000), { maxLength: 4 }),
				async ([, make], bytes, cuts) => {
					const request = Buffer.from(checkRequest(bodyOf(make(bytes))));
					const peer = await dial();
					let at = 0;
					for (const cut of [...cuts.sort((a, b) => a - b), request.length]) {
						await peer.send(request.subarray(at, cut));
						await turns(2);
						at = Math.max(at, cut);
					}
					expect(await peer.until(/\}$/)).toMatch(/^HTTP\/1\.1 (200|400) /);
					peer.socket.destroy();
					const next = await dial();
					await next.send(checkRequest(bodyOf("{}")));
					expect(await next.until(/\}$/)).toContain("200 OK");
					next.socket.destroy();
				},
			),
			{ numRuns: 60 },
		);
	});
});

/** Small, or of a kind that a board must not take, in all sizes. */
const anyJson = fc.oneof(
	fc.json({ maxDepth: 9 }),
	fc
		.tuple(fc.constantFrom(...Object.values(hostileSettings)), fc.integer({ min: 100, max: maxBodyBytes }))
		.map(([make, bytes]) => make(bytes))
		.filter((text) => isJson(text)),
	// Below the limit of entries everywhere, and above that of the whole.
	fc
		.tuple(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 32 }), fc.constantFrom("{}", "[]", "0"))
		.map(([wide, deep, each]) => {
			const names = Object.fromEntries(Array.from({ length: deep }, (_, at) => [at, 0]));
			return JSON.stringify(Array(wide).fill(each === "{}" ? names : Array(deep).fill(JSON.parse(each))));
		}),
);

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

describe("the body of a request", () => {
	test("may be settings that fill it", () => {
		expect(Buffer.byteLength(bodyOf(JSON.stringify(largest)))).toBeGreaterThan(maxBodyBytes - 200);
		expect(checkSettings(largest).problems).toEqual([]);
		expect(readJson(bodyOf(JSON.stringify(largest)), requestLimits)).toEqual({
			value: JSON.parse(bodyOf(JSON.stringify(largest))),
		});
	});

	test.each([
		["32 sensors", 32, 0],
		["24 sensors and 8 inputs", 24, 8],
	])("may be the settings of %s with a name, a scale and an offset each", (_, sensorCount, inputCount) => {
		const given = {
			...largest,
			rootCertificate: "",
			sensors: Object.fromEntries(
				Array.from({ length: sensorCount }, (_, at) => [
					`DS18B20 28-0123456789${at.toString(16).padStart(2, "0")}`,
					{ fields: { temperature: { name: `temperature_${at}`, scale: 1.0123, offset: -0.35 } } },
				]),
			),
			inputs: [4, 5, 12, 13, 14, 15, 18, 19].slice(0, inputCount).map((pin, at) => ({
				...({ kind: "pulses", pin, name: `counter_${at}`, unit: "l", report: "rate" } as const),
				...({ decimals: 2, scale: 0.25, debounce: 5 } as const),
			})),
		};
		const read = readJson(bodyOf(JSON.stringify(given)), requestLimits);
		expect(read).toEqual({ value: { token, settings: given } });
		const { problems, settings } = checkEnteredSettings(given, checkSettings({}).settings);
		expect(problems).toEqual([]);
		const file = settingsFileText(settings, true);
		expect(readJson(bodyOf(file), requestLimits)).toHaveProperty("value");
		expect(checkSettings(stripVersion(JSON.parse(file)).given).settings).toEqual(settings);
	});

	test.each([
		["many time servers", "settings.ntpServers: more than 32 entries."],
		["many empty lists", "settings.sensors: more than 32 entries."],
		["many empty objects", "settings.inputs: more than 32 entries."],
		["deep lists", "settings.derived: more than 8 levels."],
		["many numbers", "settings.interval: more than 32 entries."],
		["many settings that there are not", "settings: more than 32 entries."],
		["many sensors", "settings.sensors: more than 32 entries."],
		["many networks", "settings.networks: more than 32 entries."],
		["a long text beyond ASCII", "settings.location: more than 1024 bytes of text."],
		["a long name", "settings: more than 1024 bytes of text."],
	])("with %s is refused, and the board says which", (kind, problem) => {
		expect(readJson(bodyOf(hostileSettings[kind]?.(maxBodyBytes) ?? ""), requestLimits)).toEqual({ problem });
	});

	test("may be long only in a root certificate and in a piece of an update, not in a name beside them", () => {
		const long = "x".repeat(1_025);
		for (const name of ["rootCertificate", "data"])
			expect(readJson(JSON.stringify({ a: { [name]: long } }), requestLimits)).toEqual({
				value: { a: { [name]: long } },
			});
		for (const value of [
			long,
			[long],
			{ data: [long] },
			{ data: "", [long]: 0 },
			{ data: { [long]: 0 } },
			{ [long]: "data" },
		])
			expect(readJson(JSON.stringify(value), requestLimits)).toEqual({
				problem: expect.stringMatching(/more than 1024 bytes of text\.$/),
			});
	});

	test("has a certificate that is freed before it is rewritten, and left alone if it is in lines of 64", () => {
		const steps: unknown[] = [];
		let text = `${publicRoot}\n`;
		const settings = {
			get rootCertificate() {
				return text;
			},
			set rootCertificate(value) {
				steps.push(value);
				text = value;
			},
		};
		tidyPem(settings);
		expect(steps).toEqual([undefined, text]);
		expect(text.split("\n")[1]).toHaveLength(64);
		tidyPem(settings);
		expect(steps).toHaveLength(2);
	});

	test("has no private key, wherever it begins", () => {
		for (let at = 1_000; at < 1_050; at++)
			expect(decodePem(`${"x".repeat(at)}-----BEGIN Private Key-----`)).toEqual({
				problem: expect.stringContaining("a private key, which no board needs"),
			});
	});

	test("has room for each setting, and for a field of a file beside them", () => {
		expect(Object.keys(settingsTable).length + 1).toBeLessThanOrEqual(32);
	});

	test("that is accepted has no more names, values, objects, lists and levels than a board has memory for", () => {
		const count = (value: unknown, depth: number): { names: number; values: number; containers: number } => {
			const sum = { names: 0, values: 1, containers: 0 };
			if (typeof value !== "object" || value === null) return sum;
			expect(depth).toBeLessThan(8);
			const members = Object.values(value);
			expect(members.length).toBeLessThanOrEqual(32);
			sum.containers++;
			if (!Array.isArray(value)) sum.names += members.length;
			for (const member of members) {
				const of = count(member, depth + 1);
				sum.names += of.names;
				sum.values += of.values;
				sum.containers += of.containers;
			}
			return sum;
		};
		fc.assert(
			fc.property(anyJson, (text) => {
				const read = readJson(text, requestLimits);
				if (!("value" in read)) return;
				expect(read.value).toEqual(JSON.parse(text));
				const { names, values, containers } = count(read.value, 0);
				expect([names <= 256, values <= 288, containers <= 108]).toEqual([true, true, true]);
			}),
			{ numRuns: 500 },
		);
	});

	test("adds no settings to those that there are beyond what a board has room for", () => {
		const { problems } = checkEnteredSettings({ location: "x".repeat(64) }, checkSettings(largest).settings);
		expect(problems).toEqual([]);
		const inputs = Array.from({ length: 8 }, (_, at) => ({
			...largest.inputs?.[0],
			...{ pin: 12 + at, name: `one input more, number ${at}` },
		}));
		const more = checkEnteredSettings({ inputs }, checkSettings(largest).settings);
		expect(more.problems).toEqual([
			{
				key: "rootCertificate",
				problem: expect.stringMatching(
					/^All settings together take 8\d+ bytes, these 3\d+ of them; a board has room for 8192\.$/,
				),
			},
		]);
	});

	test("changes settings of an earlier firmware that are larger, as long as they do not grow", () => {
		const inputs = Array.from({ length: 8 }, (_, at) => ({
			...largest.inputs?.[0],
			...{ pin: 12 + at, name: `one input more, number ${at}` },
		}));
		const own = checkSettings({ ...largest, inputs, location: "B".repeat(60) }).settings;
		expect(checkEnteredSettings({ location: "C".repeat(60) }, own).problems).toEqual([]);
		expect(checkEnteredSettings({ location: "C".repeat(61) }, own).problems).toMatchObject([
			{ problem: expect.stringContaining("a board has room for 8192") },
		]);
	});

	test("is the same text in whatever portions it comes, beyond ASCII and of invalid bytes", () => {
		const byte = fc.constantFrom(
			0x61,
			0x7f,
			0x80,
			0xbf,
			0xc3,
			0xa4,
			0xe2,
			0x82,
			0xac,
			0xf0,
			0x9f,
			0x8c,
			0xed,
			0xff,
		);
		const bytes = fc.oneof(
			fc.array(byte, { maxLength: 1_200, size: "max" }).map((values) => Uint8Array.from(values)),
			fc
				.string({ unit: "binary", maxLength: 600, size: "max" })
				.map((text) => new TextEncoder().encode(text)),
		);
		fc.assert(
			fc.property(bytes, fc.integer({ min: 1, max: 700 }), fc.boolean(), (body, portion, isChunked) => {
				const parser = new MessageParser({ format: requestFormat, keptHeaders: [], maxKeptBodyBytes: 1_000 });
				const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
				parser.push(new TextEncoder().encode(`POST / HTTP/1.1\r\n${framing}\r\n\r\n`));
				for (let at = 0; at < body.length; at += portion) {
					const part = body.subarray(at, at + portion);
					if (isChunked) parser.push(new TextEncoder().encode(`${part.length.toString(16)}\r\n`));
					parser.push(part);
					if (isChunked) parser.push(new TextEncoder().encode("\r\n"));
				}
				const text = decodeUtf8(body.subarray(0, 1_000));
				expect([parser.body, parser.takeBody(), parser.body]).toEqual([text, text, ""]);
			}),
		);
	});

	test("is free once it has been read", async () => {
		let after: string | undefined;
		const { dial } = await serve((request) => {
			const response = handleSetupRequest(request, backend);
			after = request.body;
			return response;
		});
		const peer = await dial();
		await peer.send(checkRequest(bodyOf("{}")));
		await peer.until(/\}$/);
		expect(after).toBe("");
	});
});

describe("a response of JSON", () => {
	const read = ({ body }: ServerResponse, portion: number): string => {
		const parts: Buffer[] = [];
		for (let left = body?.length ?? 0; left > 0; ) {
			const into = new Uint8Array(Math.min(portion, left));
			const count = body?.read(into) ?? 0;
			parts.push(Buffer.from(into.subarray(0, count)));
			left -= count;
		}
		return Buffer.concat(parts).toString("utf8");
	};

	test("is the whole text, in whatever portions it is read", () => {
		fc.assert(
			fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 100 }), (value, portion) => {
				const response = jsonResponse(200, value);
				expect(read(response, portion)).toBe(JSON.stringify(value));
			}),
		);
	});

	test("leaves out what JSON has no text for", () => {
		const value = { a: undefined, b: () => 1, c: [{ d: undefined }], e: {} };
		expect(read(jsonResponse(200, value), 10)).toBe(JSON.stringify(value));
	});
});
