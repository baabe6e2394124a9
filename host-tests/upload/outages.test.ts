import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../simulator/life/seeded-random";
import type { ExchangeResult } from "../../src/http/exchange-result";
import { initialUploadState, saveUploadState } from "../../src/upload/upload-state";
import {
	good,
	type ServiceBehaviour,
	type ServiceResponse,
	start,
	UploaderFixture,
} from "./uploader-fixture";

const second = 1_000;
const minute = 60_000;
const day = 86_400_000;

/** Each stores the points and never says so in a way that can be understood. */
const storing: readonly (readonly [string, ServiceResponse])[] = [
	...[400, 401, 404, 408, 409, 413, 418, 422, 425, 429, 451, 500, 502, 503, 504].map(
		(status) => [`${status}`, { status, isStored: true }] as const,
	),
	["301", { status: 301, isStored: true }],
	["503 with Retry-After: 1", { status: 503, isStored: true, headers: "Retry-After: 1\r\n" }],
	["a lost response", { status: 200, isStored: true, raw: "" }],
	["silence", { status: 200, isStored: true, raw: "HTTP/1.1 2" }],
	["garbage", { status: 200, isStored: true, raw: "SSH-2.0-OpenSSH_9.6\r\n" }],
	["a change of protocol", { status: 200, isStored: true, raw: "HTTP/1.1 101 Switching\r\n\r\n" }],
	["HTTP/2", { status: 200, isStored: true, raw: "HTTP/2 201\r\n\r\n" }],
	[
		"interim responses only",
		{ status: 200, isStored: true, raw: "HTTP/1.1 100 Continue\r\n\r\n".repeat(50) },
	],
];

/** Of a plan that begins again `days` after {@link start}. */
function planHeaders(limit: number, remaining: number, days: number): string {
	const reset = Math.ceil((start + days * day) / second);
	return `X-RateLimit-Limit: ${limit}\r\nX-RateLimit-Remaining: ${remaining}\r\nX-RateLimit-Reset: ${reset}\r\n`;
}

function expectFewCopies(fixture: UploaderFixture): void {
	const counts = [...fixture.copies.values()];
	expect(Math.max(...counts)).toBeLessThanOrEqual(30);
	// The points that are stored more than twice are those of at most one batch.
	expect(counts.filter((count) => count > 2).length).toBeLessThanOrEqual(1000);
}

describe("in a day in which the service stores the points and never confirms it, no point is stored more than 30 times", () => {
	test.each(storing)("%s", async (_, response) => {
		for (let seed = 1; seed <= 2; seed++) {
			const random = new SeededRandom(seed);
			const fixture = new UploaderFixture({ service: () => response, random: () => random.next() });
			fixture.measure(3000);
			fixture.uploader.start();
			await fixture.pass(24);
			expectFewCopies(fixture);
			expect(Math.min(...fixture.waits)).toBeGreaterThanOrEqual(1000);
			// Soon only single points are tried: the oldest ones, and the newest.
			for (const { sequences } of fixture.requests.slice(4)) expect(sequences.length).toBe(1);
			expect([...fixture.copies.values()].filter((count) => count > 2).length).toBeLessThanOrEqual(5);
			expect(fixture.pending.length).toBe(3000);
			fixture.service = good;
			await fixture.pass(6);
			expect(fixture.pending).toEqual([]);
			expect(fixture.copies.size).toBe(3000);
			expect(Math.max(...[...fixture.copies.values()].slice(1100))).toBe(1);
		}
	});

	test.each(storing)("%s, in turn with other failures", async (_, response) => {
		const random = new SeededRandom(7);
		const fixture = new UploaderFixture({
			service: () => (random.nextBoolean(0.5) ? response : { status: 500, isStored: true }),
			random: () => random.next(),
		});
		fixture.measure(3000);
		fixture.uploader.start();
		await fixture.pass(24);
		expectFewCopies(fixture);
	});
});

test.each([400, 404, 500])("a board that sleeps between its uploads, and %i: the same", async (status) => {
	const fixture = new UploaderFixture({ service: () => ({ status, isStored: true }) });
	fixture.measure(3000);
	fixture.uploader.start();
	for (let wake = 0; wake < 48; wake++) {
		await fixture.pass(0.5);
		await fixture.wakeUp();
	}
	expectFewCopies(fixture);
	for (const { sequences } of fixture.requests.slice(4)) expect(sequences.length).toBe(1);
});

