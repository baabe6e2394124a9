import { createdId, mentions, newSource, readSources, sourcesPath } from "../dakkio/sources";
import type { HttpConnection, Outcome } from "../http/exchange";
import { textBody } from "../http/stream";
import type { Field } from "../reading/reading";

export interface DataSourceOptions {
	readonly connection: HttpConnection;
	readonly key: string;
	/** For the `User-Agent` header. */
	readonly agent: string;
	readonly bucketId: string;
	/** An answer has come, with these headers. */
	onAnswer?(headers: ReadonlyMap<string, string>): void;
}

/** Bytes of a list of data sources that are kept: some fifty with their schemas. */
const keptList = 24 * 1024;

/** The bucket's data sources, as the service answers: it is also how a key is tried out. */
export async function listSources(options: DataSourceOptions): Promise<Outcome> {
	const { connection, bucketId, onAnswer } = options;
	const outcome = await connection.exchange({
		method: "GET",
		path: sourcesPath(bucketId),
		headers: headers(options),
		keptBody: keptList,
	});
	if (outcome.kind === "answer") onAnswer?.(outcome.headers);
	return outcome;
}

export type SourceResult =
	| { readonly kind: "found" | "created"; readonly id: string }
	/** The service would not have it, or could not be understood. */
	| { readonly kind: "failed"; readonly outcome: Outcome };

/**
 * The id of the data source of this name: one that is there already (made by an attempt whose answer was lost), or a
 * new one for what these sensors measure. `list`: the body of a list.
 */
export async function findOrCreateSource(
	options: DataSourceOptions,
	list: string,
	name: string,
	fields: readonly Field[],
): Promise<SourceResult> {
	const there = readSources(list)?.find((source) => source.name === name);
	if (there !== undefined) return { kind: "found", id: there.id };
	const { connection, bucketId, onAnswer } = options;
	const outcome = await connection.exchange({
		method: "POST",
		path: sourcesPath(bucketId),
		headers: [...headers(options), ["Content-Type", "application/json"]],
		body: () => textBody(newSource(name, fields)),
		keptBody: keptList,
	});
	if (outcome.kind === "answer") onAnswer?.(outcome.headers);
	if (outcome.kind === "failure" || outcome.status < 200 || outcome.status > 299)
		return { kind: "failed", outcome };
	const id = createdId(outcome.body);
	return id === undefined ? findByName(options, name) : { kind: "created", id };
}

/** As {@link findOrCreateSource}, and asks for the list first. Gives the answer that stood in the way. */
export async function findSource(
	options: DataSourceOptions,
	name: string,
	fields: readonly Field[],
): Promise<{ readonly id: string } | Outcome> {
	const list = await listSources(options);
	if (list.kind === "failure" || list.status < 200 || list.status > 299) return list;
	const result = await findOrCreateSource(options, list.body, name, fields);
	return result.kind === "failed" ? result.outcome : { id: result.id };
}

/** Whether a list has this data source. `undefined`: it was cut off before there was one. */
export function hasSource(list: string, id: string): boolean | undefined {
	if (mentions(list, id)) return true;
	return readSources(list) === undefined ? undefined : false;
}

async function findByName(options: DataSourceOptions, name: string): Promise<SourceResult> {
	const outcome = await listSources(options);
	const made = outcome.kind === "answer" ? readSources(outcome.body) : undefined;
	const id = made?.find((source) => source.name === name)?.id;
	return id === undefined ? { kind: "failed", outcome } : { kind: "created", id };
}

function headers({ key, agent }: DataSourceOptions): (readonly [string, string])[] {
	return [
		["User-Agent", agent],
		["X-API-Key", key],
	];
}
