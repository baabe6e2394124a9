import type { StoredReading } from "../reading/reading";

/** Where points go. */
export interface Destination {
	readonly bucketId: string;
	readonly dataSourceId: string;
}

/** A stored reading together with the time that the clock gives it. */
export interface TimedReading {
	readonly reading: StoredReading;
	/** Milliseconds of Unix time. */
	readonly utc: number;
	/** The boot never learned the time; `utc` is a place between its neighbours. */
	readonly estimated: boolean;
}

/** The body of `POST /api/data`. */
export function singlePointBody(timed: TimedReading, { bucketId, dataSourceId }: Destination): string {
	return `{"bucketId":${JSON.stringify(bucketId)},${pointMembers(timed, dataSourceId)}}`;
}

/** The body of `POST /api/data/batch` before its first point, between two, and after the last. */
export function batchFrame({ bucketId }: Destination): { head: string; separator: string; tail: string } {
	return { head: `{"bucketId":${JSON.stringify(bucketId)},"dataPoints":[`, separator: ",", tail: "]}" };
}

/** One element of a batch's `dataPoints`. */
export function pointJson(timed: TimedReading, { dataSourceId }: Destination): string {
	return `{${pointMembers(timed, dataSourceId)}}`;
}

function pointMembers({ reading, utc, estimated }: TimedReading, dataSourceId: string): string {
	const timestamp = new Date(Math.round(utc)).toISOString();
	return (
		`"dataSourceId":${JSON.stringify(dataSourceId)},"timestamp":"${timestamp}",` +
		`"values":${valuesJson(reading)},"metadata":${metadataJson(reading, estimated)}`
	);
}

function valuesJson({ values, context }: StoredReading): string {
	const measured: Record<string, number | boolean | string> = {};
	context.fields.forEach((field, index) => {
		const value = values[index];
		// JSON has no NaN and no infinity: what is not a number was not measured.
		if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) return;
		measured[field.name] = value;
	});
	return JSON.stringify(measured);
}

function metadataJson(reading: StoredReading, estimated: boolean): string {
	const { deviceId, location, firmwareVersion, resetReason } = reading.context;
	// JSON.stringify leaves out what is undefined.
	return JSON.stringify({
		deviceId,
		location: location === "" ? undefined : location,
		firmwareVersion,
		resetReason,
		signalStrength: reading.signalStrength,
		// mutation: reading-battery-level
		batteryLevel: reading.batteryLevel,
		// mutation: reading-number
		seq: reading.sequence,
		// mutation: mark-estimated-time
		timeEstimated: estimated ? true : undefined,
	});
}