test.each([
	["500", { status: 500, isStored: true }],
	["a lost response", { status: 200, isStored: true, raw: "" }],
] as const)(
	"a service that confirms single points, and answers batches with %s: each is stored a few times",
	async (_, response) => {
		const service: ServiceBehaviour = ({ sequences }) => (sequences.length > 1 ? response : { status: 201 });
		const fixture = new UploaderFixture({ service });
		fixture.measure(300);
		fixture.uploader.start();
		await fixture.pass(24 * 3, 10 * minute);
		const counts = [...fixture.copies.values()];
		expect(Math.max(...counts)).toBeLessThanOrEqual(30);
		expect(counts.filter((count) => count > 8).length).toBe(0);
	},
);

describe("a board that is restarted again and again", () => {
	const cases = [400, 404, 500].flatMap((status) => [0.25, 1, 5].map((hours) => [status, hours] as const));
	test.each(cases)(
		"a service that stores and answers %i, a restart each %d hours: no point is stored more than 30 times a day",
		async (status, hours) => {
			const fixture = new UploaderFixture({ service: () => ({ status, isStored: true }) });
			fixture.measure(3000);
			fixture.uploader.start();
			for (let passed = 0; passed < 24; passed += hours) {
				await fixture.pass(hours);
				await fixture.restart();
			}
			const counts = [...fixture.copies.values()];
			expect(Math.max(...counts)).toBeLessThanOrEqual(30);
			expect(counts.filter((count) => count > 2).length).toBeLessThanOrEqual(10);
			for (const { sequences } of fixture.requests.slice(8)) expect(sequences.length).toBe(1);
			fixture.service = good;
			await fixture.pass(4);
			expect(fixture.pending).toEqual([]);
			// A power cut after the outage begins no search.
			const { length } = fixture.requests;
			await fixture.restart();
			fixture.measure(500);
			await fixture.pass(1);
			expect(fixture.requests[length]?.sequences.length).toBe(500);
		},
	);

	test("the first three restarts of an outage try within a minute, and the press of the button at once", async () => {
		const fixture = new UploaderFixture({ service: () => ({ status: 401 }) });
		fixture.measure(1);
		fixture.uploader.start();
		await fixture.pass(0.1);
		const requestsAfterRestart = async (): Promise<number> => {
			const { length } = fixture.requests;
			await fixture.restart();
			await fixture.time.advance(minute + second);
			return fixture.requests.length - length;
		};
		for (const expected of [1, 1, 1, 0]) expect(await requestsAfterRestart()).toBe(expected);
		expect(fixture.logLines.at(-1)).toMatch(/^upload: .* before the restart, too; next try in \d+ s$/);
		const { length } = fixture.requests;
		fixture.uploader.sendNow();
		await fixture.time.advance(second);
		expect(fixture.requests.length).toBe(length + 1);
		// After a 2xx, restarts count from the beginning.
		fixture.service = good;
		await fixture.pass(1.1);
		fixture.service = () => ({ status: 401 });
		fixture.measure(1);
		await fixture.pass(1);
		expect(await requestsAfterRestart()).toBe(1);
	});

	test("a service that works again gets everything, however short the starts are", async () => {
		const fixture = new UploaderFixture({ service: () => ({ status: 500, isStored: true }) });
		fixture.measure(3000);
		fixture.uploader.start();
		for (let restart = 0; restart < 24 * 12; restart++) {
			await fixture.pass(1 / 12);
			await fixture.restart();
		}
		fixture.service = good;
		for (let restart = 0; restart < 3 * 12; restart++) {
			await fixture.pass(1 / 12);
			await fixture.restart();
		}
		expect(fixture.pending).toEqual([]);
	});

	test("a wait by a clock that was years ahead is no wait", async () => {
		const fixture = new UploaderFixture({ service: () => ({ status: 500 }) });
		fixture.measure(1);
		saveUploadState(fixture.storage, {
			...{ ...initialUploadState, failures: 9, restarts: 9 },
			retryUtc: Date.UTC(2040, 0, 1),
		});
		await fixture.cutPower();
		await fixture.time.advance(minute);
		expect(fixture.requests.length).toBe(1);
	});

	test("or after each request: single points from the third on", async () => {
		const fixture = new UploaderFixture({ service: () => ({ status: 500, isStored: true }) });
		fixture.measure(3000);
		fixture.uploader.start();
		for (let restart = 0; restart < 20; restart++) {
			const { length } = fixture.requests;
			while (fixture.requests.length === length) await fixture.pass(1 / 60);
			await fixture.restart();
		}
		const sizes = fixture.requests.map(({ sequences }) => sequences.length);
		expect(Math.max(...sizes.slice(2))).toBe(1);
	});

	test.each([418, 500])("one point that is answered with %i does not keep the others", async (status) => {
		const fixture = new UploaderFixture({
			service: ({ sequences }) => ({ status: sequences.includes(1) ? status : 201 }),
		});
		fixture.measure(100);
		fixture.uploader.start();
		for (let restart = 0; restart < 72; restart++) {
			await fixture.pass(1);
			await fixture.restart();
		}
		expect(fixture.copies.size).toBe(99);
	});
});

