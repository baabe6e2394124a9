import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../simulator/life/seeded-random";
import { good, type ServiceBehaviour, type ServiceResponse, UploaderFixture } from "./uploader-fixture";

const minute = 60_000;
const hour = 60 * minute;
const contentStatuses = [400, 409, 413, 422];
/** All that are neither transient (408, 425, 429) nor a success. */
const allRefusals = Array.from({ length: 100 }, (_, index) => 400 + index).filter(
	(status) => ![408, 425, 429].includes(status),
);

/** Refuses every request with one of these points. */
const poison =
	(isPoison: (sequence: number) => boolean, status = 400): ServiceBehaviour =>
	({ sequences }) =>
		sequences.some(isPoison) ? { status, message: "not in the schema" } : { status: 201 };

async function upload(service: ServiceBehaviour, count: number, hours = 1, everyMs = 0) {
	const fixture = new UploaderFixture({ service });
	fixture.measure(count);
	fixture.uploader.start();
	await fixture.pass(hours, everyMs);
	return fixture;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("a service that refuses everything: nothing leaves the ring, and it is asked once an hour", () => {
	test.each(allRefusals)("%i for 48 hours", async (status) => {
		const fixture = await upload(() => ({ status, message: "says the proxy" }), 920, 48);
		expect(fixture.pending).toEqual(range(1, 920));
		expect(fixture.quarantined).toEqual([]);
		const first = fixture.requests.findIndex((_, index) => (fixture.waits[index] ?? 0) >= hour - 1000) + 1;
		expect(first).toBeLessThanOrEqual(10);
		expect(Math.min(...fixture.waits.slice(first))).toBeGreaterThanOrEqual(hour);
		expect(fixture.requests.length).toBeLessThanOrEqual(10 + 48);
		expect(fixture.uploader.activity).toBe("settings fault");
		expect(fixture.uploader.fault).toContain(`${status}: says the proxy`);
		expect(fixture.logLines.at(-1)).toMatch(`not sent: ${status}: says the proxy`);
	});

	test.each(contentStatuses)("%i, and then a good service: all arrive, once", async (status) => {
		const fixture = await upload(() => ({ status }), 920, 30);
		fixture.service = good;
		await fixture.pass(2);
		expect(fixture.pending).toEqual([]);
		expect([...fixture.copies.values()]).toEqual(Array(920).fill(1));
		expect(fixture.quarantined).toEqual([]);
		expect(fixture.uploader.fault).toBeUndefined();
	});

	test.each([
		["500", 500],
		["429", 429],
		["404", 404],
		["413", 413],
	])("400 in turn with %s", async (_, other) => {
		let count = 0;
		const fixture = await upload(() => ({ status: count++ % 2 === 0 ? 400 : other }), 920, 48);
		expect(fixture.pending).toEqual(range(1, 920));
		expect(fixture.quarantined).toEqual([]);
		expect(Math.min(...fixture.waits)).toBeGreaterThanOrEqual(1000);
	});

	test("a long fault over deep sleeps is still one request an hour", async () => {
		const fixture = await upload(() => ({ status: 400 }), 50, 10);
		const { length } = fixture.requests;
		await fixture.wakeUp({ dueAtTicks: fixture.time.ticks() });
		await fixture.pass(1);
		expect(fixture.requests.length).toBeLessThanOrEqual(length + 2);
	});
});

describe("a refused point goes into quarantine once the service has taken another", () => {
	test.each(contentStatuses)(
		"%i for one point of 1,000, anywhere: about log2 of them requests",
		async (status) => {
			for (const at of [1, 2, 3, 17, 500, 512, 513, 999, 1000]) {
				const fixture = await upload(
					poison((sequence) => sequence === at, status),
					1000,
				);
				fixture.measure(1);
				await fixture.pass(8, hour);
				await fixture.pass(13);
				expect(fixture.quarantined).toEqual([at]);
				expect(fixture.pending).toEqual([]);
				expect([...fixture.copies.values()]).toEqual(Array(1008).fill(1));
				if (status !== 413) expect(fixture.requests.length).toBeLessThanOrEqual(20 + 8);
				for (const [index, { sequences }] of fixture.requests.slice(0, -1).entries())
					if (sequences.includes(at)) expect(fixture.waits[index]).toBeGreaterThanOrEqual(1000);
			}
		},
	);

	test.each([2, 3, 4])(
		"one of every %i points, and two new ones an hour: the others arrive",
		async (every) => {
			const fixture = new UploaderFixture({
				service: poison((sequence) => sequence % every === 0),
				intervalMs: 10 * minute,
			});
			fixture.measure(1);
			fixture.uploader.start();
			await fixture.pass(150, hour / 2);
			const missing = range(1, 280).filter(
				(sequence) => sequence % every !== 0 && !fixture.copies.has(sequence),
			);
			expect(missing).toEqual([]);
			for (const sequence of fixture.quarantined) expect(sequence % every).toBe(0);
		},
	);

	test("the newest point waits for another to be taken", async () => {
		const fixture = await upload(
			poison((sequence) => sequence === 5),
			5,
			0.05,
		);
		expect(fixture.quarantined).toEqual([]);
		expect(fixture.pending).toEqual([5]);
		fixture.measure(1);
		await fixture.pass(2);
		expect(fixture.quarantined).toEqual([5]);
		expect(fixture.pending).toEqual([]);
	});

	test("a refused point alone, with no interval between uploads, is tried again only with a newer one, or in an hour", async () => {
		const fixture = new UploaderFixture({ service: poison((sequence) => sequence === 1), intervalMs: 0 });
		fixture.measure(1);
		fixture.uploader.start();
		await fixture.time.advance(59 * minute);
		expect(fixture.requests.length).toBe(1);
		await fixture.time.advance(2 * minute);
		expect(fixture.requests.length).toBe(2);
		// It is no fault of the service that one point is refused again.
		expect(fixture.uploader.fault).toBeUndefined();
		expect(fixture.uploader.isOverdue).toBe(false);
		fixture.measure(5);
		await fixture.time.advance(30_000);
		expect(fixture.quarantined).toEqual([1]);
		expect(fixture.pending).toEqual([]);
	});

	test("the user's press sends a refused point at once", async () => {
		const fixture = await upload(
			poison((sequence) => sequence === 1),
			1,
			0.1,
		);
		fixture.service = good;
		fixture.uploader.sendNow();
		await fixture.time.advance(1_000);
		expect(fixture.pending).toEqual([]);
	});

	test("a single refused point does not delay the next uploads", async () => {
		const fixture = await upload(
			poison((sequence) => sequence === 50),
			100,
			4,
			minute,
		);
		expect(fixture.quarantined).toEqual([50]);
		expect(fixture.pending.length).toBeLessThan(10);
		expect(Math.max(...fixture.waits)).toBeLessThan(10 * minute);
	});

	test.each([2, 7, 60])("every %i. point, for a day of one a minute", async (every) => {
		const fixture = await upload(
			poison((sequence) => sequence % every === 0),
			100,
			24,
			minute,
		);
		fixture.service = good;
		await fixture.pass(13);
		expect(fixture.pending).toEqual([]);
		expect([...fixture.copies.values()].every((count) => count === 1)).toBe(true);
		const all = new Set([...fixture.copies.keys(), ...fixture.quarantined]);
		expect(all.size).toBe(fixture.copies.size + fixture.quarantined.length);
		// Hardly more than the regular uploads alone, ten an hour.
		expect(fixture.requests.length).toBeLessThanOrEqual(37 * 10 * 1.3);
	});

	test("a run of 40 refused points does not keep those after it", async () => {
		const fixture = await upload(
			poison((sequence) => sequence >= 20 && sequence < 60),
			300,
			30,
			10 * minute,
		);
		expect(fixture.quarantined).toEqual(range(20, 59));
		expect(fixture.pending.length).toBeLessThan(5);
		for (const count of fixture.copies.values()) expect(count).toBe(1);
	});

	test("runs of refused points behind what a fault has left, a reading and an upload an hour: the others arrive", async () => {
		const fixture = new UploaderFixture({
			service: () => ({ status: 422 }),
			intervalMs: hour,
			queueBlocks: 64,
		});
		fixture.measure(1000);
		fixture.uploader.start();
		await fixture.pass(31, 5 * minute);
		const isRefused = (sequence: number) => sequence >= 200 && sequence % 200 < 20;
		fixture.service = poison(isRefused);
		await fixture.pass(24 * 12, hour);
		const missing = range(1, 1600).filter(
			(sequence) => !isRefused(sequence) && !fixture.copies.has(sequence),
		);
		expect(missing).toEqual([]);
		for (const sequence of fixture.quarantined) expect(isRefused(sequence)).toBe(true);
	});

	test("runs of refused points, one before the other is settled: they do not keep the others", async () => {
		const fixture = await upload(
			poison((sequence) => sequence >= 20 && sequence % 90 >= 20 && sequence % 90 < 60),
			85,
			30,
			minute,
		);
		fixture.service = good;
		await fixture.pass(14);
		expect(fixture.pending).toEqual([]);
		const settled = new Set([...fixture.copies.keys(), ...fixture.quarantined]);
		expect(settled.size + fixture.quarantine.droppedPoints).toBe(85 + 30 * 60);
		for (const count of fixture.copies.values()) expect(count).toBe(1);
	});

	test("a run of refused points, and the power fails again and again: nothing is lost or stored twice", async () => {
		const fixture = await upload(
			poison((sequence) => sequence >= 20 && sequence < 60),
			300,
			3,
			10 * minute,
		);
		for (let cut = 0; cut < 60; cut++) {
			await fixture.restart();
			await fixture.pass(1, 10 * minute);
		}
		expect(new Set(fixture.quarantined)).toEqual(new Set(range(20, 59)));
		expect(fixture.pending.length).toBeLessThan(5);
		for (const count of fixture.copies.values()) expect(count).toBe(1);
	});

	test("a refused point at the head of what a fault has left", async () => {
		const fixture = await upload(() => ({ status: 400 }), 100, 10);
		fixture.service = poison((sequence) => sequence === 1);
		await fixture.pass(6, 10 * minute);
		expect(fixture.quarantined).toEqual([1]);
		expect(fixture.pending.length).toBeLessThan(5);
	});

	test("batches are refused and single points taken: all arrive, within the plan", async () => {
		const fixture = await upload(
			({ sequences }) => ({ status: sequences.length > 1 ? 400 : 201 }),
			60,
			24 * 7,
		);
		expect(fixture.pending).toEqual([]);
		expect(fixture.quarantined).toEqual([]);
		expect([...fixture.copies.values()]).toEqual(Array(60).fill(1));
	});

	test("power fails between the refusal and the 2xx: the point is still there", async () => {
		const fixture = await upload(
			poison((sequence) => sequence === 5),
			5,
		);
		await fixture.restart();
		fixture.service = good;
		await fixture.pass(1);
		expect(fixture.pending).toEqual([]);
		expect(fixture.quarantined).toEqual([]);
		expect(fixture.copies.get(5)).toBe(1);
	});
});

describe("a single point that the service never takes, whatever it says: all others arrive, once", () => {
	const responses: readonly (readonly [string, ServiceResponse])[] = [
		...[
			...[300, 301, 302, 304, 307, 308, 399, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412],
			...[413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499],
			...[500, 501, 502, 503, 504, 511, 599],
		].map((status) => [`${status}`, { status, message: "not this one" }] as const),
		["a lost response", { status: 500, raw: "" }],
		["garbage", { status: 500, raw: "SSH-2.0-OpenSSH_9.6\r\n" }],
		["429 with Retry-After", { status: 429, headers: "Retry-After: 600\r\n" }],
	];
	test.each(responses)("%s", async (name, response) => {
		const isOutage =
			response.raw !== undefined || response.status >= 500 || [408, 425, 429].includes(response.status);
		const at = [1, 40, 100][responses.findIndex(([each]) => each === name) % 3] ?? 1;
		const service: ServiceBehaviour = ({ sequences }) =>
			sequences.includes(at) ? response : { status: 201 };
		const fixture = await upload(service, 100, isOutage ? 44 : 4, 10 * minute);
		const left = fixture.pending.filter((sequence) => sequence !== at && !fixture.copies.has(sequence));
		expect(left.length).toBeLessThan(5);
		await fixture.pass(10, 10 * minute);
		expect(fixture.quarantined).toEqual([at]);
		expect(fixture.pending.length).toBeLessThan(5);
		expect(Math.max(...fixture.copies.values())).toBe(1);
		expect(fixture.copies.has(at)).toBe(false);
		const waits = fixture.waits.filter((_, index) => fixture.requests[index]?.sequences.includes(at));
		expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
		const failed = fixture.requests.filter(({ sequences }) => sequences.includes(at)).length;
		expect(failed).toBeLessThanOrEqual(isOutage ? 50 : 25);
	});

	const alternating = (phase: number) => () => {
		let count = phase;
		return () => count++ % 2 === 0;
	};
	test.each<readonly [string, () => () => boolean]>([
		[
			"a third of the requests, at random",
			() => {
				const random = new SeededRandom(1);
				return () => random.nextBoolean(0.3);
			},
		],
		["each second request", alternating(0)],
		["each second request, from the second on", alternating(1)],
	])("a service of which a part refuses the key for a day: %s: points are not given up", async (_, make) => {
		const refuses = make();
		const fixture = await upload(() => ({ status: refuses() ? 401 : 201 }), 100, 24, 10 * minute);
		fixture.service = good;
		await fixture.pass(8);
		expect(fixture.quarantined).toEqual([]);
		expect(fixture.pending).toEqual([]);
		expect(new Set(fixture.copies.values())).toEqual(new Set([1]));
	});

	test("what was tried goes on after a deep sleep", async () => {
		const fixture = await upload(
			poison((sequence) => sequence === 40, 403),
			100,
			3,
			10 * minute,
		);
		for (let wake = 0; wake < 8; wake++) {
			await fixture.wakeUp();
			await fixture.pass(1, 10 * minute);
		}
		expect(fixture.quarantined).toEqual([40]);
		expect(new Set(fixture.copies.values())).toEqual(new Set([1]));
		expect(fixture.pending.length).toBeLessThan(10);
	});
});

describe("413", () => {
	test.each([500, 700, 1_500])(
		"a limit of %i bytes does not cost the plan's calls at once",
		async (limit) => {
			const fixture = await upload(({ bodyBytes }) => ({ status: bodyBytes > limit ? 413 : 201 }), 4_000);
			// As many as the Free plan allows in 12 hours.
			expect(fixture.requests.length).toBeLessThan(130);
			await fixture.pass(24 * 10);
			expect(fixture.requests.length).toBeLessThan(130 + 250 * 10);
			expect(fixture.copies.size).toBeGreaterThan(1_900);
		},
	);

	test.each([300, 367, 500, 589, 700, 1_500])(
		"a limit of %i bytes that is gone costs few calls, too",
		async (limit) => {
			const fixture = await upload(({ bodyBytes }) => ({ status: bodyBytes > limit ? 413 : 201 }), 4_000, 15);
			fixture.service = good;
			const counts: number[] = [];
			for (let hours = 0; hours < 48; hours++) {
				const { length } = fixture.requests;
				await fixture.pass(1, 360_000);
				counts.push(fixture.requests.length - length);
			}
			expect(Math.max(...counts)).toBeLessThan(130);
			expect(fixture.pending.length).toBeLessThan(10);
		},
	);

	test.each([100, 400, 2_000, 5_000, 100_000])("a limit of %i bytes", async (limit) => {
		const fixture = await upload(({ bodyBytes }) => ({ status: bodyBytes > limit ? 413 : 201 }), 500, 24 * 3);
		if (limit === 100) {
			expect(fixture.pending).toEqual(range(1, 500));
			expect(fixture.requests.length).toBeLessThan(10 + 72);
		} else {
			expect(fixture.pending).toEqual([]);
			expect(fixture.quarantined).toEqual([]);
			expect(fixture.requests.length).toBeLessThan(30 + (2 * fixture.copies.size * 300) / limit);
		}
		const refused = fixture.requests.flatMap(({ bodyBytes }, index) => (bodyBytes > limit ? [index] : []));
		for (const index of refused.slice(0, -1)) expect(fixture.waits[index]).toBeGreaterThanOrEqual(1000);
	});
});

describe("a full quarantine", () => {
	test("counts what falls out, and reports the number with the next point", async () => {
		const fixture = new UploaderFixture({
			service: poison((sequence) => sequence % 3 === 0),
			quarantineBlocks: 2,
		});
		fixture.measure(30);
		fixture.uploader.start();
		while (fixture.quarantine.droppedPoints === 0) {
			await fixture.pass(1);
			fixture.measure(30);
		}
		const dropped = fixture.quarantine.droppedPoints;
		await fixture.pass(24);
		const reports = fixture.requests.flatMap(({ metadata, sequences }) =>
			metadata.quarantineDrops === undefined || sequences.some((sequence) => sequence % 3 === 0)
				? []
				: [metadata.quarantineDrops],
		);
		expect(reports).toContain(dropped);
		expect(new Set(reports).size).toBe(reports.length);
		expect(fixture.logLines.some((line) => line.includes(`${dropped} overwritten`))).toBe(true);
		const { length } = fixture.requests;
		fixture.service = good;
		await fixture.restart();
		fixture.measure(1);
		await fixture.pass(20);
		expect(fixture.requests.length).toBeGreaterThan(length);
		expect(fixture.requests.at(-1)?.metadata.quarantineDrops).toBeUndefined();
	});
});
