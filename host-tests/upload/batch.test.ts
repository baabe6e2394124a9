import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8 } from "../../src/common/utf8";
import { PointEncoder, type TimedReading } from "../../src/dakkio/point";
import type { Body } from "../../src/http/message-stream";
import { planBatch } from "../../src/upload/batch";

const destination = { bucketId: "507f1f77bcf86cd799439011", dataSourceId: "507f1f77bcf86cd799439012" };
const context = {
	boot: 1,
	deviceId: "ESP32-A1B2C3",
	location: "Küche ☀",
	firmwareVersion: "0.1.0",
	fields: [{ name: "temperature", unit: "celsius", decimals: 2 }],
};
const start = Date.UTC(2026, 11, 1);

function pending(times: readonly number[]): readonly TimedReading[] {
	return times.map((utc, index) => ({
		reading: { sequence: index + 1, context, time: { utc }, values: [20 + index / 100] },
		utc,
		estimated: false,
	}));
}

const everyMinute = (count: number) =>
	pending(Array.from({ length: count }, (_, index) => start + index * 60_000));

function plan(readings: readonly TimedReading[], maxPoints = 1000, maxBytes = 1_000_000) {
	const source = (from = 0) => readings.filter(({ reading }) => reading.sequence >= from);
	return planBatch(source, destination, { maxPoints, maxBytes });
}

function readAll(body: Body, piece: number): string {
	const parts: Buffer[] = [];
	const buffer = new Uint8Array(piece);
	for (let count = body.read(buffer); count > 0; count = body.read(buffer))
		parts.push(Buffer.from(buffer.slice(0, count)));
	return Buffer.concat(parts).toString("utf8");
}

test("no pending readings: no batch", () => {
	expect(plan([])).toBeUndefined();
});

test("one reading is sent as a single point", () => {
	const readings = everyMinute(1);
	const batch = plan(readings);
	expect(batch).toMatchObject({ path: "/api/data", firstSequence: 1, lastSequence: 1, pointCount: 1 });
	const [only] = readings;
	if (batch === undefined || only === undefined) throw new Error("no batch");
	expect(readAll(batch.body(), 7)).toBe(decodeUtf8(new PointEncoder(destination).encodeSingle(only)));
});

test("at most as many points as the API takes, oldest first", () => {
	const batch = plan(everyMinute(1500));
	expect(batch).toMatchObject({
		path: "/api/data/batch",
		firstSequence: 1,
		lastSequence: 1000,
		pointCount: 1000,
	});
	const { dataPoints } = JSON.parse(batch === undefined ? "" : readAll(batch.body(), 1024));
	expect(dataPoints.map(({ metadata }: { metadata: { seq: number } }) => metadata.seq)).toEqual(
		Array.from({ length: 1000 }, (_, index) => index + 1),
	);
});

test("a batch ends where the time goes back, so that its points are in order of time", () => {
	const batch = plan(pending([start, start + 1, start + 1, start - 5, start + 9]));
	expect(batch).toMatchObject({ firstSequence: 1, lastSequence: 3, pointCount: 3 });
});

test("one reading larger than the limit is sent anyway, as a single point", () => {
	expect(plan(everyMinute(3), 1000, 10)).toMatchObject({ path: "/api/data", pointCount: 1 });
});

test("whatever the limits and the pieces it is read in: the body has the announced length, is within its limit and the same each time", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 40 }),
			fc.integer({ min: 1, max: 40 }),
			fc.integer({ min: 1, max: 8_000 }),
			fc.integer({ min: 1, max: 600 }),
			(count, points, bytes, piece) => {
				const batch = plan(everyMinute(count), points, bytes);
				if (batch === undefined) throw new Error("no batch");
				const text = readAll(batch.body(), piece);
				expect(batch.body().length).toBe(Buffer.byteLength(text));
				expect(batch.bodyBytes).toBe(Buffer.byteLength(text));
				expect(readAll(batch.body(), 100)).toBe(text);
				expect(batch.pointCount).toBeLessThanOrEqual(points);
				if (batch.pointCount > 1) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes);
				const sent: unknown = batch.pointCount === 1 ? [JSON.parse(text)] : JSON.parse(text).dataPoints;
				expect(sent).toHaveLength(batch.pointCount);
			},
		),
	);
});

test("the body is read from flash as it is sent: a kilobyte of it takes no more than the points in it", () => {
	const readings = everyMinute(1000);
	let taken = 0;
	function* source(from = 0) {
		for (const timed of readings) {
			if (timed.reading.sequence < from) continue;
			taken++;
			yield timed;
		}
	}
	const body = planBatch(source, destination, { maxPoints: 1000, maxBytes: 1_000_000 })?.body();
	taken = 0;
	body?.read(new Uint8Array(1024));
	expect(taken).toBeGreaterThan(1);
	expect(taken).toBeLessThan(10);
});
