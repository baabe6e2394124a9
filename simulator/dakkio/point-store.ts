import {
	appendFileSync,
	closeSync,
	existsSync,
	openSync,
	readSync,
	renameSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { makeDirectory } from "../../boards/node/files";
import { readStateJson, StateFileError } from "../state-file";
import { type Account, addSource, findCredentials, isAccount, isPlainObject, makeAccount } from "./account";
import type { ApiOutcome, DataPoint } from "./api";
import type { Usage } from "./quota";

export interface PointStoreOptions {
	/** Omitted: nothing is saved. */
	readonly directory?: string;
	/** Replaces the saved account. */
	readonly account?: Account;
	/** Milliseconds of Unix time, for a new account. */
	readonly now: number;
	/**
	 * How many of the latest points stay in memory, up to twice that. At high speed, a board sends more than fits into
	 * memory. Default: two months of one point a minute.
	 */
	readonly maxCachedPoints?: number;
}

/** The server's state, in memory and in files: `account.json`, `usage.json`, and `points.jsonl` with one point per line. */
export class PointStore {
	/** Number of points in the file. */
	stored = 0;
	/** Points stored before with the same source, device, sequence number and time. They are stored again. */
	duplicates = 0;
	private readonly _points: DataPoint[] = [];
	private _account: Account;
	private _usage: Usage | undefined;
	private readonly directory: string | undefined;
	private readonly maxCachedPoints: number;
	private readonly seen = new Set<string>();

	constructor({ directory, account, now, maxCachedPoints = 100_000 }: PointStoreOptions) {
		this.maxCachedPoints = maxCachedPoints;
		this.directory = directory;
		if (directory !== undefined) makeDirectory(directory);
		const kept =
			account ??
			this.read("account.json", isUsable, "an account with a write key for a bucket with a data source");
		this._account = kept ?? makeAccount(now);
		if (kept === undefined || account !== undefined) this.saveAccount();
		this._usage = this.read("usage.json", isUsage, "a number of calls in a month");
		this.readPoints();
	}

	get account(): Account {
		return this._account;
	}

	/** In order of arrival; if there are very many, only the latest. */
	get points(): readonly DataPoint[] {
		return this._points;
	}

	get usage(): Usage | undefined {
		return this._usage;
	}

	/** Applies an outcome; the points are in the file when it returns. */
	apply({ points, usage, source }: ApiOutcome): void {
		if (points.length > 0) {
			this.append("points.jsonl", points.map((point) => `${JSON.stringify(point)}\n`).join(""));
			for (const point of points) this.add(point);
		}
		if (source !== undefined) {
			this._account = addSource(this._account, source.bucketId, source.source);
			this.saveAccount();
		}
		this.setUsage(usage);
	}

	setUsage(usage: Usage): void {
		if (usage.calls === this._usage?.calls && usage.month === this._usage.month) return;
		this._usage = usage;
		this.replace("usage.json", JSON.stringify(usage));
	}

	private add(point: DataPoint): void {
		const { deviceId, seq } = point.metadata;
		const identity = JSON.stringify([point.dataSourceId, point.timestamp, deviceId, seq]);
		if (this.seen.has(identity)) this.duplicates++;
		this.seen.add(identity);
		this._points.push(point);
		this.stored++;
		if (this._points.length < 2 * this.maxCachedPoints) return;
		this._points.splice(0, this.maxCachedPoints);
		for (const oldest of this.seen) {
			if (this.seen.size <= this.maxCachedPoints) break;
			this.seen.delete(oldest);
		}
	}

	/** Ignores a last line that a crash has cut off: its request got no response. */
	private readPoints(): void {
		const file = this.directory === undefined ? undefined : join(this.directory, "points.jsonl");
		if (file === undefined || !existsSync(file)) return;
		let last = "";
		for (const line of lines(file)) {
			const point = pointFromJson(line);
			if (point !== undefined) this.add(point);
			last = line;
		}
		if (last !== "") this.append("points.jsonl", "\n");
	}

	private saveAccount(): void {
		this.replace("account.json", `${JSON.stringify(this._account, undefined, "\t")}\n`);
	}

	/** The content of a JSON file; `undefined` if there is none. A damaged file is an error: the user may repair it. */
	private read<T>(name: string, isValid: (value: unknown) => value is T, what: string): T | undefined {
		if (this.directory === undefined) return undefined;
		const file = join(this.directory, name);
		const value = readStateJson(file);
		if (value === undefined || isValid(value)) return value;
		throw new StateFileError(file, `is not ${what}`);
	}

	private append(name: string, text: string): void {
		if (this.directory !== undefined) appendFileSync(join(this.directory, name), text);
	}

	/** Atomic; readable only by the owner, because the account contains keys. */
	private replace(name: string, text: string): void {
		if (this.directory === undefined) return;
		const file = join(this.directory, name);
		writeFileSync(`${file}.new`, text, { mode: 0o600 });
		renameSync(`${file}.new`, file);
	}
}

/** The lines of a text file of any size; the last is empty if the file ends with a line feed. */
function* lines(file: string): Generator<string> {
	const descriptor = openSync(file, "r");
	try {
		const decoder = new StringDecoder("utf8");
		const buffer = new Uint8Array(65_536);
		let rest = "";
		for (;;) {
			const length = readSync(descriptor, buffer);
			if (length === 0) break;
			const parts = (rest + decoder.write(Buffer.from(buffer.buffer, 0, length))).split("\n");
			rest = parts.pop() ?? "";
			yield* parts;
		}
		yield rest;
	} finally {
		closeSync(descriptor);
	}
}

/** For a board. */
function isUsable(value: unknown): value is Account {
	return isAccount(value) && findCredentials(value) !== undefined;
}

function isUsage(value: unknown): value is Usage {
	return isPlainObject(value) && typeof value.month === "number" && typeof value.calls === "number";
}

function pointFromJson(line: string): DataPoint | undefined {
	const value = parse(line);
	return isDataPoint(value) ? value : undefined;
}

function isDataPoint(value: unknown): value is DataPoint {
	return (
		isPlainObject(value) &&
		[value._id, value.bucketId, value.dataSourceId, value.timestamp, value.createdAt].every(
			(text) => typeof text === "string",
		) &&
		isPlainObject(value.values) &&
		isPlainObject(value.metadata)
	);
}

function parse(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		return undefined;
	}
}
