import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, makeAccount } from "../../simulator/dakkio/account";
import { DakkioServer } from "../../simulator/dakkio/server";
import { ApiClient, type ApiClientRequest } from "./api-client";

const now = Date.UTC(2026, 1, 10, 12);

/** A second bucket with its own write key. */
function twoBuckets(): Account {
	const mine = makeAccount(now);
	const other = makeAccount(now);
	return {
		...mine,
		keys: [...mine.keys, ...other.keys.filter(({ type }) => type === "write")],
		buckets: [...mine.buckets, ...other.buckets],
	};
}

const account = twoBuckets();
const [bucket, foreign] = account.buckets;
const bucketId = bucket?._id ?? "";
const foreignId = foreign?._id ?? "";
const dataSourceId = bucket?.sources[0]?._id ?? "";
const foreignSource = foreign?.sources[0]?._id ?? "";
const keyOf = (type: string) => account.keys.find((key) => key.type === type)?.key ?? "";
const key = keyOf("write");
const unknownId = "0123456789abcdef01234567";

const point = { dataSourceId, timestamp: "2026-02-10T11:59:00.123Z", values: { temperature: 22.48 } };
const single = { bucketId, ...point };
const batch = { bucketId, dataPoints: [point] };
const schema = { temperature: { type: "number", unit: "celsius" } };
const sources = `/api/buckets/${bucketId}/sources`;

let server: DakkioServer;
let client: ApiClient;

beforeAll(async () => {
	server = await DakkioServer.start({ account, now: () => now });
	client = new ApiClient(server);
});

afterAll(async () => {
	client.close();
	await server.close();
});

/** Request, status, and part of the message. */
type Case = readonly [what: string, path: string, sent: ApiClientRequest, status: number, words: RegExp];

const good: readonly Case[] = [
	["a point", "/api/data", { key, body: single }, 201, /dataPoint/],
	["an admin's point", "/api/data", { key: keyOf("admin"), body: single }, 201, /dataPoint/],
	[
		"a point without a time",
		"/api/data",
		{ key, body: { ...single, timestamp: undefined } },
		201,
		/12:00:00/,
	],
	["a batch of one", "/api/data/batch", { key, body: batch }, 201, /"message":"Batch/],
	[
		"JSON with a charset",
		"/api/data",
		{ key, type: "Application/JSON; charset=utf-8", body: single },
		201,
		/./,
	],
	[
		"strings and booleans as values",
		"/api/data",
		{ key, body: { ...single, values: { a: "x", b: false } } },
		201,
		/./,
	],
	["a query", "/api/data?x=1", { key, body: single }, 201, /./],
	["the sources", sources, { key, method: "GET" }, 200, /dataSources/],
	["the sources with a read key", sources, { key: keyOf("read"), method: "GET" }, 200, /dataSources/],
	[
		"a new source",
		sources,
		{ key, body: { name: "Roof", schema } },
		201,
		/"dataSource":\{"_id":"[0-9a-f]{24}"/,
	],
];

const bad: readonly Case[] = [
	["no key", "/api/data", { body: single }, 401, /API key is required/],
	["an empty key", "/api/data", { key: "", body: single }, 401, /API key is required/],
	["an unknown key", "/api/data", { key: `${key}x`, body: single }, 401, /Invalid API key/],
	["a read key", "/api/data", { key: keyOf("read"), body: single }, 403, /read key cannot store/],
	["a read key on a batch", "/api/data/batch", { key: keyOf("read"), body: batch }, 403, /read key/],
	[
		"a read key on a new source",
		sources,
		{ key: keyOf("read"), body: { name: "x", schema } },
		403,
		/read key/,
	],
	[
		"another bucket",
		"/api/data",
		{ key, body: { ...single, bucketId: foreignId } },
		403,
		/API key does not have access to this bucket/,
	],
	[
		"an unknown bucket",
		"/api/data",
		{ key, body: { ...single, bucketId: unknownId } },
		404,
		/Bucket not found/,
	],
	[
		"an unknown source",
		"/api/data",
		{ key, body: { ...single, dataSourceId: unknownId } },
		404,
		/Data source not found/,
	],
	[
		"a source of another bucket",
		"/api/data",
		{ key, body: { ...single, dataSourceId: foreignSource } },
		404,
		/Data source not found/,
	],
	[
		"a batch with one unknown source",
		"/api/data/batch",
		{ key, body: { bucketId, dataPoints: [point, { ...point, dataSourceId: unknownId }] } },
		404,
		/Data source/,
	],
	[
		"sources of another bucket",
		`/api/buckets/${foreignId}/sources`,
		{ key, method: "GET" },
		403,
		/does not have access/,
	],
	[
		"sources of an unknown bucket",
		`/api/buckets/${unknownId}/sources`,
		{ key, method: "GET" },
		404,
		/Bucket not found/,
	],
	["sources of no bucket", "/api/buckets/x/sources", { key, method: "GET" }, 404, /Bucket not found/],
	["another path", "/api/points", { key, body: single }, 404, /Not found/],
	["GET where points are posted", "/api/data", { key, method: "GET" }, 405, /GET is not possible here/],
	["PUT", "/api/data/batch", { key, method: "PUT", body: batch }, 405, /PUT/],
	["DELETE of sources", sources, { key, method: "DELETE" }, 405, /DELETE/],
	[
		"no content type",
		"/api/data",
		{ key, type: "", body: single },
		400,
		/Content-Type must be application\/json/,
	],
	[
		"a form",
		"/api/data",
		{ key, type: "application/x-www-form-urlencoded", body: "a=1" },
		400,
		/Content-Type/,
	],
	["no JSON", "/api/data", { key, body: '{"bucketId":' }, 400, /Invalid JSON/],
	["nothing", "/api/data", { key, body: "" }, 400, /Invalid JSON/],
	["a body of more than a megabyte", "/api/data", { key, body: " ".repeat(1_048_577) }, 413, /too large/],
	[
		"a source without a name",
		sources,
		{ key, body: { schema } },
		400,
		/"path":\["name"\],"message":"Required"/,
	],
	["a source without a schema", sources, { key, body: { name: "x" } }, 400, /"path":\["schema"\]/],
	[
		"a field of an unknown type",
		sources,
		{ key, body: { name: "x", schema: { t: { type: "float" } } } },
		400,
		/\["schema","t","type"\]/,
	],
];

describe("accepts what the API documents", () => {
	test.each(good)("%s", async (_, path, sent, status, words) => {
		const answer = await client.send(path, sent);
		expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(words)]);
	});
});

