import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DataPoint } from "../../simulator/dakkio/api";
import { PointStore } from "../../simulator/dakkio/point-store";

test("all points are kept in the file, however many, and the latest in memory, also after a restart", () => {
	const directory = mkdtempSync(join(tmpdir(), "dakkio-memory-"));
	const id = "0".repeat(24);
	const usage = { month: 0, calls: 0 };
	const point = (seq: number): DataPoint => ({
		_id: id,
		bucketId: id,
		dataSourceId: id,
		timestamp: "2026-02-10T11:59:00.000Z",
		values: { temperature: seq },
		metadata: { seq, note: "Zürich €" },
		createdAt: "2026-02-10T11:59:00.000Z",
	});
	const response = { status: 201, headers: {}, body: {} };
	const first = new PointStore({ directory, now: 0, maxCachedPoints: 1000 });
	for (let batch = 0; batch < 50; batch++) {
		const points = Array.from({ length: 50 }, (_, index) => point(batch * 50 + index));
		first.apply({ response, usage, points });
	}
	first.apply({ response, usage, points: [point(2499)] });
	for (const store of [first, new PointStore({ directory, now: 0, maxCachedPoints: 1000 })]) {
		expect([store.stored, store.duplicates]).toEqual([2501, 1]);
		expect(store.points.length).toBeLessThanOrEqual(2000);
		expect(store.points.slice(-2)).toEqual([point(2499), point(2499)]);
		const numbers = store.points.slice(0, -1).map(({ metadata }) => metadata.seq);
		expect(numbers).toEqual(numbers.map((_, index) => 2500 - numbers.length + index));
	}
	rmSync(directory, { recursive: true });
});
