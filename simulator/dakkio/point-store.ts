import {
	appendFileSync,
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readFileSync,
	readSync,
	renameSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { type Account, accountFromJson, addSource, isPlainObject, makeAccount } from "./account";
import type { ApiOutcome, DataPoint } from "./api";
import type { Usage } from "./quota";

export interface PointStoreOptions {
	/** Left out: everything is forgotten at the end. */
	readonly directory?: string;
	/** Instead of the one that is kept. */
	readonly account?: Account;
	/** Milliseconds of Unix time, for what is made new. */
	readonly now: number;
	/**
	 * How many of the latest points stay in memory, up to twice that. At an hour a second a board sends more than
	 * memory should hold; the default is two months of a point a minute.
	 */
	readonly maxCachedPoints?: number;
}

/** What the server knows, in memory and in files: `account.json`, `usage.json`, and `points.jsonl`, a point a line. */
export class PointStore {
	/** Points in the file. */
	stored = 0;
	/** Points that were there already: the same source, device, sequence number and time. They are stored as well. */
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
		if (directory !== undefined) mkdirSync(directory, { recursive: true });
		const kept = account ?? accountFromJson(this.read("account.json") ?? "");
		this._account = kept ?? makeAccount(now);
		if (kept === undefined || account !== undefined) this.saveAccount();
		this._usage = usageFromJson(this.read("usage.json"));
		this.readPoints();
	}

	get account(): Account {
		return this._account;
	}

	/** In the order of arrival; of very many, the latest. */
	get points(): readonly DataPoint[] {
		return this._points;
	}

	get usage(): Usage | undefined {
		return this._usage;
	}

	/** Keeps what an answer changes; when it returns, the points are in the file. */
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

	/** A line that a crash cut short is left out: its point was never answered for. */
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

	private read(name: string): string | undefined {
		if (this.directory === undefined) return undefined;
		const file = join(this.directory, name);
		return existsSync(file) ? readFileSync(file, "utf8") : undefined;
	}

	private append(name: string, text: string): void {
		if (this.directory !== undefined) appendFileSync(join(this.directory, name), text);
	}

	/** In one step, and for the owner alone: the account has keys in it. */
	private replace(name: string, text: string): void {
		if (this.directory === undefined) return;
		const file = join(this.directory, name);
		writeFileSync(`${file}.new`, text, { mode: 0o600 });
		renameSync(`${file}.new`, file);
	}
}

/** The lines of a text file of any size; the last is empty when the file ends with a line feed. */
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

function usageFromJson(json: string | undefined): Usage | undefined {
	const value = parse(json ?? "");
	if (!isPlainObject(value)) return undefined;
	const { month, calls } = value;
	return typeof month === "number" && typeof calls === "number" ? { month, calls } : undefined;
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