describe("a service that stores and does not answer before the upload ends: each request has fewer points", () => {
	test.each<[string, (fixture: UploaderFixture) => Promise<void>]>([
		["it restarts", (fixture) => fixture.restart()],
		["its power is cut", (fixture) => fixture.cutPower()],
		["it sleeps", (fixture) => fixture.wakeUp({ dueAtTicks: 0 })],
		[
			"it has been online for too long, and sleeps",
			(fixture) => {
				fixture.uploader.postpone(() => 0);
				return fixture.wakeUp({ dueAtTicks: 0 });
			},
		],
	])("%s", async (_, end) => {
		const fixture = new UploaderFixture({ service: () => ({ status: 201, isSilent: true }) });
		fixture.measure(1000);
		fixture.uploader.start();
		for (let sent = 1; sent <= 10; sent++) {
			while (fixture.requests.length < sent) await fixture.time.advance(second);
			await end(fixture);
		}
		const sizes = fixture.requests.map(({ sequences }) => sequences.length);
		for (const [index, size] of sizes.slice(1).entries())
			expect(size).toBeLessThanOrEqual(Math.ceil((sizes[index] ?? 0) / 4));
		fixture.service = good;
		await fixture.pass(12);
		expect(fixture.pending).toEqual([]);
	});
});

test("a used-up plan ends an upload, and the next one comes after an hour", async () => {
	const headers = planHeaders(10_000, 0, 20);
	const fixture = new UploaderFixture({ service: () => ({ status: 201, headers }), intervalMs: "auto" });
	fixture.measure(4000);
	fixture.uploader.start();
	await fixture.pass(3);
	expect(fixture.requests.length).toBeLessThanOrEqual(4);
	for (const wait of fixture.waits) expect(wait).toBeGreaterThanOrEqual(3_599_000);
});

test("a connection test sends one point, however many are pending", async () => {
	const fixture = new UploaderFixture({ service: () => ({ status: 500, isStored: true }) });
	fixture.measure(1000);
	for (let press = 0; press < 5; press++) {
		void fixture.uploader.sendTrial(fixture.connect());
		await fixture.time.advance(minute);
	}
	expect(fixture.requests.map(({ sequences }) => sequences)).toEqual(Array(5).fill([1]));
	fixture.service = good;
	void fixture.uploader.sendTrial(fixture.connect());
	await fixture.time.advance(minute);
	expect(fixture.pending[0]).toBe(2);
});

test.each([
	[418, 12],
	[500, 3],
	[400, 24],
])("with %i for %i points a day, a week of points arrives", async (status, perDay) => {
	const every = 288 / perDay;
	const fixture = new UploaderFixture({
		service: ({ sequences }) => ({ status: sequences.some((each) => each % every === 0) ? status : 201 }),
		quarantineBlocks: 64,
	});
	fixture.uploader.start();
	await fixture.pass(24 * 7, 5 * minute);
	const missing = Array.from({ length: 7 * 288 - 12 }, (_, index) => index + 1).filter(
		(sequence) => sequence % every !== 0 && !fixture.copies.has(sequence),
	);
	expect(missing).toEqual([]);
});

