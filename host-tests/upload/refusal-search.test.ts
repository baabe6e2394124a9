import { expect, test } from "vitest";
import { SeededRandom } from "../../simulator/life/seeded-random";
import type { Batch } from "../../src/upload/batch";
import { RefusalSearch } from "../../src/upload/refusal-search";

const batch = (first: number, last: number): Batch => ({
	path: "/api/data/batch",
	firstSequence: first,
	lastSequence: last,
	pointCount: last - first + 1,
	bodyBytes: 100,
	quarantineDrops: undefined,
	body: () => ({ length: 0, read: () => 0 }),
});
const refusal = { isSize: false, isContent: true, cause: "400" };

function refuseAll(search: RefusalSearch, count: number): void {
	for (let point = 1; point <= count; point++) search.refused(batch(point, point), refusal);
}

test("in a fault, the oldest and one of the newest points are tried in turn", () => {
	const search = new RefusalSearch();
	search.begin(0);
	refuseAll(search, 3);
	expect(search.next(1, 100)?.from).toBe(1);
	refuseAll(search, 1);
	expect(search.next(1, 100)?.from).toBe(99);
});

test("after a failure, a quarter of the batch is sent, then the oldest point; each that fails again makes batches smaller", () => {
	const search = new RefusalSearch();
	let next = 1;
	const send = (count: number) => {
		const sizes = [];
		for (let i = 0; i < count; i++) {
			const last = next + search.maxPoints - 1;
			search.accepted(next, batch(next, last));
			sizes.push(search.maxPoints);
			next = last + 1;
		}
		return sizes;
	};
	search.begin(0);
	search.failed(batch(1, 1_000), true);
	expect(search.maxPoints).toBe(120);
	search.failed(batch(1, 120), false);
	expect(search.maxPoints).toBe(1);
	// A quarter of the 360 that may fail again without a wait; new points are not limited.
	expect(send(17)).toEqual([2, 4, 8, 16, 32, 64, 90, ...Array(9).fill(90), 180]);
	next = 5_001;
	search.failed(batch(5_001, 6_000), true);
	expect(search.maxPoints).toBe(90);
	for (let point = 5_001; point <= 5_330; point++) search.failed(batch(point, point), false);
	expect(send(5)).toEqual([2, 4, 7, 7, 7]);
	expect(search.repeatLimit.waitMs).toBe(0);
	search.begin(6 * 3_600_000);
	expect(send(4)).toEqual([14, 28, 37, 37]);
});

test("of points that fail again, each that exceeds those of a day waits for its share of the day", () => {
	const search = new RefusalSearch();
	search.begin(0);
	search.failed(batch(1, 1_000), true);
	for (let point = 1; point <= 483; point++) search.failed(batch(point, point), false);
	expect(search.repeatLimit.waitMs).toBe(3 * 180_000);
	search.begin(2 * 180_000);
	expect(search.repeatLimit.waitMs).toBe(180_000);
	search.begin(24 * 3_600_000);
	expect(search.state.repeats).toMatchObject({ count: 3 });
});

test("if the newest cannot be sent, for want of its time, the oldest is tried", () => {
	const search = new RefusalSearch();
	search.begin(0);
	refuseAll(search, 4);
	const newest = search.next(1, 100);
	expect(newest?.from).toBe(99);
	expect(newest !== undefined && search.skip(newest)).toBe(true);
	expect(search.next(1, 100)?.from).toBe(1);
});

test.each([
	["all newer ones are taken", [{ first: 3, last: 100, strikes: 0 }], 1, 3],
	["it is the only one", [], 100, Number.POSITIVE_INFINITY],
])("the oldest point is tried where %s, however long it is refused", (_, passedOver, oldest, before) => {
	for (let refusals = 3; refusals < 40; refusals++) {
		const search = new RefusalSearch();
		search.resume({ ...search.state, maxPoints: 1, refusals, passedOver });
		search.begin(0);
		expect(search.next(oldest, 100)).toMatchObject({ from: oldest, before });
	}
});

