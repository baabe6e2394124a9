import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { xsMemory } from "../scripts/xs-memory";

const root = join(import.meta.dirname, "..");
const documents = [
	...readdirSync(root).filter((name) => name.endsWith(".md")),
	...readdirSync(join(root, "docs"))
		.filter((name) => name.endsWith(".md"))
		.map((name) => `docs/${name}`),
];
const folders = ["src", "page", "boards", "simulator", "host-tests", "sdk-tests", "bench", "scripts"];

function read(path: string): string {
	return readFileSync(join(root, path), "utf8");
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
	return heading
		.toLowerCase()
		.replace(/[^\p{Letter}\p{Number}\s_-]/gu, "")
		.replaceAll(" ", "-");
}

function anchorsOf(path: string): string[] {
	return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

describe.each(documents.filter((path) => path !== "CHANGELOG.md"))("%s", (path) => {
	const text = read(path);

	test("names only files that exist", () => {
		const paths = [...text.matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|json|csv|md|html|css|test\.ts))`/g)];
		const own = paths
			.map(([, name = ""]) => name)
			.filter((name) => folders.includes(name.split("/")[0] ?? ""));
		expect(own.filter((name) => !existsSync(join(root, name)))).toEqual([]);
	});

	test("links only to what exists", () => {
		const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
		const broken = links.filter(([, target = "", anchor]) => {
			const linked = target === "" ? path : join(dirname(path), target);
			if (!existsSync(join(root, linked))) return true;
			return anchor !== undefined && !anchorsOf(linked).includes(anchor);
		});
		expect(broken.map(([link]) => link)).toEqual([]);
	});
});

test("each name in the glossary is one of the code's", () => {
	const sources = folders
		.flatMap((folder) =>
			readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
				join(folder, name),
			),
		)
		.filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
		.map(read)
		.join("\n");
	const words = new Set(sources.match(/[A-Za-z]\w*/g));
	const rows = read("docs/glossary.md").matchAll(/^\| [^|]+ \| ([^|]+) \|/gm);
	const names = [...rows].flatMap(([, code = ""]) => [...code.matchAll(/`([A-Za-z]\w*)`/g)]);
	const unknown = names
		.map(([, name = ""]) => name)
		.filter((name) => !words.has(name) && !["Ticks", "Utc"].includes(name));
	expect(unknown).toEqual([]);
	expect(names.length).toBeGreaterThan(80);
});

test("the design says what memory XS has", () => {
	const { slots, chunks, stack } = xsMemory();
	const kilobytes = (bytes: number) => bytes / 1024;
	expect(read("DESIGN.md").replace(/\s+/g, " ")).toContain(
		`XS has ${kilobytes(slots + chunks + stack)} KiB on each chip (\`creation\`): ${kilobytes(slots)} KiB of slots, ` +
			`${kilobytes(chunks)} of chunks, ${kilobytes(stack)} of stack.`,
	);
});