describe("one point fails and is refused in turn, and the service stores it each time: others do not wait for it", () => {
	const patterns = [
		[0, 503, 401],
		[503, 401],
		[401, 503],
		[404, 502, 502],
		[503, 503, 503, 302],
		[413, 401, 400],
	];
	test.each(patterns.flatMap((answers) => [false, true].map((sleeps) => ({ answers, sleeps }))))(
		"$answers, on battery: $sleeps",
		async ({ answers, sleeps }) => {
			const times: number[] = [];
			const service: ServiceBehaviour = ({ at, sequences }) => {
				if (!sequences.includes(1)) return { status: 201 };
				const status = answers[times.length % answers.length];
				times.push(at);
				return { isStored: true, ...(status ? { status } : { status: 500, raw: "" }) };
			};
			const fixture = new UploaderFixture({ queueBlocks: 64, service });
			fixture.measure(5);
			fixture.uploader.start();
			const hours = 24 * 6;
			for (let hour = 0; hour < hours; hour++) {
				await fixture.pass(1, 10 * minute);
				if (sleeps) await fixture.wakeUp();
			}
			expect(fixture.copies.size).toBeGreaterThanOrEqual(6 * hours);
			const perDay = times.map((from) => times.filter((at) => at >= from && at < from + day).length);
			expect(Math.max(...perDay)).toBeLessThanOrEqual(30);
			expect(fixture.quarantined).toHaveLength(1);
		},
	);
});

test.each([401, 404, 503])(
	"one of two servers fails, and one point gets %i: the others arrive",
	async (status) => {
		let requests = 0;
		const fixture = new UploaderFixture({
			queueBlocks: 64,
			service: ({ sequences }) => ({
				status: ++requests % 2 === 0 ? 503 : sequences.includes(4) ? status : 201,
			}),
		});
		fixture.measure(5);
		fixture.uploader.start();
		await fixture.pass(24 * 5, 10 * minute);
		expect(fixture.copies.size).toBeGreaterThanOrEqual(24 * 5 * 6 - 12);
	},
);

describe("a service that says that the plan is used up, and goes on to serve", () => {
	test.each<[string, ServiceBehaviour]>([
		["refuses a point", ({ sequences }) => ({ status: sequences.includes(150) ? 400 : 201 })],
		["refuses a point for its size", ({ sequences }) => ({ status: sequences.includes(150) ? 413 : 201 })],
		["has a limit of 20 KB", ({ bodyBytes }) => ({ status: bodyBytes > 20_000 ? 413 : 201 })],
	])("%s: all others arrive", async (_, service) => {
		const headers = planHeaders(10_000, 0, 20);
		const fixture = new UploaderFixture({ service: (request) => ({ ...service(request), headers }) });
		fixture.measure(300);
		fixture.uploader.start();
		await fixture.pass(48, 10 * minute);
		expect(fixture.copies.size).toBeGreaterThanOrEqual(300 + 48 * 6 - 8);
		expect(fixture.requests.length).toBeLessThanOrEqual(48 + 60);
	});
});

test("after an outage, batches grow again, slower through points that were sent before", async () => {
	const fixture = new UploaderFixture({ service: () => ({ status: 500 }) });
	fixture.measure(3000);
	fixture.uploader.start();
	await fixture.pass(24);
	const { length } = fixture.requests;
	fixture.service = good;
	await fixture.pass(3);
	const sizes = fixture.requests.slice(length).map(({ sequences }) => sequences.length);
	const throughSent = [1, 2, 4, 8, 16, 32, 64, ...Array(8).fill(120)];
	expect(sizes).toEqual([...throughSent, 240, 480, 960, 233]);
});

test("after a week of failures, in which the newest points are tried, too, batches grow as before", async () => {
	const fixture = new UploaderFixture({ service: () => ({ status: 429 }), queueBlocks: 64 });
	fixture.measure(500);
	fixture.uploader.start();
	await fixture.pass(24 * 7, 5 * minute);
	expect(fixture.requests.some(({ sequences }) => (sequences[0] ?? 0) > 1_000)).toBe(true);
	const { length } = fixture.requests;
	fixture.service = good;
	await fixture.pass(3);
	expect(fixture.pending).toEqual([]);
	// 1 to 1,000 points, through those that were sent, and then by the thousand.
	expect(fixture.requests.length - length).toBeLessThanOrEqual(24);
});

