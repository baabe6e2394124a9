import { isJsonObject, parseJson } from "../common/json";
import { lowerCase } from "../common/lower-case";
import type { Field } from "../reading/reading";
import { checkId } from "./identifiers";
import { JsonListScanner } from "./json-list-scanner";

/** Path to list (GET) and create (POST) a bucket's data sources. */
export function sourcesPath(bucketId: string): string {
	return `/api/buckets/${bucketId}/sources`;
}

/** Which data sources to find in a list: by id, and by name. */
export interface SourceQuery {
	readonly id?: string;
	readonly name: string;
}

/** Searches the list of a bucket's data sources as it arrives. */
export class SourceFinder {
	private readonly reader: JsonListScanner;
	private _foundId: string | undefined;
	private _containsId = false;
	private _nameOfId: string | undefined;

	constructor({ id: wanted, name }: SourceQuery) {
		this.reader = new JsonListScanner("dataSources", ({ _id: id, name: sourceName }) => {
			if (id === undefined || checkId(id) !== undefined) return;
			if (wanted !== undefined && lowerCase(id) === lowerCase(wanted)) {
				this._containsId = true;
				this._nameOfId = sourceName;
			}
			if (sourceName === name) this._foundId ??= id;
		});
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

	/** Whether the id is in the list; `undefined` if the list is incomplete or invalid. */
	get containsId(): boolean | undefined {
		return this._containsId || (this.reader.complete ? false : undefined);
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