test("what a range of unused numbers holds back is sent", () => {
	const search = new RefusalSearch();
	search.begin(0);
	search.passedOver = [
		{ first: 1, last: 1, strikes: 1 },
		{ first: 10, last: 20, strikes: 0 },
	];
	const unused = search.next(1, 100);
	expect(unused).toMatchObject({ from: 2, before: 10 });
	expect(unused !== undefined && search.skip(unused)).toBe(true);
	expect(search.next(1, 100)).toMatchObject({ from: 21, before: Number.POSITIVE_INFINITY });
});

test("a held point is tried again only after a 2xx for others, hourly and twice, and proven by six such refusals", () => {
	const search = new RefusalSearch();
	search.passedOver = [{ first: 1, last: 1, strikes: 1 }];
	let from = 2;
	for (let strikes = 2; strikes <= 6; strikes++) {
		search.begin(strikes * 3_600_000);
		expect(search.next(1, from)).toMatchObject({ from, isHeld: false });
		search.accepted(from, batch(from, from));
		expect(search.next(1, from)).toMatchObject({ from: 1, before: 2, isHeld: true });
		expect(search.strike(1, true)).toBe(false);
		expect(search.next(1, from)).toMatchObject({ from: 1, before: 2, isHeld: true });
		expect(search.strike(1, true)).toBe(strikes === 6);
		expect(search.next(1, from)).toBeUndefined();
		from++;
		search.begin(strikes * 3_600_000 + 1_800_000);
		search.accepted(from, batch(from, from));
		expect(search.next(1, from)).toBeUndefined();
		from++;
	}
	expect(search.takeSettled(1)).toBe(from - 1);
});

/** Scattered points, or runs of any length, which may end. */
function makeRefusedSet(random: SeededRandom): (sequence: number) => boolean {
	const share = random.next() * random.next() * 0.7;
	const every = 2 + random.below(400);
	const run = random.below(Math.ceil(every * 0.6));
	const runsEnd = random.nextBoolean(0.5) ? 1_500 : Number.POSITIVE_INFINITY;
	const scattered = new Set<number>();
	for (let sequence = 1; sequence < 6_000; sequence++) if (random.nextBoolean(share)) scattered.add(sequence);
	const isScattered = random.nextBoolean(0.5);
	return (sequence) =>
		isScattered ? scattered.has(sequence) : sequence <= runsEnd && sequence % every < run;
}

/** The most uploads in a row that had a 2xx and left the oldest point where it was. */
function longestStall(seed: number): number {
	const random = new SeededRandom(seed);
	const isRefused = makeRefusedSet(random);
	const sleeps = random.nextBoolean(0.3);
	const measuredEach = 1 + random.below(random.nextBoolean(0.5) ? 1 : 12);
	const faultUploads = random.below(40);
	let search = new RefusalSearch();
	let oldest = 1;
	let newest = 1 + random.below(1_500);
	let stall = 0;
	let longest = 0;
	for (let upload = 0; upload < 300; upload++) {
		if (sleeps) {
			const { state } = search;
			search = new RefusalSearch();
			search.resume(state);
		}
		search.begin(upload * 3_600_000);
		const front = oldest;
		let isTaken = false;
		for (let calls = 0; calls < 32; calls++) {
			const selection = oldest > newest ? undefined : search.next(oldest, newest);
			if (selection === undefined) break;
			const { from, before, maxPoints } = selection;
			const last = Math.min(newest, before - 1, from + maxPoints - 1);
			let hasRefused = upload < faultUploads;
			for (let sequence = from; sequence <= last; sequence++) hasRefused ||= isRefused(sequence);
			if (hasRefused) search.refused(batch(from, last), refusal);
			else search.accepted(from, batch(from, last));
			isTaken ||= !hasRefused;
			for (let upTo = search.takeSettled(oldest); upTo > 0; upTo = search.takeSettled(oldest))
				oldest = upTo + 1;
			if (search.isFault) break;
		}
		stall = oldest > front || !isTaken ? 0 : stall + 1;
		longest = Math.max(longest, stall);
		newest += measuredEach;
	}
	return longest;
}

test("while the service takes a point with each upload, the oldest is settled soon, whatever points it refuses", () => {
	for (let seed = 1; seed <= 300; seed++)
		expect(longestStall(seed), `uploads without progress, seed ${seed}`).toBeLessThanOrEqual(10);
});
