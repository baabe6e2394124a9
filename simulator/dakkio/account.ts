import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** The permissions of a key (API, "Keys"). */
export type KeyType = "admin" | "write" | "read";

export interface ApiKey {
	/** `dakkio_a_`, `dakkio_w_` or `dakkio_r_` and 32 characters. */
	readonly key: string;
	readonly type: KeyType;
	/** The bucket of a write or read key. An admin key has access to all. */
	readonly bucketId?: string;
}

/** By field name. */
export type Schema = Readonly<
	Record<
		string,
		{
			readonly type: "number" | "string" | "boolean";
			readonly unit?: string;
			readonly description?: string;
		}
	>
>;

/** A data source as listed by the API. */
export interface DataSource {
	/** 24 hexadecimal digits, like every id. */
	readonly _id: string;
	readonly name: string;
	readonly type: string;
	readonly description: string;
	readonly schema: Schema;
	readonly status: string;
	readonly createdAt: string;
	readonly updatedAt: string;
}

export interface Bucket {
	readonly _id: string;
	readonly name: string;
	readonly sources: readonly DataSource[];
}

/** One organization: all its calls count towards one plan. */
export interface Account {
	readonly organization: string;
	readonly keys: readonly ApiKey[];
	readonly buckets: readonly Bucket[];
}

/** The credentials of a board. */
export interface Credentials {
	/** The write key. */
	readonly key: string;
	readonly bucketId: string;
	readonly dataSourceId: string;
}

/** The first write key, and the first data source in its bucket. */
export function findCredentials({ keys, buckets }: Account): Credentials | undefined {
	const key = keys.find(({ type }) => type === "write");
	const bucket = buckets.find(({ _id }) => _id === key?.bucketId);
	const source = bucket?.sources[0];
	if (key === undefined || bucket === undefined || source === undefined) return undefined;
	return { key: key.key, bucketId: bucket._id, dataSourceId: source._id };
}

/** Finds the key of a request, in constant time per key. */
export function findKey({ keys }: Account, given: string): ApiKey | undefined {
	const digest = sha256(given);
	return keys.find((key) => timingSafeEqual(digestOf(key), digest));
}

/** Cached hashes of the keys. */
const digests = new WeakMap<ApiKey, Buffer>();

function digestOf(key: ApiKey): Buffer {
	const known = digests.get(key);
	if (known !== undefined) return known;
	const digest = sha256(key.key);
	digests.set(key, digest);
	return digest;
}

export function findBucket({ buckets }: Account, id: string): Bucket | undefined {
	return buckets.find(({ _id }) => _id === id.toLowerCase());
}

/** Adds a data source to a bucket. */
export function addSource(account: Account, bucketId: string, source: DataSource): Account {
	const buckets = account.buckets.map((bucket) =>
		bucket._id === bucketId ? { ...bucket, sources: [...bucket.sources, source] } : bucket,
	);
	return { ...account, buckets };
}

/** A new account: one bucket with one data source, and a key of each type. `now`: milliseconds of Unix time. */
export function makeAccount(now: number): Account {
	const bucketId = makeId(now);
	const createdAt = new Date(now).toISOString();
	const source: DataSource = {
		_id: makeId(now),
		name: "ESP32",
		type: "sensor",
		description: "A virtual board",
		schema: {
			temperature: { type: "number", unit: "celsius" },
			humidity: { type: "number", unit: "percent" },
			pressure: { type: "number", unit: "hPa" },
		},
		status: "active",
		createdAt,
		updatedAt: createdAt,
	};
	return {
		organization: "Development",
		keys: [
			{ key: makeKey("w"), type: "write", bucketId },
			{ key: makeKey("r"), type: "read", bucketId },
			{ key: makeKey("a"), type: "admin" },
		],
		buckets: [{ _id: bucketId, name: "Weather", sources: [source] }],
	};
}

/** 24 hexadecimal digits: 8 of Unix seconds, 16 random. */
export function makeId(now: number): string {
	const seconds = (Math.floor(now / 1000) >>> 0).toString(16).padStart(8, "0");
	return seconds + randomBytes(8).toString("hex");
}

function makeKey(letter: "a" | "w" | "r"): string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	let key = `dakkio_${letter}_`;
	while (key.length < 41) {
		const byte = randomBytes(1)[0] ?? 255;
		// 248 is the largest multiple of 62 in a byte, which makes all characters equally likely.
		if (byte < 248) key += alphabet.charAt(byte % 62);
	}
	return key;
}

function sha256(text: string): Buffer {
	return createHash("sha256").update(text).digest();
}

export function isAccount(value: unknown): value is Account {
	return (
		isPlainObject(value) &&
		typeof value.organization === "string" &&
		Array.isArray(value.keys) &&
		value.keys.every(
			(key) => isPlainObject(key) && typeof key.key === "string" && typeof key.type === "string",
		) &&
		Array.isArray(value.buckets) &&
		value.buckets.every(
			(bucket) => isPlainObject(bucket) && typeof bucket._id === "string" && Array.isArray(bucket.sources),
		)
	);
}

/** A JSON object: neither `null` nor an array. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
