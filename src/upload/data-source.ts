import {
	createSourceBody,
	parseCreatedId,
	SourceFinder,
	type SourceQuery,
	sourcesPath,
} from "../dakkio/data-sources";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import { textBody } from "../http/message-stream";
import type { Field } from "../reading/reading";
import { jsonContentType, serviceHeaders } from "./service-connection";

export interface DataSourceOptions {
	readonly connection: HttpConnection;
	readonly key: string;
	/** For the `User-Agent` header. */
	readonly userAgent: string;
	readonly bucketId: string;
	/** Called with the headers of each response. */
	onResponse?(headers: ReadonlyMap<string, string>): void;
}

/** Kept bytes of the response about a new data source, which includes its schema. */
const maxKeptBytes = 8 * 1024;

/** The response, and what was found in it. */
export interface SourceList {
	readonly result: ExchangeResult;
	readonly finder: SourceFinder;
}

/** Searches the bucket's data sources; also a test of the key. */
export async function listSources(options: DataSourceOptions, wanted: SourceQuery): Promise<SourceList> {
	const { connection, key, userAgent, bucketId, onResponse } = options;
	let finder = new SourceFinder(wanted);
	const result = await connection.exchange({
		method: "GET",
		path: sourcesPath(bucketId),
		headers: serviceHeaders(userAgent, key),
		makeBodyReader: () => {
			finder = new SourceFinder(wanted);
			return (part) => finder.push(part);
		},
	});
	if (result.kind === "response") onResponse?.(result.headers);
	return { result, finder };
}

export type SourceResult =
	| { readonly kind: "found" | "created"; readonly id: string }
	/** The service rejected it, or its response is not understood. */
	| { readonly kind: "failed"; readonly result: ExchangeResult };

/**
 * The id of the data source of this name: an existing one (perhaps created by an attempt whose response was lost), or a
 * new one with these fields. `listed`: the result of a list.
 */
export async function findOrCreateSource(
	options: DataSourceOptions,
	listed: SourceFinder,
	name: string,
	fields: readonly Field[],
): Promise<SourceResult> {
	if (listed.foundId !== undefined) return { kind: "found", id: listed.foundId };
	const { connection, key, userAgent, bucketId, onResponse } = options;
	const result = await connection.exchange({
		method: "POST",
		path: sourcesPath(bucketId),
		headers: [...serviceHeaders(userAgent, key), jsonContentType],
		body: () => textBody(createSourceBody(name, fields)),
		maxKeptBodyBytes: maxKeptBytes,
	});
	if (result.kind === "response") onResponse?.(result.headers);
	if (result.kind === "failure" || result.status < 200 || result.status > 299)
		return { kind: "failed", result };
	const id = parseCreatedId(result.body);
	return id === undefined ? findByName(options, name) : { kind: "created", id };
}

/** Lists, then finds or creates the data source; otherwise returns the result that prevented it. */
export async function resolveSource(
	options: DataSourceOptions,
	name: string,
	fields: readonly Field[],
): Promise<{ readonly id: string } | ExchangeResult> {
	const { result: outcome, finder } = await listSources(options, { name });
	if (outcome.kind === "failure" || outcome.status < 200 || outcome.status > 299) return outcome;
	const result = await findOrCreateSource(options, finder, name, fields);
	return result.kind === "failed" ? result.result : { id: result.id };
}

async function findByName(options: DataSourceOptions, name: string): Promise<SourceResult> {
	const { result, finder } = await listSources(options, { name });
	const id = result.kind === "response" ? finder.foundId : undefined;
	return id === undefined ? { kind: "failed", result } : { kind: "created", id };
}