describe("refuses, with the documented status and body, and stores nothing", () => {
	test.each(bad)("%s", async (_, path, sent, status, words) => {
		const before = server.points().length;
		const answer = await client.send(path, sent);
		expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(words)]);
		expect(answer.json()).toMatchObject({ error: expect.any(String), message: expect.any(String) });
		expect(answer.text).not.toContain(key);
		expect(server.points()).toHaveLength(before);
	});
});

describe("names the invalid member of a body", () => {
	const cases: readonly (readonly [what: string, change: object, path: readonly string[]])[] = [
		["no bucket", { bucketId: undefined }, ["bucketId"]],
		["a bucket that is no id", { bucketId: "weather" }, ["bucketId"]],
		["a bucket that is a number", { bucketId: 7 }, ["bucketId"]],
		["no data source", { dataSourceId: undefined }, ["dataSourceId"]],
		["a data source of 23 digits", { dataSourceId: dataSourceId.slice(1) }, ["dataSourceId"]],
		["a time in milliseconds", { timestamp: now }, ["timestamp"]],
		["a time in seconds, as text", { timestamp: "1770724800" }, ["timestamp"]],
		["a local time", { timestamp: "2026-02-10T11:59:00" }, ["timestamp"]],
		["a time with an offset", { timestamp: "2026-02-10T11:59:00+01:00" }, ["timestamp"]],
		["a time with a space", { timestamp: "2026-02-10 11:59:00Z" }, ["timestamp"]],
		["only a date", { timestamp: "2026-02-10" }, ["timestamp"]],
		["the 30th of February", { timestamp: "2026-02-30T00:00:00Z" }, ["timestamp"]],
		["the 25th hour", { timestamp: "2026-02-10T24:00:00Z" }, ["timestamp"]],
		["null for a time", { timestamp: null }, ["timestamp"]],
		["no values", { values: undefined }, ["values"]],
		["values in an array", { values: [22.48] }, ["values"]],
		["no value at all", { values: {} }, ["values"]],
		["null for a value", { values: { temperature: null } }, ["values", "temperature"]],
		["an object for a value", { values: { temperature: { celsius: 1 } } }, ["values", "temperature"]],
		["metadata in an array", { metadata: ["x"] }, ["metadata"]],
		["null for metadata", { metadata: null }, ["metadata"]],
	];

	test.each(cases)("%s", async (_, change, path) => {
		const answer = await client.send("/api/data", { key, body: { ...single, ...change } });
		expect(answer.status).toBe(400);
		expect(answer.json()).toEqual({
			error: "Bad Request",
			message: "Validation failed",
			details: [{ path, message: expect.any(String) }],
		});
	});

	test("a number above the range of a double", async () => {
		const body = JSON.stringify(single).replace("22.48", "1e999");
		const answer = await client.send("/api/data", { key, body });
		expect(answer.json()).toMatchObject({ details: [{ path: ["values", "temperature"] }] });
	});

	test("the point of a batch", async () => {
		const dataPoints = [point, { ...point, timestamp: 5, values: 3 }];
		const answer = await client.send("/api/data/batch", { key, body: { bucketId, dataPoints } });
		expect(answer.status).toBe(400);
		expect(answer.json()).toMatchObject({
			details: [{ path: ["dataPoints", "1", "timestamp"] }, { path: ["dataPoints", "1", "values"] }],
		});
	});

	test("but at most 20 errors", async () => {
		const body = { bucketId, dataPoints: Array.from({ length: 1000 }, () => 0) };
		const { details } = Object((await client.send("/api/data/batch", { key, body })).json());
		expect(details).toHaveLength(20);
	});
});

