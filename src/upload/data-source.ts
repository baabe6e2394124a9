import { createdId, newSource, SourceFinder, sourcesPath, type WantedSource } from "../dakkio/sources";
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

/** Bytes of the answer that tells of a new data source, with its schema. */
const keptSource = 8 * 1024;

/** The service's answer, and what was found in it if it was a list. */
export interface Listed {
	readonly outcome: Outcome;
	readonly found: SourceFinder;
}

/** Looks through the bucket's data sources: it is also how a key is tried out. */
export async function listSources(options: DataSourceOptions, wanted: WantedSource): Promise<Listed> {
	const { connection, bucketId, onAnswer } = options;
	let found = new SourceFinder(wanted);
	const outcome = await connection.exchange({
		method: "GET",
		path: sourcesPath(bucketId),
		headers: headers(options),
		reader: () => {
			found = new SourceFinder(wanted);
			return (part) => found.push(part);
		},
	});
	if (outcome.kind === "answer") onAnswer?.(outcome.headers);
	return { outcome, found };
}

export type SourceResult =
	| { readonly kind: "found" | "created"; readonly id: string }
	/** The service would not have it, or could not be understood. */
	| { readonly kind: "failed"; readonly outcome: Outcome };

/**
 * The id of the data source of this name: one that is there already (made by an attempt whose answer was lost), or a
 * new one for what these sensors measure. `there`: what a list has told.
 */
export async function findOrCreateSource(
	options: DataSourceOptions,
	there: SourceFinder,
	name: string,
	fields: readonly Field[],
): Promise<SourceResult> {
	if (there.named !== undefined) return { kind: "found", id: there.named };
	const { connection, bucketId, onAnswer } = options;
	const outcome = await connection.exchange({
		method: "POST",
		path: sourcesPath(bucketId),
		headers: [...headers(options), ["Content-Type", "application/json"]],
		body: () => textBody(newSource(name, fields)),
		keptBody: keptSource,
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
	const { outcome, found } = await listSources(options, { name });
	if (outcome.kind === "failure" || outcome.status < 200 || outcome.status > 299) return outcome;
	const result = await findOrCreateSource(options, found, name, fields);
	return result.kind === "failed" ? result.outcome : { id: result.id };
}

async function findByName(options: DataSourceOptions, name: string): Promise<SourceResult> {
	const { outcome, found } = await listSources(options, { name });
	const id = outcome.kind === "answer" ? found.named : undefined;
	return id === undefined ? { kind: "failed", outcome } : { kind: "created", id };
}

function headers({ key, agent }: DataSourceOptions): (readonly [string, string])[] {
	return [
		["User-Agent", agent],
		["X-API-Key", key],
	];
}
