import { isJsonObject, parseJson } from "../common/json";
import { lowerCase } from "../common/lower-case";
import type { Field } from "../reading/reading";
import { checkId } from "./identifiers";
import { JsonListScanner, type ListEntry } from "./json-list-scanner";

/** Path to list (GET) and create (POST) a bucket's data sources. */
export function sourcesPath(bucketId: string): string {
	return `/api/buckets/${bucketId}/sources`;
}

/** Which data sources to find in a list: by id, and by name. */
export interface SourceQuery {
	readonly id?: string;
	readonly name: string;
}

const countNames: readonly string[] = ["total", "totalcount", "totalitems", "totaldocs", "count"];
const pageCountNames: readonly string[] = ["page", "pages", "totalpages", "pagecount"];
const pageSizeNames: readonly string[] = ["limit", "pagesize", "perpage"];
const moreNames: readonly string[] = [
	...["hasmore", "hasnext", "hasnextpage", "more", "truncated", "next", "nextpage", "nexturl", "nextcursor"],
	...["cursor", "nextpagetoken"],
];

/** Searches the list of a bucket's data sources as it arrives. */
export class SourceFinder {
	private readonly reader: JsonListScanner;
	private _foundId: string | undefined;
	private _containsId = false;
	private _nameOfId: string | undefined;
	private entries = 0;
	private announcedEntries = 0;
	private pageSize = Number.POSITIVE_INFINITY;
	private hasPages = false;
	/** An entry without what the documentation gives it. */
	private hasUnknownEntry = false;

	constructor({ id: wanted, name }: SourceQuery) {
		this.reader = new JsonListScanner(
			"dataSources",
			(entry) => this.onEntry(entry, wanted, name),
			(member, value) => this.onMember(member, value),
		);
	}

	push(part: Uint8Array): void {
		this.reader.push(part);
	}

	/** The id of the first data source with the name. */
	get foundId(): string | undefined {
		return this._foundId;
	}

	/** The name of the data source with the id; untrusted text. */
	get nameOfId(): string | undefined {
		return this._nameOfId;
	}

	/** Whether a name that was not found in the list does not exist: it is complete, and in the documented form. */
	get isConclusive(): boolean {
		return this.isWhole && !this.hasUnknownEntry;
	}

	/** Whether the id is in the list; `undefined` if the list is incomplete, a page of several, or invalid. */
	get containsId(): boolean | undefined {
		return this._containsId || (this.isWhole ? false : undefined);
	}

	private get isWhole(): boolean {
		const { entries } = this;
		return (
			this.reader.complete && !this.hasPages && this.announcedEntries <= entries && entries < this.pageSize
		);
	}

	private onEntry({ _id: id, name: sourceName }: ListEntry, wanted: string | undefined, name: string): void {
		this.entries++;
		const isId = id !== undefined && checkId(id) === undefined;
		if (!isId || sourceName === undefined) this.hasUnknownEntry = true;
		if (!isId) return;
		if (wanted !== undefined && lowerCase(id) === lowerCase(wanted)) {
			this._containsId = true;
			this._nameOfId = sourceName;
		}
		if (sourceName === name) this._foundId ??= id;
	}

	/** Pages are not documented: what other services say of them is looked for. */
	private onMember(name: string, value: string): void {
		const plain = lowerCase(name.replaceAll("_", ""));
		const isNothing = value === "" || value === "null" || value === "false";
		if (countNames.includes(plain))
			this.announcedEntries = Math.max(this.announcedEntries, Number(value) || 0);
		else if (pageSizeNames.includes(plain)) this.pageSize = Number(value) || this.pageSize;
		else if (pageCountNames.includes(plain)) this.hasPages ||= Number(value) > 1;
		else if (moreNames.includes(plain)) this.hasPages ||= !isNothing;
	}
}

/** The body that creates a data source with these fields. */
export function createSourceBody(name: string, fields: readonly Field[]): string {
	const schema: Record<string, { readonly type: "number" | "boolean"; readonly unit?: string }> = {};
	for (const { name: field, unit, type = "number" } of fields)
		schema[field] = { type, ...(unit === "" ? {} : { unit }) };
	return JSON.stringify({ name, type: "sensor", schema });
}

/** The id in the response to {@link createSourceBody}. Its shape is not documented, so all likely ones are accepted. */
export function parseCreatedId(body: string): string | undefined {
	const response = parseJson(body);
	if (!isJsonObject(response)) return undefined;
	for (const entry of [response.dataSource, response.data, response.source, response]) {
		const id = isJsonObject(entry) ? (entry._id ?? entry.id) : undefined;
		if (typeof id === "string" && checkId(id) === undefined) return id;
	}
	return undefined;
}
