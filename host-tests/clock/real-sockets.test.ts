import { randomFillSync } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeResolver } from "../../boards/node/resolver";
import { PacedTime } from "../../boards/node/time";
import { makeUDP } from "../../boards/node/udp";
import type { NtpFault } from "../../simulator/ntp/ntp-response";
import { NtpServer } from "../../simulator/ntp/ntp-server";
import { randomUniform } from "../../src/boards/random";
import { Clock } from "../../src/clock/clock";
import { NtpQuery, type NtpResult } from "../../src/clock/ntp-client";
import { TimeSync } from "../../src/clock/time-sync";
import { MemoryKeyValue } from "../memory-key-value";
import { mainsBoard } from "./mains-board";

const minUtc = Date.UTC(2026, 10, 24);
const start = Date.UTC(2027, 0, 1);
const random = () => randomUniform({ fillRandom: (bytes) => randomFillSync(bytes) });

let time: PacedTime;
let server: NtpServer;
let startedAt: number;
beforeEach(async () => {
	time = new PacedTime(1);
	startedAt = start - time.ticks();
	server = await NtpServer.start({ now: () => startedAt + time.ticks() });
});
afterEach(async () => {
	time.close();
	await server.close();
});

const networkOf = (board: PacedTime) => {
	const hold = () => board.hold();
	return { UDP: makeUDP({ hold }), resolver: makeResolver({ hold }) };
};

function ask(fault?: NtpFault, asked = `127.0.0.1:${server.port}`): Promise<NtpResult> {
	server.fault = fault;
	return new NtpQuery({
		network: networkOf(time),
		time,
		server: asked,
		minUtc,
		random,
		isBlocked: () => false,
	}).result;
}

/** The same for what ends with the deadline: the two seconds pass in a tenth of one. */
async function askInVain(fault?: NtpFault, asked = `127.0.0.1:${server.port}`): Promise<NtpResult> {
	server.fault = fault;
	const fast = new PacedTime(20);
	const network = { UDP: makeUDP(), resolver: makeResolver() };
	const result = await new NtpQuery({
		network,
		time: fast,
		server: asked,
		minUtc,
		random,
		isBlocked: () => false,
	}).result;
	fast.close();
	return result;
}

test("the time comes over real UDP, right to a few milliseconds", async () => {
	const result = await ask();
	if (result.kind !== "time") throw new Error(result.reason);
	const { utc, ticks, roundTripMs } = result.measurement;
	expect(Math.abs(utc - (startedAt + ticks))).toBeLessThanOrEqual(roundTripMs / 2 + 0.01);
	expect(roundTripMs).toBeLessThan(1_000);
});

test("a name is resolved", async () => {
	expect(await ask(undefined, `localhost:${server.port}`)).toMatchObject({ kind: "time" });
});

describe("a server that misbehaves", () => {
	test.each<readonly [NtpFault, RegExp]>([
		[{ kind: "kiss", code: "RATE" }, /kiss-o'-death RATE/],
		[{ kind: "kiss", code: "DENY" }, /kiss-o'-death DENY/],
		[{ kind: "unsynchronized" }, /not synchronized/],
		[{ kind: "mode", mode: 3 }, /mode is 3/],
		[{ kind: "version", version: 1 }, /version is 1/],
		[{ kind: "stratum", stratum: 16 }, /stratum is 16/],
		[{ kind: "no time" }, /no transmit timestamp/],
		[{ kind: "offset", milliseconds: -2 * 365 * 86_400_000 }, /before this firmware's release/],
	])("%j fails with the reason", async (fault, reason) => {
		expect(await ask(fault)).toMatchObject({ kind: "failure", reason: expect.stringMatching(reason) });
	});

	test.each<readonly [NtpFault, RegExp]>([
		[{ kind: "silent" }, /no response/],
		[{ kind: "wrong originate" }, /no response.*originate timestamp/],
		[{ kind: "short", length: 40 }, /no response.*40 bytes/],
	])("%j is not taken for an answer", async (fault, reason) => {
		expect(await askInVain(fault)).toMatchObject({ kind: "failure", reason: expect.stringMatching(reason) });
	});
});

test("a port without a listener fails, and ends", async () => {
	const socket = createSocket("udp4").bind(0, "127.0.0.1");
	await once(socket, "listening");
	const { port } = socket.address();
	socket.close();
	expect(await askInVain(undefined, `127.0.0.1:${port}`)).toMatchObject({ kind: "failure" });
});

test("a board whose clock runs ten thousand times as fast still gets the right time", async () => {
	const fast = new PacedTime(10_000);
	const begun = start - fast.ticks();
	const world = await NtpServer.start({ now: () => begun + fast.ticks() });
	const clock = new Clock({
		...mainsBoard,
		time: fast,
		boot: 1,
		storage: new MemoryKeyValue(),
		log: () => {},
	});
	try {
		await new Promise<number>((resolve) => {
			new TimeSync({
				network: networkOf(fast),
				time: fast,
				clock,
				servers: [`127.0.0.1:${world.port}`],
				releasedAt: minUtc,
				random,
				log: () => {},
				owner: { onTimeServerFailed() {}, onSynchronized: resolve },
			}).start();
		});
		const now = clock.utcAt(1_000_000) ?? 0;
		expect(Math.abs(now - (begun + 1_000_000))).toBeLessThan(1_000);
	} finally {
		fast.close();
		await world.close();
	}
});
