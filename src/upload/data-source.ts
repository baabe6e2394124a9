import {
	createSourceBody,
	parseCreatedId,
	SourceFinder,
	type SourceQuery,
	sourcesPath,
} from "../dakkio/data-sources";
import { type ExchangeResult, exchangeFailure, isSuccess } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import { textBody } from "../http/message-stream";
import type { Field } from "../reading/reading";
import type { CreatedSource } from "./created-source";
import { jsonContentType, serviceHeaders } from "./service-connection";

export interface DataSourceOptions {
	readonly connection: HttpConnection;
	readonly key: string;
	/** For the `User-Agent` header. */
	readonly userAgent: string;
	readonly bucketId: string;
	readonly createdSource: CreatedSource;
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

/** Why no data source was found, and none created: in each case there might be two afterwards. */
export type SourceProblem =
	/** The list is cut off, a page of several, or in no known form. */
	| "unclear list"
	/** The service confirmed one, without its id, and does not list it. */
	| "no source id";

export type SourceResult =
	| { readonly kind: "found" | "created"; readonly id: string }
	/** `failed`: the service rejected it. */
	| { readonly kind: SourceProblem | "failed"; readonly result: ExchangeResult };

/**
 * The id of the data source of this name: an existing one (perhaps created by an attempt whose response was lost), or a
 * new one with these fields. `listed`: the list.
 */
export async function findOrCreateSource(
	options: DataSourceOptions,
	listed: SourceList,
	name: string,
	fields: readonly Field[],
): Promise<SourceResult> {
	const { connection, key, userAgent, bucketId, createdSource, onResponse } = options;
	const found = findByName(listed, createdSource.is(bucketId, name));
	if (found !== undefined) return found;
	const result = await connection.exchange({
		method: "POST",
		path: sourcesPath(bucketId),
		headers: [...serviceHeaders(userAgent, key), jsonContentType],
		body: () => textBody(createSourceBody(name, fields)),
		maxKeptBodyBytes: maxKeptBytes,
	});
	if (result.kind === "response") onResponse?.(result.headers);
	if (result.kind === "failure" || !isSuccess(result.status)) return { kind: "failed", result };
	const id = parseCreatedId(result.body);
	if (id !== undefined) return { kind: "created", id };
	createdSource.record(bucketId, name);
	const listedAgain = await listSources(options, { name });
	if (listedAgain.result.kind === "failure" || !isSuccess(listedAgain.result.status))
		return { kind: "failed", result: listedAgain.result };
	const again = findByName(listedAgain, true);
	return again?.kind === "found" ? { kind: "created", id: again.id } : { kind: "no source id", result };
}

/** `undefined`: there is none. */
function findByName({ result, finder }: SourceList, isCreated: boolean): SourceResult | undefined {
	const { foundId: id, isConclusive } = finder;
	if (id !== undefined) return { kind: "found", id };
	if (isCreated) return { kind: "no source id", result };
	return isConclusive ? undefined : { kind: "unclear list", result };
}

const enterId = "enter the id of a data source in the settings";
const problemTexts: Readonly<Record<SourceProblem, string>> = Object.freeze({
	"unclear list": `the list of data sources is incomplete or unknown, so none is created: ${enterId}`,
	"no source id": `the new data source is not listed: ${enterId}`,
});

/**
 * Lists, then finds or creates the data source; otherwise returns the result that prevented it, or `cause`, which needs a
 * person.
 */
export async function resolveSource(
	options: DataSourceOptions,
	name: string,
	fields: readonly Field[],
): Promise<{ readonly id: string } | { readonly cause: string } | ExchangeResult> {
	const listed = await listSources(options, { name });
	if (listed.result.kind === "failure" || !isSuccess(listed.result.status)) return listed.result;
	const found = await findOrCreateSource(options, listed, name, fields);
	if ("id" in found) return { id: found.id };
	const { result } = found;
	if (found.kind === "failed") return result;
	// The next list may be whole.
	if (found.kind === "unclear list" && result.kind === "response" && result.oddity !== undefined)
		return exchangeFailure("receive", `list of data sources: ${result.oddity}`, true);
	return { cause: problemTexts[found.kind] };
}
