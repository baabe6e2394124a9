import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Node, parseSync, visitorKeys } from "oxc-parser";

const root = join(import.meta.dirname, "..", "..");
const folders = ["src", "simulator"];
const pattern = /^\s*mutation:\s*(.*?)\s*$/;

/** A node of the syntax tree with a comment `// mutation: <id>` on the line above it. */
export interface Marker {
	readonly id: string;
	/** Of the source file, from the project's root. */
	readonly path: string;
	readonly source: string;
	readonly node: Node;
}

/** All markers in the sources of the firmware and of the simulator by their id. Throws if an id occurs twice. */
export function readMarkers(): ReadonlyMap<string, Marker> {
	const markers = new Map<string, Marker>();
	for (const path of folders.flatMap(listSources)) {
		const source = readFileSync(join(root, path), "utf8");
		if (!source.includes("mutation:")) continue;
		for (const marker of findMarkers(source, path)) {
			const other = markers.get(marker.id);
			if (other !== undefined)
				throw new Error(`marker ${marker.id} occurs twice: in ${other.path} and in ${path}`);
			markers.set(marker.id, marker);
		}
	}
	return markers;
}

function listSources(folder: string): string[] {
	return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
		.filter((path) => path.endsWith(".ts"))
		.map((path) => relative(root, join(root, folder, path)));
}

/** The markers of one file. Offsets are UTF-16 code units, as in a JavaScript string. */
export function findMarkers(source: string, path: string): readonly Marker[] {
	const { program, comments, errors } = parseSync(path, source);
	if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
	// Comments between a marker and its node count as white space.
	const code = comments.reduce(
		(text, { start, end }) => text.slice(0, start) + " ".repeat(end - start) + text.slice(end),
		source,
	);
	return comments.flatMap(({ type, value, start, end }) => {
		const [, id] = (type === "Line" && pattern.exec(value)) || [];
		if (id === undefined) return [];
		const line = source.lastIndexOf("\n", start) + 1;
		if (code.slice(line, start).trim() !== "")
			throw new Error(`${path}: marker ${id} is not on a line of its own`);
		const node = outermostAt(program, end + code.slice(end).search(/\S/));
		if (node === undefined) throw new Error(`${path}: marker ${id} is above no statement or expression`);
		return [{ id, path, source, node }];
	});
}

/** The outermost node that starts at an offset, except for the program itself. */
function outermostAt(parent: Node, offset: number): Node | undefined {
	for (const child of childrenOf(parent)) {
		if (child.start === offset) return child;
		if (child.start > offset || child.end <= offset) continue;
		return outermostAt(child, offset);
	}
	return undefined;
}

function childrenOf(node: Node): Node[] {
	const fields = new Map<string, Node | null | (Node | null)[]>(Object.entries(node));
	return (visitorKeys[node.type] ?? [])
		.flatMap((key) => fields.get(key) ?? [])
		.filter((child) => child !== null);
}