describe("a batch", () => {
	const points = (count: number) => Array.from({ length: count }, () => point);

	test.each([
		[1000, 201],
		[1001, 400],
		[0, 400],
	])("of %i points: %i", async (count, status) => {
		const before = server.points().length;
		const body = { bucketId, dataPoints: points(count) };
		expect((await client.send("/api/data/batch", { key, body })).status).toBe(status);
		expect(server.points()).toHaveLength(before + (status === 201 ? count : 0));
	});

	test("is stored whole or not at all", async () => {
		const before = server.points().length;
		const body = { bucketId, dataPoints: [...points(5), { ...point, values: {} }] };
		expect((await client.send("/api/data/batch", { key, body })).status).toBe(400);
		expect(server.points()).toHaveLength(before);
	});
});

test("a point is stored and returned as documented", async () => {
	const metadata = { deviceId: "ESP32-1", seq: 7, batteryLevel: 80, nested: { a: [1] } };
	const answer = await client.send("/api/data", { key, body: { ...single, metadata } });
	const dataPoint = {
		_id: expect.stringMatching(/^[0-9a-f]{24}$/),
		bucketId,
		dataSourceId,
		timestamp: "2026-02-10T11:59:00.123Z",
		values: { temperature: 22.48 },
		metadata,
		createdAt: "2026-02-10T12:00:00.000Z",
	};
	expect(answer.json()).toEqual({ message: expect.any(String), dataPoint });
	expect(server.points().at(-1)).toEqual(dataPoint);
});

test("a created data source is listed and accepts points", async () => {
	const made = await client.send(sources, { key, body: { name: "Cellar", description: "cold", schema } });
	const id: unknown = Object(made.json()).dataSource._id;
	const { dataSources } = Object((await client.send(sources, { key, method: "GET" })).json());
	expect(dataSources).toContainEqual({
		_id: id,
		name: "Cellar",
		type: "sensor",
		description: "cold",
		schema,
		status: "active",
		createdAt: "2026-02-10T12:00:00.000Z",
		updatedAt: "2026-02-10T12:00:00.000Z",
	});
	const posted = await client.send("/api/data", { key, body: { ...single, dataSourceId: id } });
	expect(posted.status).toBe(201);
});

test("all requests used one connection", () => {
	expect(server.handshakes).toBe(1);
});
