import { describe, expect, test } from "vitest";
import type { ExchangeResult } from "../../src/http/exchange-result";
import type { HttpConnection } from "../../src/http/http-connection";
import { CreatedSource } from "../../src/upload/created-source";
import { resolveSource } from "../../src/upload/data-source";
import { MemoryKeyValue } from "../memory-key-value";
import { UploaderFixture } from "./uploader-fixture";

const bucketId = "507f1f77bcf86cd799439011";
const own = "507f1f77bcf86cd7994390aa";
const name = "ESP32-A1B2C3";
const fields = [{ name: "temperature", unit: "celsius", decimals: 2 }];

const entry = (id: string, name: string) => ({ _id: id, name, type: "sensor" });
const other = entry("507f1f77bcf86cd799439001", "other");
const list = (entries: readonly object[], more: object = {}) =>
	JSON.stringify({ dataSources: entries, ...more });

/** A service with these answers; counts the requests. */
class Service {
	lists = 0;
	created = 0;
	storage = new MemoryKeyValue();
	listed: string;
	/** Of a response that is cut off. */
	oddity: string | undefined;
	createAnswer = JSON.stringify({ dataSource: { _id: own } });

	constructor(listed: string) {
		this.listed = listed;
	}

	resolve(createdSource = new CreatedSource(this.storage), device = name) {
		const exchange: HttpConnection["exchange"] = async ({ method, makeBodyReader }) => {
			const response = (status: number, body: string): ExchangeResult => {
				const head = { kind: "response", status, headers: new Map(), body } as const;
				return this.oddity === undefined ? head : { ...head, oddity: this.oddity };
			};
			if (method === "GET") {
				this.lists++;
				const result = response(200, "");
				if (result.kind === "response") makeBodyReader?.()(new TextEncoder().encode(this.listed), result);
				return result;
			}
			this.created++;
			return response(201, this.createAnswer);
		};
		const connection = { exchange, close() {} } as Partial<HttpConnection> as HttpConnection;
		return resolveSource({ connection, key: "k", userAgent: "u", bucketId, createdSource }, device, fields);
	}
}

describe("a data source is created", () => {
	test.each([
		["that is empty", list([])],
		["that lacks its name", list([other])],
		[
			"with what may stand beside it",
			list([other], { success: true, total: 1, page: 1, pages: 1, next: null }),
		],
	])("after a whole list %s", async (_, body) => {
		const service = new Service(body);
		expect([await service.resolve(), service.created]).toEqual([{ id: own }, 1]);
	});

	test.each([
		["an empty body, as of a 204", ""],
		["a page of HTML", "<html>busy {</html>"],
		["an error", '{"error":"Internal","message":"try later"}'],
		["a list under another name", list([]).replace("dataSources", "sources")],
		["a list of something else", '{"dataSources":[{"id":1,"name":"a"}]}'],
		["a list of ids", `{"dataSources":["${own}"]}`],
		["a list that is cut off", list([other, other]).slice(0, 70)],
		["a page, by its total", list([other], { total: 500, page: 1 })],
		[
			"a page, by a total in an object",
			`{"pagination":{"total_count":2},"dataSources":[${JSON.stringify(other)}]}`,
		],
		["a page, by the next one", list([other], { next_cursor: "abc" })],
		["a page, by a flag", list([other], { meta: { hasMore: true } })],
		["a page, by its length", list([other, other], { limit: 2 })],
		["a page, by their count", list([other], { totalPages: 3 })],
	])("not after %s", async (_, body) => {
		const service = new Service(body);
		expect(await service.resolve()).toEqual({ cause: expect.stringContaining("none is created") });
		expect(service.created).toBe(0);
	});

	test("not after a list whose end did not arrive: that is tried again like any failure", async () => {
		const service = new Service(list([other]).slice(0, 40));
		service.oddity = "cut off";
		expect(await service.resolve()).toMatchObject({ kind: "failure", phase: "receive" });
		expect(service.created).toBe(0);
	});

	test("not if its name is on the first page", async () => {
		const service = new Service(list([entry(own, name)], { total: 500 }));
		expect([await service.resolve(), service.created]).toEqual([{ id: own }, 0]);
	});

	test("once, if the answer has no id, over restarts, until it is listed", async () => {
		const service = new Service(list([other]));
		service.createAnswer = '{"message":"created"}';
		for (let start = 0; start < 5; start++)
			expect(await service.resolve()).toEqual({ cause: expect.stringContaining("not listed") });
		expect([service.created, service.lists]).toEqual([1, 6]);
		service.listed = list([other, entry(own, name)]);
		expect([await service.resolve(), service.created]).toEqual([{ id: own }, 1]);
	});

	test("once, also where the storage keeps nothing", async () => {
		const service = new Service(list([]));
		service.createAnswer = "created";
		service.storage.changesUntilPowerCut = 0;
		const createdSource = new CreatedSource(service.storage);
		for (let attempt = 0; attempt < 5; attempt++) await service.resolve(createdSource);
		expect(service.created).toBe(1);
	});

	test("again for another name", async () => {
		const service = new Service(list([]));
		service.createAnswer = "created";
		await service.resolve();
		await service.resolve(undefined, "Balcony");
		expect(service.created).toBe(2);
	});
});

test("an answer without an id costs one data source and a request an hour", async () => {
	const fixture = new UploaderFixture();
	const service = new Service(list([]));
	service.createAnswer = '{"message":"created"}';
	const uploader = fixture.makeUploader({
		resolveDestination: async () => {
			const found = await service.resolve();
			return "id" in found ? { bucketId, dataSourceId: found.id } : found;
		},
	});
	fixture.measure(3);
	uploader.start();
	await fixture.pass(24);
	expect(service.created).toBe(1);
	expect(service.lists).toBeLessThan(27);
	expect(uploader.fault).toContain("not listed");
	await uploader.stop();
});
