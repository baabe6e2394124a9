import { type Marker, readMarkers } from "./marker";
import type { Operation } from "./operations";

/** One change of a source as it is read; the file itself stays as it is. */
export interface Mutation {
	/** The id of a marker. */
	readonly at: string;
	readonly mutate: Operation;
}

export interface MutatedSource {
	/** From the project's root. */
	readonly path: string;
	readonly contents: string;
}

/** The source file that has the marker, changed. Throws if there is no such marker. */
export function mutateSource(
	{ at, mutate }: Mutation,
	markers: ReadonlyMap<string, Marker> = readMarkers(),
): MutatedSource {
	const lookUp = (id: string) => {
		const marker = markers.get(id);
		if (marker === undefined) throw new Error(`no source has the marker ${id}`);
		return marker;
	};
	const { path, source, ...marker } = lookUp(at);
	const { start, end, text } = mutate({ path, source, ...marker }, lookUp);
	return { path, contents: source.slice(0, start) + text + source.slice(end) };
}