test.each([1, 20, 1000])(
	"where a point fails at the end of each upload, and uploads last longer than their interval of %i ms, it waits all the same",
	async (intervalMs) => {
		let failedAt = Number.NEGATIVE_INFINITY;
		const waits: number[] = [];
		const fixture = new UploaderFixture({
			intervalMs,
			service: ({ at, sequences }) => {
				waits.push(at - failedAt);
				const isFailed = sequences.includes(1);
				failedAt = isFailed ? at : Number.NEGATIVE_INFINITY;
				// A reading is stored in the meantime.
				if (isFailed) fixture.measure(1);
				return { status: isFailed ? 500 : 201 };
			},
		});
		fixture.measure(100);
		fixture.uploader.start();
		await fixture.pass(24 * 4, minute);
		expect(fixture.quarantined).toEqual([1]);
		expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
	},
);

/** Allows a call each few seconds. */
const largePlan = planHeaders(1_000_000, 1_000_000, 30);

test.each([
	[1, 1],
	[1, 2],
	[2, 1],
	[4, 1],
	[4, 2],
	[2, 4],
])(
	"of a service that stores everything, fails %i times and confirms %i times in turn, in a day",
	async (failures, confirmations) => {
		let calls = 0;
		const fixture = new UploaderFixture({
			service: () => ({
				status: calls++ % (failures + confirmations) < failures ? 500 : 201,
				isStored: true,
				headers: largePlan,
			}),
		});
		fixture.measure(5000);
		fixture.uploader.start();
		await fixture.pass(24);
		expectFewCopies(fixture);
		expect(fixture.pending.length).toBeLessThan(4900);
	},
);

describe("half of all requests fail, and a reading a minute: the board keeps up", () => {
	const oneOfTwo = (seed: number) => {
		const random = new SeededRandom(seed);
		return () => random.nextBoolean(0.5);
	};
	let calls = 0;
	test.each<[string, () => boolean, boolean, number]>([
		["at random", oneOfTwo(4), false, 0],
		["at random, and what fails is stored", oneOfTwo(5), true, 0],
		["in turn, and 400 points are pending", () => calls++ % 2 === 0, false, 400],
	])("%s", async (_, fails, isStored, pendingPoints) => {
		const random = new SeededRandom(1);
		const fixture = new UploaderFixture({
			service: () => {
				const isFailed = fails();
				return { status: isFailed ? 503 : 201, isStored: isStored || !isFailed, headers: largePlan };
			},
			intervalMs: minute,
			random: () => random.next(),
			queueBlocks: 64,
		});
		fixture.measure(pendingPoints);
		fixture.uploader.start();
		for (let day = 0; day < 4; day++) {
			const pending = [];
			for (let part = 0; part < 4; part++) {
				await fixture.pass(6, minute);
				pending.push(fixture.pending.length);
			}
			// A series of failures takes two hours sometimes.
			expect(Math.min(...pending), `pending on day ${day}`).toBeLessThan(150);
			// Those of a day.
			expectFewCopies(fixture);
			fixture.copies.clear();
		}
	});
});

test.each([
	[1, 1],
	[1, 2],
	[2, 1],
])(
	"other devices have left 500 calls for ten days; %i failures and %i successes in turn leave them, too",
	async (failures, confirmations) => {
		let calls = 0;
		const fixture = new UploaderFixture({
			service: () => {
				const status = calls++ % (failures + confirmations) < failures ? 503 : 201;
				return { status, headers: planHeaders(10_000, Math.max(0, 500 - calls), 10) };
			},
			intervalMs: "auto",
		});
		fixture.measure(1500);
		fixture.uploader.start();
		await fixture.pass(24 * 3, 5 * minute);
		// 32 at once, and what the plan allows; a regular upload may have two.
		expect(calls).toBeLessThanOrEqual(32 + 3 * 50);
	},
);

