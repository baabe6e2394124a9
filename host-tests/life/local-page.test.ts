import { expect, test } from "vitest";
import { Life, type LifeOptions } from "../../simulator/life/life";
import { localRequest } from "../../simulator/life/local-network";
import { calmScenario } from "../../simulator/life/scenario";
import { collectedHeapBytes } from "./heap";

const hour = 3_600_000;
const scenario = calmScenario({ length: 24 * hour, interval: 60 });
const warm = 20_000;
const last = 86_000;
const paths = ["/", "/api/status", "/api/history", "/api/log", "/metrics"];

/** When each reading was stored and each upload accepted. */
async function events(localClient?: LifeOptions["localClient"]): Promise<Map<string, number>> {
	const seen = new Map<string, number>();
	await new Life({
		scenario,
		...(localClient !== undefined && { localClient }),
		log: (utc, line) => {
			const [event] = /^(reading \d+|sent .*):/.exec(line) ?? [];
			if (event !== undefined) seen.set(event, utc);
		},
	}).run();
	return seen;
}

test("a request a second for 24 hours delays no reading and no upload by more than 100 ms, and leaves nothing in memory", async () => {
	const undisturbed = await events();
	const statuses = new Map<string, number>();
	const heapBytes = new Map<number, number>();
	let count = 0;
	let maxBytes = 0;
	const visited = await events({
		intervalMs: 1000,
		nextRequest: () => {
			// The first hours fill everything that is bounded.
			if (count === warm || count === last) heapBytes.set(count, collectedHeapBytes());
			return localRequest(paths[count++ % paths.length] ?? "/");
		},
		onResponse: (response) => {
			const status = response.slice(0, 15);
			statuses.set(status, (statuses.get(status) ?? 0) + 1);
			maxBytes = Math.max(maxBytes, response.length);
		},
	});
	expect(undisturbed.size).toBeGreaterThan(24 * 60);
	expect([...visited.keys()]).toEqual([...undisturbed.keys()]);
	const delays = [...visited].map(([event, utc]) => utc - (undisturbed.get(event) ?? 0));
	expect(Math.max(...delays.map(Math.abs))).toBeLessThanOrEqual(100);
	// Until the network is joined, the port is closed.
	expect([...statuses.keys()]).toEqual(["HTTP/1.1 200 OK"]);
	expect(statuses.get("HTTP/1.1 200 OK")).toBeGreaterThan(86_000);
	// The longest is the log: 3.6 KiB of memory hold up to three times as much text.
	expect(maxBytes).toBeLessThan(12_288);
	// The test itself keeps when each reading was stored.
	const growth = (heapBytes.get(last) ?? 0) - (heapBytes.get(warm) ?? 0);
	expect(growth / (last - warm)).toBeLessThan(32);
});
