import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8 } from "../../src/common/utf8";
import {
	batchHead,
	batchTail,
	type Destination,
	PointEncoder,
	pointJson,
	type TimedReading,
} from "../../src/dakkio/point";
import type { SampleContext, StoredReading, Value } from "../../src/reading/reading";

const destination = { bucketId: "507f1f77bcf86cd799439011", dataSourceId: "507f1f77bcf86cd799439012" };
const context: SampleContext = {
	boot: 3,
	deviceId: "ESP32-A1B2C3",
	location: "Balcony",
	firmwareVersion: "0.1.0",
	fields: [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "humidity", unit: "percent", decimals: 1 },
		{ name: "door", unit: "", decimals: 0 },
		{ name: "state", unit: "", decimals: 0 },
	],
};
const utc = Date.UTC(2024, 0, 15, 10, 30, 0, 123);

function singlePointBody(timed: TimedReading, to: Destination): string {
	return decodeUtf8(new PointEncoder(to).encodeSingle(timed));
}

function reading(values: readonly Value[], more: Partial<StoredReading> = {}): TimedReading {
	return { reading: { sequence: 17, context, time: { utc }, values, ...more }, utc, estimated: false };
}

test("a single point is exactly what the API documents", () => {
	const timed = reading([22.48, 45.2, true, "ok"], { batteryLevel: 87, signalStrength: -61 });
	expect(JSON.parse(singlePointBody(timed, destination))).toEqual({
		...destination,
		timestamp: "2024-01-15T10:30:00.123Z",
		values: { temperature: 22.48, humidity: 45.2, door: true, state: "ok" },
		metadata: {
			deviceId: "ESP32-A1B2C3",
			location: "Balcony",
			firmwareVersion: "0.1.0",
			signalStrength: -61,
			batteryLevel: 87,
			seq: 17,
		},
	});
});

test("in a batch the bucket stands once at the top and the data source in each point", () => {
	const text = (bytes: Uint8Array) => decodeUtf8(bytes);
	const points = [reading([1]), reading([2])].map((timed) => pointJson(timed, destination));
	const body = JSON.parse(text(batchHead(destination)) + points.join(",") + text(batchTail()));
	expect(Object.keys(body)).toEqual(["bucketId", "dataPoints"]);
	expect(body.dataPoints.map((point: object) => Object.keys(point))).toEqual(
		Array(2).fill(["dataSourceId", "timestamp", "values", "metadata"]),
	);
});

test("what was not measured, is not a number or is unknown is left out, never sent as null", () => {
	const text = singlePointBody(
		reading([Number.NaN, Number.POSITIVE_INFINITY, undefined, "x"], {
			context: { ...context, location: "" },
		}),
		destination,
	);
	expect(text).not.toContain("null");
	const { values, metadata } = JSON.parse(text);
	expect(values).toEqual({ state: "x" });
	expect(Object.keys(metadata)).toEqual(["deviceId", "firmwareVersion", "seq"]);
});

test("a number is written with its sensor's precision and no more", () => {
	expect(singlePointBody(reading([22.48]), destination)).toContain('"values":{"temperature":22.48}');
});

test("an estimated time is marked, and only such a time", () => {
	const timed = reading([1]);
	expect(JSON.parse(singlePointBody({ ...timed, estimated: true }, destination)).metadata.timeEstimated).toBe(
		true,
	);
	expect(singlePointBody(timed, destination)).not.toContain("timeEstimated");
});

test("texts of the user cannot break out of the JSON", () => {
	const hostile = '","bucketId":"x\n\u2028\ud800';
	const { metadata } = JSON.parse(
		singlePointBody(reading([1], { context: { ...context, location: hostile } }), destination),
	);
	expect(metadata.location).toBe(hostile);
});

test("whatever the readings and their contexts, each point is the JSON of its members in their order", () => {
	const value = fc.oneof(fc.double(), fc.boolean(), fc.string({ unit: "binary" }), fc.constant(undefined));
	const anyReading = fc.record({
		location: fc.string({ unit: "binary" }),
		resetReason: fc.option(fc.string(), { nil: undefined }),
		names: fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 5 }),
		values: fc.array(value, { maxLength: 5 }),
		level: fc.option(fc.integer(), { nil: undefined }),
	});
	fc.assert(
		fc.property(fc.array(anyReading, { maxLength: 6 }), (readings) => {
			const encoder = new PointEncoder(destination);
			for (const { location, resetReason, names, values, level } of readings) {
				const fields = names.map((name) => ({ name, unit: "", decimals: 2 }));
				const own = { ...context, location, resetReason, fields };
				const timed = reading(values, { context: own, batteryLevel: level });
				const measured = encoder.measure(timed);
				expect(measured).toBe(encoder.encode(timed).length);
				expect(decodeUtf8(encoder.encode(timed))).toBe(`,${referenceJson(timed)}`);
				expect(decodeUtf8(encoder.encode(timed))).toBe(`,${referenceJson(timed)}`);
			}
		}),
	);
});

/** A straightforward implementation. */
function referenceJson({ reading: { context: of, ...stored }, estimated }: TimedReading): string {
	const values: Record<string, Value> = Object.create(null);
	of.fields.forEach(({ name }, index) => {
		const value = stored.values[index];
		if (typeof value !== "number" || Number.isFinite(value)) values[name] = value;
	});
	return JSON.stringify({
		dataSourceId: destination.dataSourceId,
		timestamp: "2024-01-15T10:30:00.123Z",
		values,
		metadata: {
			deviceId: of.deviceId,
			location: of.location === "" ? undefined : of.location,
			firmwareVersion: of.firmwareVersion,
			resetReason: of.resetReason,
			signalStrength: stored.signalStrength,
			batteryLevel: stored.batteryLevel,
			seq: stored.sequence,
			timeEstimated: estimated ? true : undefined,
		},
	});
}