describe("a day's limits hold over restarts", () => {
	test("of points that are stored more than twice, by a service that stores and fails in short runs", async () => {
		let calls = 0;
		const fixture = new UploaderFixture({
			service: () => ({ status: calls++ % 3 < 2 ? 500 : 201, isStored: true, headers: largePlan }),
		});
		fixture.measure(5000);
		fixture.uploader.start();
		for (let restart = 0; restart < 96; restart++) {
			await fixture.pass(0.25);
			await fixture.restart();
		}
		const repeated = [...fixture.copies.values()].filter((count) => count > 2).length;
		expect(repeated).toBeLessThanOrEqual(1000);
	});

	test("of the calls of a search", async () => {
		const fixture = new UploaderFixture({
			service: ({ sequences }) => ({ status: sequences.some((each) => each % 5 === 0) ? 400 : 201 }),
			intervalMs: "auto",
			quarantineBlocks: 64,
		});
		fixture.measure(3000);
		fixture.uploader.start();
		for (let restart = 0; restart < 96; restart++) {
			await fixture.pass(0.25);
			await fixture.restart();
		}
		// What the plan allows in a day, what it allows ahead, and at each start what one upload may have.
		expect(fixture.requests.length).toBeLessThanOrEqual(100 + 32 + 96 * 8);
	});
});

test("the user who presses the button all the time asks a failing service no more than once a second", async () => {
	for (const status of [400, 401, 500]) {
		const fixture = new UploaderFixture({ service: () => ({ status }) });
		fixture.measure(10);
		fixture.uploader.start();
		for (let press = 0; press < 300; press++) {
			await fixture.time.advance(100);
			fixture.uploader.sendNow();
		}
		expect(fixture.requests.length).toBeGreaterThan(5);
		expect(Math.min(...fixture.waits)).toBeGreaterThanOrEqual(1000);
	}
});

test.each<[string, ExchangeResult | { readonly cause: string }]>([
	["does not list its data sources", { kind: "response", status: 503, headers: new Map(), body: "" }],
	["lists them in a form that is not understood", { cause: "the list of data sources is not understood" }],
])("nor one that %s", async (_, result) => {
	const asked: number[] = [];
	const fixture = new UploaderFixture({
		resolveDestination: async () => {
			asked.push(fixture.time.ticks());
			return result;
		},
	});
	fixture.measure(10);
	fixture.uploader.start();
	for (let press = 0; press < 300; press++) {
		await fixture.time.advance(100);
		fixture.uploader.sendNow();
	}
	expect(asked.length).toBeGreaterThan(5);
	for (const [index, ticks] of asked.slice(1).entries())
		expect(ticks - (asked[index] ?? 0)).toBeGreaterThanOrEqual(1000);
});

test.each<[string, ExchangeResult | { readonly cause: string }]>([
	["refuses to list its data sources", { kind: "response", status: 401, headers: new Map(), body: "" }],
	["lists them in a form that is not understood", { cause: "the list of data sources is not understood" }],
])("one that %s is asked by the first three restarts only", async (_, result) => {
	let asked = 0;
	const fixture = new UploaderFixture({
		resolveDestination: async () => {
			asked++;
			return result;
		},
	});
	fixture.measure(1);
	fixture.uploader.start();
	await fixture.pass(0.1);
	const askedAfterRestart = async (): Promise<number> => {
		const before = asked;
		await fixture.restart();
		await fixture.time.advance(minute + second);
		return asked - before;
	};
	const counts: number[] = [];
	for (let restart = 0; restart < 6; restart++) counts.push(await askedAfterRestart());
	expect(counts).toEqual([1, 1, 1, 0, 0, 0]);
});

test.each<[string, ExchangeResult | { readonly cause: string }]>([
	["is refused", { kind: "response", status: 401, headers: new Map(), body: "" }],
	["is not understood", { cause: "the list of data sources is not understood" }],
])("once a list of data sources that %s works again, one request has all points", async (_, result) => {
	let isListed = false;
	const fixture = new UploaderFixture({
		resolveDestination: async () => (isListed ? { bucketId: "b", dataSourceId: "d" } : result),
	});
	fixture.measure(300);
	fixture.uploader.start();
	await fixture.pass(3.5);
	expect(fixture.requests).toEqual([]);
	isListed = true;
	await fixture.pass(1);
	expect(fixture.requests.map(({ sequences }) => sequences.length)).toEqual([300]);
});

test("what is odd about responses is logged once a day and kind", async () => {
	const raw = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}";
	const fixture = new UploaderFixture({ service: () => ({ status: 201, raw }) });
	fixture.uploader.start();
	await fixture.pass(48, 10 * minute);
	expect([...fixture.copies.values()].every((count) => count === 1)).toBe(true);
	expect(fixture.copies.size).toBeGreaterThan(280);
	expect(fixture.logLines.filter((line) => line.includes("Content-Length is not a number")).length).toBe(2);
});
