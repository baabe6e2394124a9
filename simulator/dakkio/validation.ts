import { isPlainObject, type Schema } from "./account";

/** A validation error, as reported by the API. */
export interface Detail {
	readonly path: readonly string[];
	readonly message: string;
}

/** The parsed body, or its errors. */
export type ValidationResult<T> = { readonly value: T } | { readonly details: readonly Detail[] };

/** A point as sent. */
export interface SentPoint {
	readonly dataSourceId: string;
	/** Milliseconds of Unix time; `null`: not sent, the server's time is used. */
	readonly timestamp: number | null;
	readonly values: Readonly<Record<string, number | string | boolean>>;
	/** `null`: not sent. */
	readonly metadata: Readonly<Record<string, unknown>> | null;
}

export interface SentPoints {
	readonly bucketId: string;
	readonly points: readonly SentPoint[];
}

export interface SentSource {
	readonly name: string;
	readonly type: string;
	readonly description: string;
	readonly schema: Schema;
}

/** API, "Batch". */
export const maxPointsPerBatch = 1000;

/** Limits the number of errors in a response: a thousand invalid points must not produce a megabyte. */
const maxDetails = 20;

/** Adds an error; returns `undefined` in place of the invalid value. */
type AddDetail = (path: readonly string[], message: string) => undefined;

/** The body of `POST /api/data`. */
export function checkSingle(body: unknown): ValidationResult<SentPoints> {
	return collect((fault) => {
		if (!isPlainObject(body)) return fault([], "Expected an object");
		const bucketId = checkId(body.bucketId, ["bucketId"], fault);
		const point = checkPoint(body, [], fault);
		return bucketId !== undefined && point !== undefined ? { bucketId, points: [point] } : undefined;
	});
}

/** The body of `POST /api/data/batch`: all or no points are stored. */
export function checkBatch(body: unknown): ValidationResult<SentPoints> {
	return collect((fault) => {
		if (!isPlainObject(body)) return fault([], "Expected an object");
		const bucketId = checkId(body.bucketId, ["bucketId"], fault);
		const points = checkPoints(body.dataPoints, ["dataPoints"], fault);
		return bucketId !== undefined && points !== undefined ? { bucketId, points } : undefined;
	});
}

/** The body of `POST /api/buckets/:bucketId/sources`. */
export function checkSource(body: unknown): ValidationResult<SentSource> {
	return collect((fault) => {
		if (!isPlainObject(body)) return fault([], "Expected an object");
		const { name, type = "sensor", description = "", downsampling = true } = body;
		if (typeof name !== "string" || name.trim() === "") return fault(["name"], expected(name, "a name"));
		if (typeof type !== "string") return fault(["type"], expected(type, "a string"));
		if (typeof description !== "string") return fault(["description"], expected(description, "a string"));
		if (typeof downsampling !== "boolean")
			return fault(["downsampling"], expected(downsampling, "a boolean"));
		const schema = checkSchema(body.schema, fault);
		return schema && { name, type, description, schema };
	});
}

function collect<T>(check: (fault: AddDetail) => T | undefined): ValidationResult<T> {
	const details: Detail[] = [];
	const value = check((path, message) => {
		if (details.length < maxDetails) details.push({ path, message });
		return undefined;
	});
	return value !== undefined && details.length === 0 ? { value } : { details };
}

function checkPoints(points: unknown, path: readonly string[], fault: AddDetail): SentPoint[] | undefined {
	if (!Array.isArray(points)) return fault(path, expected(points, "an array"));
	if (points.length === 0) return fault(path, "Expected at least 1 data point");
	if (points.length > maxPointsPerBatch)
		return fault(path, `Expected at most ${maxPointsPerBatch} data points, received ${points.length}`);
	return points.flatMap((point, index) => checkPoint(point, [...path, String(index)], fault) ?? []);
}

function checkPoint(point: unknown, path: readonly string[], fault: AddDetail): SentPoint | undefined {
	if (!isPlainObject(point)) return fault(path, expected(point, "an object"));
	const dataSourceId = checkId(point.dataSourceId, [...path, "dataSourceId"], fault);
	const timestamp = checkTimestamp(point.timestamp, [...path, "timestamp"], fault);
	const values = checkValues(point.values, [...path, "values"], fault);
	const metadata = checkMetadata(point.metadata, [...path, "metadata"], fault);
	if (dataSourceId === undefined || timestamp === undefined || !values || metadata === undefined)
		return undefined;
	return { dataSourceId, timestamp, values, metadata };
}

function checkId(id: unknown, path: readonly string[], fault: AddDetail): string | undefined {
	if (typeof id === "string" && isId(id)) return id.toLowerCase();
	return fault(path, expected(id, "24 hexadecimal digits"));
}

/** Whether a text is a valid id. */
export function isId(text: string): boolean {
	return /^[0-9a-fA-F]{24}$/.test(text);
}

function checkTimestamp(timestamp: unknown, path: readonly string[], fault: AddDetail) {
	if (timestamp === undefined) return null;
	const utc = typeof timestamp === "string" ? parseUtc(timestamp) : undefined;
	return utc ?? fault(path, expected(timestamp, "an ISO 8601 time in UTC (2024-01-15T10:30:00.123Z)"));
}

/** Parses an ISO 8601 time in UTC into milliseconds of Unix time; `undefined` if invalid, such as 30 February. */
function parseUtc(text: string): number | undefined {
	const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z$/.exec(text);
	const utc = match === null ? Number.NaN : Date.parse(text);
	// Date.parse moves days beyond the end of a month into the next month.
	const exact = !Number.isNaN(utc) && new Date(utc).toISOString().startsWith(match?.[1] ?? "");
	return exact ? utc : undefined;
}

function checkValues(
	values: unknown,
	path: readonly string[],
	fault: AddDetail,
): SentPoint["values"] | undefined {
	if (!isPlainObject(values)) return fault(path, expected(values, "an object"));
	const measurements: [string, number | string | boolean][] = [];
	for (const [field, value] of Object.entries(values)) {
		// JSON.parse reads 1e999 as Infinity.
		if (typeof value === "string" || typeof value === "boolean" || isFiniteNumber(value))
			measurements.push([field, value]);
		else fault([...path, field], expected(value, "a finite number, a string or a boolean"));
	}
	if (Object.keys(values).length === 0) return fault(path, "Expected at least 1 value");
	return Object.fromEntries(measurements);
}

function isFiniteNumber(value: unknown): value is number {
	return typeof value === "number" && Number.isFinite(value);
}

function checkMetadata(metadata: unknown, path: readonly string[], fault: AddDetail) {
	if (metadata === undefined) return null;
	return isPlainObject(metadata) ? metadata : fault(path, expected(metadata, "an object"));
}

function checkSchema(schema: unknown, fault: AddDetail): Schema | undefined {
	if (!isPlainObject(schema)) return fault(["schema"], expected(schema, "an object"));
	const fields: [string, Schema[string]][] = [];
	for (const [name, field] of Object.entries(schema)) {
		const { type, unit, description } = isPlainObject(field) ? field : {};
		if (type === "number" || type === "string" || type === "boolean") {
			const described = typeof description === "string" ? { description } : {};
			fields.push([name, { type, ...(typeof unit === "string" ? { unit } : {}), ...described }]);
		} else fault(["schema", name, "type"], expected(type, '"number", "string" or "boolean"'));
	}
	return Object.fromEntries(fields);
}

function expected(value: unknown, what: string): string {
	if (value === undefined) return "Required";
	const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
	return `Expected ${what}, received ${type}`;
}
