import { mkdtempSync, rmSync } from "node:fs";
import { isIPv4 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, describe, expect } from "vitest";
import { makeResolver } from "../../boards/node/resolver";
import type { Misbehaviours } from "../../simulator/dakkio/exchange";
import * as faults from "../../simulator/dakkio/misbehaviours";
import { DakkioServer } from "../../simulator/dakkio/server";
import { World } from "../../simulator/world";
import { formatStatus } from "../../src/app/status";
import type { Resolver } from "../../src/boards/ecma419";
import { AppFixture } from "./app-fixture";

/**
 * Everything that can go wrong between the board and the service, on real sockets: what the board does next, and that in
 * the end every point has arrived once. It may arrive twice only if the service stored it and the response was lost: the
 * board cannot distinguish that from a request that never arrived.
 */

const inWorld = (realTimeOnline: boolean) =>
	base.extend<{ directory: string; world: World }>({
		directory: async ({ task }, use) => {
			const directory = mkdtempSync(join(tmpdir(), `faults-${task.id}-`));
			await use(directory);
			rmSync(directory, { recursive: true });
		},
		world: async ({ directory }, use) => {
			const world = await World.start({ directory, speed: 100, realTimeOnline });
			await use(world);
			await world.close();
		},
	});

/** Real time passes while the board is online; most of it is spent waiting, so that these run at the same time. */
const test = inWorld(true);

/**
 * Hurried, half a minute passes in a third of a second: for tests of timeouts. A computer that stalls for as long causes a
 * failure of its own, so these run one after the other.
 */
const hurried = inWorld(false);

/** How often each of the first points arrived. */
async function arrivals(world: World, points: number): Promise<number[]> {
	await world.dakkio.waitForPoints(points);
	const counts = Array<number>(points).fill(0);
	const complete = () => counts.every((count) => count > 0);
	for (;;) {
		counts.fill(0);
		for (const { metadata } of world.dakkio.points()) {
			const index = Number(metadata?.seq) - 1;
			if (index < points) counts[index] = (counts[index] ?? 0) + 1;
		}
		if (complete()) return counts;
		await world.dakkio.waitForPoints(world.dakkio.points().length + 1);
	}
}

/** How many points the service kept before it got the first one a second time. */
function pointsBeforeTheFirstComesAgain(world: World): number {
	const again = world.dakkio.points().findIndex(({ metadata }, index) => index > 0 && metadata?.seq === 1);
	return again < 0 ? 1 : again;
}

/** Failed uploads in the log. */
const failures = (board: AppFixture) => board.logLines.filter((line) => line.startsWith("not sent")).length;

const once = (misbehaviour: Parameters<typeof faults.firstRequests>[1]): Misbehaviours => ({
	exchange: faults.firstRequests(1, misbehaviour),
});

/** The first connection misbehaves. */
function firstConnection(misbehaviour: NonNullable<Misbehaviours["connection"]>): Misbehaviours {
	let first = true;
	return {
		connection: (socket, accept) => {
			if (first) misbehaviour(socket, accept);
			else accept();
			first = false;
		},
	};
}

const unixNow = () => Math.floor(Date.now() / 1000);
const limited = (reset: string) => faults.respondWith(429, { headers: { "X-RateLimit-Reset": reset } });

describe("one failure, then a good service: the board tries again, and nothing is lost", () => {
	hurried.for<[fault: string, misbehaviours: () => Misbehaviours, next: RegExp, first: 1 | 2]>([
		[
			"connection reset at once",
			() => firstConnection(faults.resetConnection),
			/not sent: .*next try in \d s/,
			1,
		],
		["TCP accepts and is silent", () => firstConnection(faults.silentConnection), /not sent: .*20 s/, 1],
		["TLS stops half way", () => firstConnection(faults.haltedHandshake), /not sent: .*20 s/, 1],
		["the server does not speak TLS", () => firstConnection(faults.plainTextConnection), /not sent: /, 1],
		["answer before the body was read: 503", () => once(faults.respondEarly(503)), /not sent: 503/, 1],
		["no answer", () => once(faults.neverRespond), /not sent: .*30 s/, 1],
		["reset in the middle of the request", () => once(faults.resetDuringRequest), /not sent: /, 1],
		["the answer is lost", () => once(faults.loseResponse), /not sent: /, 2],
		["reset in the middle of the status line", () => once(faults.resetDuringResponse(10)), /not sent: /, 2],
		["status line nonsense", () => once(faults.respondRaw("BANANA\r\n\r\n")), /not sent: /, 2],
		[
			"an answer that is not HTTP/1",
			() => once(faults.respondRaw("HTTP/9.9 201 OK\r\n\r\n")),
			/not sent: /,
			2,
		],
		["HTTP/2 in clear", () => once(faults.respondRaw("HTTP/2 201\r\n\r\n")), /not sent: /, 2],
		[
			"a change of protocol",
			() => once(faults.respondRaw("HTTP/1.1 101 Switching Protocols\r\n\r\n")),
			/not sent: /,
			2,
		],
		["slow drip of a byte a second", () => once(faults.drip(10)), /not sent: |sent point 1: 201/, 2],
		...[408, 425, 500, 502, 503, 504].map(
			(status) =>
				[
					`${status}`,
					() => once(faults.respondWith(status)),
					new RegExp(`not sent: ${status}: Refused`),
					1,
				] as [string, () => Misbehaviours, RegExp, 1],
		),
		[
			"429, reset in five minutes",
			() => once(limited(`${unixNow() + 300}`)),
			/not sent: 429.*next try in [1-3]?\d\d s/,
			1,
		],
		["429, reset in the past", () => once(limited("1000000000")), /not sent: 429.*next try in [1-6] s/, 1],
		["429, reset not a number", () => once(limited("soon")), /not sent: 429.*next try in [1-5] s/, 1],
	])("%s", async ([, misbehaviours, next, first], { world }) => {
		Object.assign(world.dakkio.misbehaviours, misbehaviours());
		const board = new AppFixture(world);
		await board.waitForLine(next);
		const counts = await arrivals(world, 4);
		await board.app.stop();
		// A computer that stands still for a third of a second is one more failure, and may be one more duplicate.
		const more = Math.max(0, failures(board) - 1);
		// On a slow computer the first request holds more than the first point, and all of them share its fate.
		const inFirstRequest = first === 1 ? 1 : pointsBeforeTheFirstComesAgain(world);
		for (const [index, count] of counts.entries())
			expect(count).toBeLessThanOrEqual((index < inFirstRequest ? first : 1) + more);
	});
});

