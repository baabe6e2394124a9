import { expect, test } from "vitest";
import type { ServiceFault } from "../../simulator/life/scenario";
import { credentials, SharedWorld } from "../../simulator/life/shared-world";
import { SimulatedService } from "../../simulator/life/simulated-service";

/** The status lines with which a service with this fault answers a point, sent again and again. */
function answers(fault: ServiceFault, plan: number, count: number): string[] {
	const now = Date.UTC(2027, 2, 1);
	const { account, accountState } = new SharedWorld(now);
	const nothing = () => {};
	const service = new SimulatedService({
		...{ account, accountState, plan, now: () => now, fault: () => fault, clockOffsetMs: () => 0 },
		...{ onRequestBegin: nothing, onPipelined: nothing, onStored: nothing, onCall: nothing },
		...{ onDelivered: nothing, onIncompleteResponse: nothing },
	});
	const lines: string[] = [];
	const send = (bytes: Uint8Array) => lines.push(Buffer.from(bytes).toString().split("\r\n")[0] ?? "");
	const reset = () => lines.push("HTTP/1.1 reset");
	const parser = service.accept({ isClosed: false, send, reset, after: nothing });
	const body = JSON.stringify({
		...{ bucketId: credentials.bucket, dataSourceId: credentials.sources[0] },
		...{ timestamp: new Date(now).toISOString(), values: { temperature: 20 }, metadata: { seq: 7 } },
	});
	const head = [
		...["POST /api/data HTTP/1.1", `X-API-Key: ${credentials.write}`, "Content-Type: application/json"],
		`Content-Length: ${body.length}`,
	];
	for (let sent = 0; sent < count; sent++) parser.receive(Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`));
	return lines.map((line) => line.split(" ")[1] ?? "");
}

test.each<readonly [ServiceFault, string]>([
	[{ kind: "poison", every: 1, status: 400 }, "400"],
	[{ kind: "too large", bytes: 100 }, "413"],
])("a service checks the plan first, then %j", (fault, status) => {
	expect(answers(fault, 3, 5)).toEqual([status, status, status, "429", "429"]);
});

test.each<readonly [ServiceFault, string]>([
	[{ kind: "flapping", failures: 2, successes: 1, status: 503 }, "503 503 201 503 503 201"],
	[{ kind: "flapping", failures: 1, successes: 3 }, "reset 201 201 201 reset 201"],
])("a flapping service fails and confirms in turn: %j", (fault, expected) => {
	expect(answers(fault, 100, 6).join(" ")).toBe(expected);
});
