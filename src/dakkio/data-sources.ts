import { isJsonObject, parseJson } from "../common/json";
import type { Field } from "../reading/reading";
import { checkId } from "./identifiers";
import { JsonListScanner } from "./json-list-scanner";

/** Where a bucket's data sources are listed (GET) and made (POST). */
export function sourcesPath(bucketId: string): string {
	return `/api/buckets/${bucketId}/sources`;
}

/** What a device looks for in a list of data sources: its own, by its id or its name. */
export interface SourceQuery {
	readonly id?: string;
	readonly name: string;
}

/** Looks through the list of a bucket's data sources as it comes. */
export class SourceFinder {
	private readonly reader: JsonListScanner;
	private _foundId: string | undefined;
	private _containsId = false;

	constructor({ id: wanted, name }: SourceQuery) {
		this.reader = new JsonListScanner("dataSources", ({ _id: id, name: called }) => {
			if (id === undefined || checkId(id) !== undefined) return;
			if (id.toLowerCase() === wanted?.toLowerCase()) this._containsId = true;
			if (called === name) this._foundId ??= id;
		});
	}

	push(part: Uint8Array): void {
		this.reader.push(part);
	}

	/** The id of the first one that has the name. */
	get foundId(): string | undefined {
		return this._foundId;
	}

	/** Whether the one with the id is there; `undefined`: the list was cut off before, or was none. */
	get containsId(): boolean | undefined {
		return this._containsId || (this.reader.complete ? false : undefined);
	}
}

/** The body that makes a data source for what these sensors measure. */
export function createSourceBody(name: string, fields: readonly Field[]): string {
	const schema: Record<string, { readonly type: "number" | "boolean"; readonly unit?: string }> = {};
	for (const { name: field, unit, type = "number" } of fields)
		schema[field] = { type, ...(unit === "" ? {} : { unit }) };
	return JSON.stringify({ name, type: "sensor", schema });
}

/** The id in the answer to that: its shape is not documented, so each likely one is understood. */
export function parseCreatedId(body: string): string | undefined {
	const answer = parseJson(body);
	if (!isJsonObject(answer)) return undefined;
	for (const entry of [answer.dataSource, answer.data, answer.source, answer]) {
		const id = isJsonObject(entry) ? (entry._id ?? entry.id) : undefined;
		if (typeof id === "string" && checkId(id) === undefined) return id;
	}
	return undefined;
}
