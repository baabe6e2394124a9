import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, accountFromJson, addSource, isObject, makeAccount } from "./account";
import type { DataPoint, Outcome } from "./api";
import type { Usage } from "./quota";

export interface StoreOptions {
	/** Left out: everything is forgotten at the end. */
	readonly directory?: string;
	/** Instead of the one that is kept. */
	readonly account?: Account;
	/** Milliseconds of Unix time, for what is made new. */
	readonly now: number;
}

/** What the server knows, in memory and in files: `account.json`, `usage.json`, and `points.jsonl`, a point a line. */
export class Store {
	readonly points: DataPoint[] = [];
	/** Points that were there already: the same source, device, sequence number and time. They are kept as well. */
	duplicates = 0;
	#account: Account;
	#usage: Usage | undefined;
	readonly #directory: string | undefined;
	readonly #seen = new Set<string>();

	constructor({ directory, account, now }: StoreOptions) {
		this.#directory = directory;
		if (directory !== undefined) mkdirSync(directory, { recursive: true });
		const kept = account ?? accountFromJson(this.#read("account.json") ?? "");
		this.#account = kept ?? makeAccount(now);
		if (kept === undefined || account !== undefined) this.#saveAccount();
		this.#usage = usageFromJson(this.#read("usage.json"));
		this.#readPoints();
	}

	get account(): Account {
		return this.#account;
	}

	get usage(): Usage | undefined {
		return this.#usage;
	}

	/** Keeps what an answer changes; when it returns, the points are in the file. */
	apply({ points, usage, source }: Outcome): void {
		if (points.length > 0) {
			this.#append("points.jsonl", points.map((point) => `${JSON.stringify(point)}\n`).join(""));
			for (const point of points) this.#add(point);
		}
		if (source !== undefined) {
			this.#account = addSource(this.#account, source.bucketId, source.source);
			this.#saveAccount();
		}
		this.setUsage(usage);
	}

	setUsage(usage: Usage): void {
		if (usage.calls === this.#usage?.calls && usage.month === this.#usage.month) return;
		this.#usage = usage;
		this.#replace("usage.json", JSON.stringify(usage));
	}

	#add(point: DataPoint): void {
		const { deviceId, seq } = point.metadata;
		const identity = JSON.stringify([point.dataSourceId, point.timestamp, deviceId, seq]);
		if (this.#seen.has(identity)) this.duplicates++;
		this.#seen.add(identity);
		this.points.push(point);
	}

	/** A line that a crash cut short is left out: its point was never answered for. */
	#readPoints(): void {
		const text = this.#read("points.jsonl") ?? "";
		for (const line of text.split("\n")) {
			const point = pointFromJson(line);
			if (point !== undefined) this.#add(point);
		}
		if (text !== "" && !text.endsWith("\n")) this.#append("points.jsonl", "\n");
	}

	#saveAccount(): void {
		this.#replace("account.json", `${JSON.stringify(this.#account, undefined, "\t")}\n`);
	}

	#read(name: string): string | undefined {
		if (this.#directory === undefined) return undefined;
		const file = join(this.#directory, name);
		return existsSync(file) ? readFileSync(file, "utf8") : undefined;
	}

	#append(name: string, text: string): void {
		if (this.#directory !== undefined) appendFileSync(join(this.#directory, name), text);
	}

	/** In one step, and for the owner alone: the account has keys in it. */
	#replace(name: string, text: string): void {
		if (this.#directory === undefined) return;
		const file = join(this.#directory, name);
		writeFileSync(`${file}.new`, text, { mode: 0o600 });
		renameSync(`${file}.new`, file);
	}
}

function usageFromJson(json: string | undefined): Usage | undefined {
	const value = parse(json ?? "");
	if (!isObject(value)) return undefined;
	const { month, calls } = value;
	return typeof month === "number" && typeof calls === "number" ? { month, calls } : undefined;
}

function pointFromJson(line: string): DataPoint | undefined {
	const value = parse(line);
	return isDataPoint(value) ? value : undefined;
}

function isDataPoint(value: unknown): value is DataPoint {
	return (
		isObject(value) &&
		[value._id, value.bucketId, value.dataSourceId, value.timestamp, value.createdAt].every(
			(text) => typeof text === "string",
		) &&
		isObject(value.values) &&
		isObject(value.metadata)
	);
}

function parse(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		return undefined;
	}
}
