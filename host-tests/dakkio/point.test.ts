import { expect, test } from "vitest";
import { batchFrame, pointJson, singlePointBody, type TimedReading } from "../../src/dakkio/point";
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
	const { head, separator, tail } = batchFrame(destination);
	const points = [reading([1]), reading([2])].map((timed) => pointJson(timed, destination));
	const body = JSON.parse(head + points.join(separator) + tail);
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

test("a time that was estimated says so, and only such a time", () => {
	const timed = reading([1]);
	expect(JSON.parse(singlePointBody({ ...timed, estimated: true }, destination)).metadata.timeEstimated).toBe(
		true,
	);
	expect(singlePointBody(timed, destination)).not.toContain("timeEstimated");
});

test("texts of the owner's cannot break out of the JSON", () => {
	const hostile = '","bucketId":"x\n\u2028\ud800';
	const { metadata } = JSON.parse(
		singlePointBody(reading([1], { context: { ...context, location: hostile } }), destination),
	);
	expect(metadata.location).toBe(hostile);
});
