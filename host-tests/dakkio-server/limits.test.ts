import { afterEach, describe, expect, test } from "vitest";
import { DakkioServer, type DakkioServerOptions } from "../../simulator/dakkio/server";
import { ApiClient } from "./api-client";

let server: DakkioServer;
let client: ApiClient;

async function start(options: DakkioServerOptions): Promise<void> {
	server = await DakkioServer.start(options);
	client = new ApiClient(server);
}

afterEach(async () => {
	client.close();
	await server.close();
});

function limits({ headers }: { headers: Readonly<Record<string, unknown>> }) {
	return ["limit", "remaining", "reset"].map((name) => headers[`x-ratelimit-${name}`]);
}

describe("the plan's calls per month", () => {
	let now = Date.UTC(2028, 1, 29, 23, 59, 58);
	const march = String(Date.UTC(2028, 2, 1) / 1000);
	const april = String(Date.UTC(2028, 3, 1) / 1000);

	test("are in every response, and reset with the month", async () => {
		await start({ plan: 3, now: () => now });
		expect(limits(await client.post())).toEqual(["3", "2", march]);
		expect(limits(await client.post({}))).toEqual(["3", "1", march]);
		// A request without a valid key is not a call.
		expect(limits(await client.send("/api/data"))).toEqual(["3", "1", march]);
		expect(limits(await client.send("/nowhere"))).toEqual(["3", "1", march]);
		expect(limits(await client.post())).toEqual(["3", "0", march]);

		const refused = await client.post();
		expect([refused.status, limits(refused)]).toEqual([429, ["3", "0", march]]);
		expect(refused.json()).toEqual({
			error: "Too Many Requests",
			message: "Rate limit exceeded. Resets at 2028-03-01T00:00:00.000Z",
		});
		expect(server.points()).toHaveLength(2);

		now += 2_000;
		const again = await client.post();
		expect([again.status, limits(again)]).toEqual([201, ["3", "2", april]]);
	});

	test("count a batch once, and others of the organization use them too", async () => {
		await start({ plan: 100 });
		const { key, bucketId, dataSourceId } = server.credentials;
		const dataPoints = Array.from({ length: 10 }, (_, seq) => ({
			dataSourceId,
			values: { a: 1 },
			metadata: { seq },
		}));
		server.consumeCalls(50);
		const answer = await client.send("/api/data/batch", { key, body: { bucketId, dataPoints } });
		expect(limits(answer).slice(0, 2)).toEqual(["100", "49"]);
	});
});

test("the server's clock is the one it is given, also in the Date header", async () => {
	await start({ now: () => 0 });
	const answer = await client.post();
	expect(answer.headers.date).toBe("Thu, 01 Jan 1970 00:00:00 GMT");
	expect(server.points()[0]?.timestamp).toBe("1970-01-01T00:00:00.000Z");
});
