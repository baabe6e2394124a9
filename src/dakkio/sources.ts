import type { Field } from "../reading/reading";
import { isObject, parseJson } from "../text/json";
import { checkId } from "./identifiers";
import { ListReader } from "./list-reader";

/** A data source as far as a device needs it. */
export interface DataSource {
	readonly id: string;
	readonly name: string;
}

/** Where a bucket's data sources are listed (GET) and made (POST). */
export function sourcesPath(bucketId: string): string {
	return `/api/buckets/${bucketId}/sources`;
}

/**
 * The data sources of a list; `undefined` when it is none, or was cut off. With the schemas that come along it may have
 * more parts than a chip has room for, so it is not parsed as a whole.
 */
export function readSources(body: string): readonly DataSource[] | undefined {
	const sources: DataSource[] = [];
	const reader = new ListReader("dataSources", ({ _id: id = "", name = "" }) => {
		if (id !== "" && checkId(id) === undefined) sources.push({ id, name });
	});
	for (const character of body) reader.push(character);
	return reader.complete ? sources : undefined;
}

/** Whether a text, whole or cut off, has the id of a data source in it. */
export function mentions(body: string, id: string): boolean {
	return body.toLowerCase().includes(`"${id.toLowerCase()}"`);
}

/** The body that makes a data source for what these sensors measure. */
export function newSource(name: string, fields: readonly Field[]): string {
	const schema: Record<string, { readonly type: "number" | "boolean"; readonly unit?: string }> = {};
	for (const { name: field, unit, type = "number" } of fields)
		schema[field] = { type, ...(unit === "" ? {} : { unit }) };
	return JSON.stringify({ name, type: "sensor", schema });
}

/** The id in the answer to that: its shape is not documented, so each likely one is understood. */
export function createdId(body: string): string | undefined {
	const answer = parseJson(body);
	if (!isObject(answer)) return undefined;
	for (const entry of [answer.dataSource, answer.data, answer.source, answer]) {
		const id = isObject(entry) ? (entry._id ?? entry.id) : undefined;
		if (typeof id === "string" && checkId(id) === undefined) return id;
	}
	return undefined;
}
