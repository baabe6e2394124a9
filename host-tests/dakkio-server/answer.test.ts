import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeAccount } from "../../simulator/dakkio/account";
import { type ApiRequest, type ApiState, handleApiRequest } from "../../simulator/dakkio/api";

const now = Date.UTC(2026, 1, 10, 12);
const account = makeAccount(now);
const [bucket] = account.buckets;
const bucketId = bucket?._id ?? "";
const dataSourceId = bucket?.sources[0]?._id ?? "";
const service: ApiState = { account, usage: undefined, plan: 10, now, makeId: () => "0".repeat(24) };

function request(path: string, body: Uint8Array): ApiRequest {
	return { method: "POST", path, key: account.keys[0]?.key, contentType: "application/json", body };
}

function post(path: string, body: unknown) {
	return handleApiRequest(request(path, Buffer.from(JSON.stringify(body))), service);
}

describe("the response as a pure function", () => {
	test("accepts every time that JavaScript writes, with its milliseconds", () => {
		const times = fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true });
		fc.assert(
			fc.property(times, (time) => {
				const timestamp = time.toISOString();
				const { response, points } = post("/api/data", {
					bucketId,
					dataSourceId,
					timestamp,
					values: { a: 1 },
				});
				expect([response.status, points[0]?.timestamp]).toEqual([201, timestamp]);
			}),
		);
	});

	test("accepts times without a fraction, and with nanoseconds", () => {
		const stored = (timestamp: string) =>
			post("/api/data", { bucketId, dataSourceId, timestamp, values: { a: 1 } }).points[0]?.timestamp;
		expect(stored("2024-02-29T23:59:59Z")).toBe("2024-02-29T23:59:59.000Z");
		expect(stored("2024-02-29T23:59:59.123456789Z")).toBe("2024-02-29T23:59:59.123Z");
	});

	test("is 201 with points or 4xx without, for any request", () => {
		const paths = fc.constantFrom("/api/data", "/api/data/batch", `/api/buckets/${bucketId}/sources`);
		// Sometimes with the valid members that lead deeper.
		const near = fc.record(
			{ bucketId: fc.constant(bucketId), dataSourceId: fc.constant(dataSourceId), values: fc.jsonValue() },
			{ requiredKeys: [] },
		);
		const body = fc.oneof(
			fc.jsonValue(),
			near,
			fc.record({ bucketId: fc.constant(bucketId), dataPoints: fc.array(near) }),
		);
		const bytes = fc.oneof(
			fc.uint8Array(),
			body.map((value) => Buffer.from(JSON.stringify(value))),
		);
		fc.assert(
			fc.property(paths, bytes, (path, sent) => {
				const outcome = handleApiRequest(request(path, sent), service);
				const good = outcome.response.status === 201;
				expect(good || [400, 404].includes(outcome.response.status)).toBe(true);
				expect(outcome.points.length > 0).toBe(good && path.startsWith("/api/data"));
				expect(outcome.response.headers).toHaveProperty("X-RateLimit-Remaining", "9");
			}),
			{ numRuns: 500 },
		);
	});

	test("is 400 for JSON with an invalid UTF-8 byte", () => {
		const body = Buffer.from(JSON.stringify({ bucketId, dataSourceId, values: { a: "?" } }));
		expect(handleApiRequest(request("/api/data", body), service).response.status).toBe(201);
		body[body.indexOf("?")] = 0xff;
		expect(handleApiRequest(request("/api/data", body), service).response.status).toBe(400);
	});

	test("changes no state: it returns the changes", () => {
		const before = JSON.stringify(account);
		const { source, usage } = post(`/api/buckets/${bucketId}/sources`, { name: "x", schema: {} });
		expect(source).toMatchObject({ bucketId, source: { name: "x" } });
		expect(usage).toEqual({ month: Date.UTC(2026, 1), calls: 1 });
		expect(JSON.stringify(account)).toBe(before);
	});
});