describe("429, reset in 100 years", () => {
	test("it waits six hours, and no longer", async ({ world }) => {
		Object.assign(world.dakkio.misbehaviours, once(limited("4900000000")));
		const board = new AppFixture(world);
		await board.waitForLine(/not sent: 429.*next try in 216\d\d s/);
		await board.app.stop();
	});
});

describe("no route to the service: the board tries again, and nothing is lost", () => {
	/** The computer's own, once `mended`; before that, as `ask` has it. */
	function resolverThat(ask: Resolver["resolve"]) {
		const real = makeResolver();
		const state = { mended: false };
		const resolver: Resolver = {
			resolve: (options) => {
				// The time servers of these tests are addresses.
				if (state.mended || isIPv4(options.host)) real.resolve(options);
				else ask(options);
			},
		};
		return { state, resolver };
	}

	describe("names", () => {
		hurried.for<[string, Resolver["resolve"], RegExp]>([
			["DNS fails", ({ host, onError }) => onError(host), /not sent: .*next try in \d s/],
			["DNS hangs", () => {}, /not sent: .* s.*next try in \d s/],
		])("%s", async ([, ask, line], { world }) => {
			const { state, resolver } = resolverThat(ask);
			const board = new AppFixture(world, {}, resolver);
			await board.waitForLine(line);
			state.mended = true;
			const before = failures(board);
			const counts = await arrivals(world, 3);
			await board.app.stop();
			for (const count of counts) expect(count).toBeLessThanOrEqual(1 + failures(board) - before);
		});
	});

	describe("connections", () => {
		test("the connection is refused", async ({ world, directory }) => {
			const { port, url } = world.dakkio;
			await world.dakkio.close();
			const board = new AppFixture(world, { server: url });
			await board.waitForLine(/not sent: .*connection refused.*next try in \d s/);
			const server = await DakkioServer.start({ directory: join(directory, "dakkio"), port });
			const points = await server.waitForPoints(3);
			await board.app.stop();
			await server.close();
			expect(points.slice(0, 3).map(({ metadata }) => metadata?.seq)).toEqual([1, 2, 3]);
			expect(server.duplicates).toBe(0);
		});
	});
});

describe.concurrent("a point that is refused for its content goes to quarantine with the server's message, once another is taken", () => {
	test.for([400, 413])("%i", async (status, { world }) => {
		const words = "temperature is not in the schema";
		world.dakkio.misbehaviours.exchange = () => faults.refusePoints((seq) => seq === 1, status, words);
		const board = new AppFixture(world);
		await board.waitForLine(new RegExp(`point 1 refused: ${status}: ${words}; kept until another is taken`));
		await board.waitForLine(
			new RegExp(`refused: point 1: ${status}: ${words}; kept in quarantine \\(1 there`),
		);
		expect(formatStatus(board.app.status)).toContain("1 in quarantine");
		await board.app.stop();
		const again = new AppFixture(world);
		await again.waitForLine(new RegExp(`1 in quarantine, last point 1: ${status}: ${words}`));
		world.dakkio.misbehaviours.exchange = undefined;
		await world.dakkio.waitForPoints(world.dakkio.points().length + 2);
		await again.app.stop();
		expect(world.dakkio.points().some(({ metadata }) => metadata?.seq === 1)).toBe(false);
		expect(world.dakkio.duplicates).toBe(0);
	});
});

