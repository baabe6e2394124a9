import { describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import type { ExchangeResult } from "../../src/http/exchange-result";
import type { HttpConnection } from "../../src/http/http-connection";
import type { Field } from "../../src/reading/reading";
import { checkSettings } from "../../src/settings/settings";
import type { TestState } from "../../src/setup/api";
import { ConnectionTest, type ConnectionTestOptions } from "../../src/setup/connection-test";
import { CreatedSource } from "../../src/upload/created-source";
import type { JoinResult } from "../../src/wifi/wifi-joiner";
import { MemoryKeyValue } from "../memory-key-value";

const id = "507f1f77bcf86cd799439012";
const fields: readonly Field[] = [{ name: "temperature", unit: "celsius", decimals: 2 }];
const given = {
	networks: [
		{ ssid: "Home", password: "correct horse" },
		{ ssid: "Work", password: "another horse" },
	],
	key: `dakkio_w_${"a".repeat(32)}`,
	bucketId: "507f1f77bcf86cd799439011",
};

const answer = (status: number, body: unknown = {}, truncated = false): ExchangeResult => ({
	kind: "response",
	status,
	headers: new Map(),
	body: typeof body === "string" ? body : JSON.stringify(body),
	...(truncated && { truncated }),
});
const failure: ExchangeResult = {
	kind: "failure",
	phase: "receive",
	message: "no answer came",
	fullySent: true,
};
const list = (...names: readonly string[]) =>
	answer(200, { dataSources: names.map((name, index) => ({ _id: `${index}`.padStart(24, "0"), name })) });

interface Conditions extends Partial<ConnectionTestOptions> {
	/** The service's responses, in order. */
	readonly answers?: readonly ExchangeResult[];
	readonly dataSourceId?: string;
}

/** A test in which everything works except as given. */
function begin({
	answers = [list("Other"), answer(201, { _id: id })],
	dataSourceId = "create",
	...more
}: Conditions) {
	const time = new VirtualTime();
	const following = [...answers];
	const asked: string[] = [];
	let closed = 0;
	let left = 0;
	const options: ConnectionTestOptions = {
		settings: checkSettings({ ...given, dataSourceId }).settings,
		time,
		resolver: { resolve: ({ host, onResolved }) => onResolved(host, "10.0.0.1") },
		deviceId: "ESP32-A1B2C3",
		agent: "agent",
		createdSource: new CreatedSource(new MemoryKeyValue()),
		ownAddress: "192.168.4.1",
		onResponse: () => {},
		join: async () => ({ kind: "joined", address: "192.168.1.7", strength: -60 }),
		leave: () => {
			left++;
		},
		signalStrengthOf: () => -60,
		setClock: async () => 1_800_000_000_000,
		connect: (onVerified) => {
			const connection: Pick<HttpConnection, "exchange" | "close"> = {
				exchange: async ({ method, path, body, makeBodyReader }) => {
					onVerified("An authority");
					const bytes = new Uint8Array(1000);
					const length = body?.().read(bytes) ?? 0;
					asked.push(`${method} ${path} ${new TextDecoder().decode(bytes.subarray(0, length))}`.trim());
					const next = following.shift() ?? failure;
					if (next.kind === "response") makeBodyReader?.()(new TextEncoder().encode(next.body), next);
					return next;
				},
				close: () => closed++,
			};
			return connection as HttpConnection;
		},
		isCaptivePortal: async () => false,
		sampleAndStore: async () => fields,
		sendOldest: async () => answer(201),
		...more,
	};
	const tested = new ConnectionTest(options);
	return { tested, time, asked, closed: () => closed, left: () => left };
}

const failed = ({ steps }: Pick<TestState, "steps">) => steps.find(({ state }) => state === "failed");
const source = ({ steps }: Pick<TestState, "steps">) => steps[5]?.details;

test("a test is connected until its end, and verifies certificates at first", async () => {
	const seen: string[] = [];
	const look = () => seen.push(`${tested.isConnected} ${tested.isVerifying}`);
	const { tested } = begin({
		setClock: async () => {
			look();
			return 1_800_000_000_000;
		},
		connect: (onVerified) => {
			const exchange = async () => {
				await Promise.resolve();
				look();
				onVerified("An authority");
				look();
				return failure;
			};
			return { exchange, close: () => {} } as unknown as HttpConnection;
		},
	});
	await tested.finished;
	look();
	expect(seen).toEqual(["false false", "true true", "true false", "false false"]);
});

describe("a data source is created", () => {
	test.each<[what: string, answers: readonly ExchangeResult[]]>([
		["{dataSource: {_id}}", [list(), answer(201, { dataSource: { _id: id } })]],
		["{data: {_id}}", [list(), answer(201, { data: { _id: id } })]],
		["{_id}", [list(), answer(200, { _id: id })]],
		["{id}", [list(), answer(201, { message: "made", id })]],
	])("and its id read from %s", async (_, answers) => {
		const { tested } = begin({ answers });
		await tested.finished;
		expect([tested.state.passed, tested.state.dataSourceId, source(tested.state)]).toEqual([
			true,
			id,
			{ source: "created", deviceId: "ESP32-A1B2C3" },
		]);
	});

	test("and found by its name if the response has no id", async () => {
		const { tested, asked } = begin({ answers: [list(), answer(201, "created"), list("x", "ESP32-A1B2C3")] });
		await tested.finished;
		expect([tested.state.passed, tested.state.dataSourceId]).toEqual([true, "1".padStart(24, "0")]);
		expect(asked.map((each) => each.split(" ")[0])).toEqual(["GET", "POST", "GET"]);
	});

	test("with the fields and units of the sensors", async () => {
		const { tested, asked } = begin({});
		await tested.finished;
		expect(asked[1]).toBe(
			`POST /api/buckets/${given.bucketId}/sources {"name":"ESP32-A1B2C3","type":"sensor","schema":{"temperature":{"type":"number","unit":"celsius"}}}`,
		);
	});

	test("not if the device's name exists", async () => {
		const { tested, asked } = begin({ answers: [list("ESP32-A1B2C3")] });
		await tested.finished;
		expect([tested.state.dataSourceId, source(tested.state)]).toEqual([
			"0".repeat(24),
			{ source: "found", deviceId: "ESP32-A1B2C3" },
		]);
		expect(asked).toHaveLength(1);
	});

	test("not without a sensor that gives its fields", async () => {
		const { tested, asked } = begin({ sampleAndStore: async () => [] });
		await tested.finished;
		expect(failed(tested.state)).toMatchObject({ step: "source", code: "no fields" });
		expect(asked).toHaveLength(1);
	});

	test("and a missing id is reported", async () => {
		const { tested } = begin({ answers: [list(), answer(201, "?"), list("x")] });
		await tested.finished;
		expect(failed(tested.state)).toMatchObject({ step: "source", code: "no source id" });
	});

	test("once, by however many tests, if the id is missing", async () => {
		const createdSource = new CreatedSource(new MemoryKeyValue());
		const first = begin({ createdSource, answers: [list(), answer(201, "?"), list("x")] });
		await first.tested.finished;
		const second = begin({ createdSource, answers: [list("x")] });
		await second.tested.finished;
		expect(failed(second.tested.state)).toMatchObject({ step: "source", code: "no source id" });
		expect(second.asked).toHaveLength(1);
	});

	test.each([
		["is cut off", answer(200, '{"dataSources":[{"_id":"1', true)],
		["is empty", answer(204, "")],
		["is a page of several", answer(200, { dataSources: [{ _id: id, name: "x" }], total: 500 })],
	])("not if the list %s", async (_, response) => {
		const { tested, asked } = begin({ answers: [response] });
		await tested.finished;
		expect(failed(tested.state)).toMatchObject({ step: "source", code: "unclear list" });
		expect(asked).toHaveLength(1);
	});
});

describe("an existing data source", () => {
	test("is found, regardless of case", async () => {
		const { tested } = begin({
			answers: [answer(200, { dataSources: [{ _id: id, name: "Balcony" }] })],
			dataSourceId: id.toUpperCase(),
		});
		await tested.finished;
		expect(source(tested.state)).toEqual({ source: "listed", deviceId: "Balcony" });
	});

	test("may be beyond the read part of a long list", async () => {
		const body = `{"dataSources":[{"_id":"${"1".repeat(24)}","name":"A"},{"_id":"2222`;
		const { tested } = begin({ answers: [answer(200, body, true)], dataSourceId: id });
		await tested.finished;
		expect([tested.state.passed, source(tested.state)]).toEqual([true, { source: "unlisted" }]);
	});
});

test("a key echoed by the service is redacted", async () => {
	const { tested } = begin({ answers: [answer(418, { message: `no tea for ${given.key}` })] });
	await tested.finished;
	expect(failed(tested.state)).toMatchObject({
		code: "refused",
		details: { status: 418, message: "no tea for …" },
	});
});

test("each step is reported while it runs, and the following ones wait", async () => {
	let join: (result: JoinResult) => void = () => {};
	const promise = new Promise<JoinResult>((resolve) => {
		join = resolve;
	});
	const { tested } = begin({ join: () => promise });
	await Promise.resolve();
	expect(tested.state).toEqual({
		running: true,
		passed: false,
		steps: [
			{ step: "join", state: "running" },
			...["name", "time", "certificate", "key", "source", "point"].map((step) => ({
				step,
				state: "waiting",
			})),
		],
	});
	join({ kind: "joined", address: "192.168.1.7", strength: undefined });
	await tested.finished;
	expect(tested.state.steps.map(({ state }) => state)).toEqual(Array(7).fill("done"));
	expect(tested.state.steps[0]?.details).toEqual({ ssid: "Home", address: "192.168.1.7" });
});

test("the second network is tried if the first cannot be joined; if none can, the first's failure is reported", async () => {
	const tried: string[] = [];
	const join: ConnectionTestOptions["join"] = async ({ ssid }) => {
		tried.push(ssid);
		return ssid === "Work"
			? { kind: "joined", address: "192.168.1.7", strength: -60 }
			: { kind: "failed", failure: "wrong password" };
	};
	const { tested } = begin({ join });
	await tested.finished;
	expect([tried, tested.state.passed]).toEqual([["Home", "Work"], true]);
	const none = begin({
		join: async ({ ssid }) => ({
			kind: "failed",
			failure: ssid === "Home" ? "no address" : "wrong password",
		}),
	});
	await none.tested.finished;
	expect(failed(none.tested.state)).toMatchObject({ code: "no address", details: { ssid: "Home" } });
});

test("a network with the board's own addresses has its own failure code", async () => {
	const { tested, left } = begin({
		join: async () => ({ kind: "joined", address: "192.168.4.77", strength: -60 }),
	});
	await tested.finished;
	expect(failed(tested.state)).toMatchObject({
		step: "join",
		code: "same subnet",
		details: { ssid: "Home" },
	});
	// Its clients could not be distinguished from those of the access point.
	expect(left()).toBe(1);
});

test("resolving times out after ten seconds", async () => {
	const { tested, time } = begin({ resolver: { resolve: () => {} } });
	await time.advance(9_900);
	expect(tested.state.running).toBe(true);
	await time.advance(200);
	await tested.finished;
	expect(failed(tested.state)).toMatchObject({ step: "name" });
});

test.each<[string, Conditions]>([
	["while joining", { join: async () => ({ kind: "failed", failure: "network not found" }) }],
	["while resolving", { resolver: { resolve: () => {} } }],
	[
		"while setting the clock",
		{
			setClock: (_, signal) =>
				new Promise((end) => {
					signal.onAbort = () => end(undefined);
				}),
		},
	],
])("aborted %s, it ends at once and sends no more requests", async (_, conditions) => {
	const { tested, asked } = begin(conditions);
	await Promise.resolve();
	await Promise.resolve();
	await Promise.resolve();
	tested.abort();
	tested.abort();
	await tested.finished;
	expect([tested.state.running, tested.state.passed, asked]).toEqual([false, false, []]);
});

test("an opened connection is always closed", async () => {
	const good = begin({});
	await good.tested.finished;
	const bad = begin({ answers: [] });
	await bad.tested.finished;
	expect([good.closed(), bad.closed()]).toEqual([1, 1]);
});

test("an exception is a failure of its step", async () => {
	const { tested } = begin({
		sampleAndStore: async () => {
			throw new Error("the flash is worn out");
		},
	});
	await tested.finished;
	expect(failed(tested.state)).toMatchObject({
		step: "source",
		code: "internal error",
		details: { message: "the flash is worn out" },
	});
});

test("without a reading there is no point to send", async () => {
	const { tested } = begin({ sendOldest: async () => undefined });
	await tested.finished;
	expect(failed(tested.state)).toMatchObject({ step: "point", code: "no reading" });
});
