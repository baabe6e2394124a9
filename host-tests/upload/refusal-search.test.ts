import { expect, test } from "vitest";
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
	for (let failure = 0; failure < 330; failure++) search.failed(batch(5_001, 5_001), false);
	expect(send(5)).toEqual([2, 4, 7, 7, 7]);
	expect(search.repeatWaitMs).toBe(0);
	search.begin(6 * 3_600_000);
	expect(send(4)).toEqual([14, 28, 37, 37]);
});

test("of points that fail again, each that exceeds those of a day waits for its share of the day", () => {
	const search = new RefusalSearch();
	search.begin(0);
	search.failed(batch(1, 1_000), true);
	for (let failure = 0; failure < 483; failure++) search.failed(batch(1, 1), false);
	expect(search.repeatWaitMs).toBe(3 * 180_000);
	search.begin(2 * 180_000);
	expect(search.repeatWaitMs).toBe(180_000);
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

test("a held point is tried again only after a 2xx for others, hourly, and proven by six refusals", () => {
	const search = new RefusalSearch();
	search.passedOver = [{ first: 1, last: 1, strikes: 1 }];
	let from = 2;
	for (let strikes = 2; strikes <= 6; strikes++) {
		search.begin(strikes * 3_600_000);
		expect(search.next(1, from)).toMatchObject({ from, isHeld: false });
		search.accepted(from, batch(from, from));
		expect(search.next(1, from)).toMatchObject({ from: 1, before: 2, isHeld: true });
		expect(search.strike(1)).toBe(strikes === 6);
		expect(search.next(1, from)).toBeUndefined();
		from++;
		search.begin(strikes * 3_600_000 + 1_800_000);
		search.accepted(from, batch(from, from));
		expect(search.next(1, from)).toBeUndefined();
		from++;
	}
	expect(search.takeSettled(1)).toBe(from - 1);
});