describe.concurrent("a service that refuses everything is at fault itself: all points are kept", () => {
	test.for([400, 413])("%i", async (status, { world }) => {
		world.dakkio.misbehaviours.exchange = () => faults.respondWith(status, { message: "says the proxy" });
		const board = new AppFixture(world);
		await board.waitForLine(new RegExp(`not sent: ${status}: says the proxy.*next try in 3600 s`));
		const { requests } = world.dakkio;
		expect(requests).toBeLessThanOrEqual(10);
		const { pending, quarantined } = board.app.status;
		expect(formatStatus(board.app.status)).toContain(`no uploads: ${status}: says the proxy`);
		await board.app.stop();
		expect(world.dakkio.requests).toBe(requests);
		expect(quarantined).toBe(0);
		world.dakkio.misbehaviours.exchange = undefined;
		const again = new AppFixture(world);
		const counts = await arrivals(world, pending);
		await again.app.stop();
		expect(counts).toEqual(Array(pending).fill(1));
	});
});

describe.concurrent("an unusual response with a 2xx status is a success: no duplicates", () => {
	test.for<[string, Misbehaviours]>([
		["100 and 103 before the answer", { exchange: () => faults.interimResponses }],
		["a chunked answer", { exchange: () => faults.chunkedResponse }],
		["an answer without length, ended by close", { exchange: () => faults.respondUntilClose }],
		["a length that is too long", { exchange: () => faults.wrongLength(+5) }],
		["a length that is too short", { exchange: () => faults.wrongLength(-5) }],
		["204", { exchange: () => faults.respondRaw("HTTP/1.1 204 No Content\r\n\r\n") }],
		[
			"a body that is not JSON",
			{ exchange: () => faults.respondRaw("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n{{{{{") },
		],
		[
			"a body of 10 MB",
			{
				exchange: () =>
					faults.respondRaw(
						`HTTP/1.1 201 Created\r\nContent-Length: 10000000\r\n\r\n${"x".repeat(10_000_000)}`,
					),
			},
		],
		...(
			[
				["a length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"],
				["the same length twice", "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"],
				["a line without a colon", "nonsense\r\n\r\n"],
				["a negative length", "Content-Length: -1\r\n\r\n"],
				["a header of 64 KB", `X: ${"x".repeat(65_536)}\r\n\r\n`],
				["a thousand headers", `${"A: b\r\n".repeat(1000)}\r\n`],
				["a NUL", "X: \0\r\n\r\n"],
				["a chunk that is none", "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"],
				["no more than the status line", ""],
			] as const
		).map(([name, rest]): [string, Misbehaviours] => [
			name,
			{ exchange: () => faults.respondRaw(`HTTP/1.1 201 Created\r\n${rest}`) },
		]),
		["connection closed after each response without notice", { exchange: () => faults.closeAfterResponse }],
	])("%s", async ([, misbehaviours], { world }) => {
		Object.assign(world.dakkio.misbehaviours, misbehaviours);
		const board = new AppFixture(world);
		const counts = await arrivals(world, 3);
		await board.app.stop();
		expect(counts).toEqual([1, 1, 1]);
		expect(failures(board)).toBe(0);
	});
});

describe.concurrent("a settings fault: everything is kept, the remedy is logged, and it is tried once an hour", () => {
	test.for<[number, RegExp]>([
		[301, /301: .*The service has moved/],
		[401, /401: .*Check the API key/],
		[403, /403: .*another bucket/],
		[404, /404: .*Check bucket, data source/],
		[405, /405: .*address of the service/],
		[415, /415: .*address of the service/],
	])("%i", async ([status, cure], { world }) => {
		world.dakkio.misbehaviours.exchange = () =>
			faults.respondWith(status, { headers: { Location: "https://elsewhere.example/" } });
		const board = new AppFixture(world);
		expect(await board.waitForLine(/not sent/)).toMatch(cure);
		expect(board.logLines.join("\n")).toMatch(/next try in 3600 s/);
		await board.waitForLine(/reading 5:/);
		await board.app.stop();
		expect(world.dakkio.requests).toBe(1);
		expect(world.dakkio.points()).toEqual([]);
	});

	test.for(["expired", "not yet valid", "wrong name", "unknown root", "self-signed"] as const)(
		"a certificate that is refused (%s): the key is never sent",
		async (fault, { world }) => {
			world.dakkio.useIdentity(await world.dakkio.certificates.faulty(fault));
			const board = new AppFixture(world);
			await board.waitForLine(/not sent: .*certificate.*next try in 3600 s/);
			await board.app.stop();
			expect(world.dakkio.requests).toBe(0);
		},
	);
});

describe.concurrent("whatever happens", () => {
	test("the key is never logged", async ({ world }) => {
		const { key } = world.dakkio.credentials;
		world.dakkio.misbehaviours.exchange = faults.firstRequests(
			3,
			faults.respondWith(500, { message: `no ${key}` }),
		);
		const board = new AppFixture(world);
		await arrivals(world, 2);
		await board.app.stop();
		expect(board.logLines.join("\n")).not.toContain(key);
	});
});
