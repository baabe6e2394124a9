import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";
import { findMarkers, readMarkers } from "../../simulator/mutation/marker";
import { mutateSource } from "../../simulator/mutation/mutation";
import { insertBefore, type Operation, onlyIf, remove, replace } from "../../simulator/mutation/operations";
import { queueMutants } from "../queue/queue-mutants";
import { invariantMutants } from "./invariant-mutants";
import { mutants } from "./mutants";
import { regressionMutants } from "./regression-mutants";

const root = join(import.meta.dirname, "..", "..");

describe("the mutants", () => {
	const all = [...mutants, ...Object.values(invariantMutants).flat(), ...regressionMutants, ...queueMutants];
	const markers = readMarkers();
	const used = new Set<string>();
	/** Notes the markers that are looked up. */
	const lookup = new Map(markers);
	lookup.get = (id) => {
		used.add(id);
		return markers.get(id);
	};

	test.each(all)("$name: the mutation applies", (mutation) => {
		const { path, contents } = mutateSource(mutation, lookup);
		expect(contents).not.toBe(readFileSync(join(root, path), "utf8"));
		expect(parseSync(path, contents).errors).toEqual([]);
	});

	test("use each marker in the sources", () => {
		for (const mutation of all) mutateSource(mutation, lookup);
		expect([...markers.keys()].filter((id) => !used.has(id))).toEqual([]);
	});
});

describe("a marker", () => {
	const marked = (source: string) =>
		findMarkers(source, "a.ts").map(({ id, node }) => [id, source.slice(node.start, node.end)]);

	test.each([
		["a statement", "// mutation: x\nif (a) b();", "if (a) b();"],
		["an exported declaration", "// mutation: x\nexport const a = 1;", "export const a = 1;"],
		["a property", "f({\n// mutation: x\na: 1, b });", "a: 1"],
		["an operand", "a ??\n// mutation: x\n(b || c);", "(b || c)"],
		["a class member", "class A {\n// mutation: x\n#a = 1;\n}", "#a = 1;"],
		["a node behind other comments", "// mutation: x\n// Other.\n/* More. */ a();", "a();"],
		["a node behind characters of several bytes", '"\u{1F326} ü";\n// mutation: x\na();', "a();"],
	])("marks %s", (_, source, expected) => {
		expect(marked(source)).toEqual([["x", expected]]);
	});

	test("must be above something, on a line of its own", () => {
		expect(() => marked("{ a();\n// mutation: x\n}")).toThrow("a.ts: marker x is above no");
		expect(() => marked("a();\n// mutation: x\n")).toThrow("a.ts: marker x is above no");
		expect(() => marked("a(); // mutation: x\nb();")).toThrow("a.ts: marker x is not on a line of its own");
	});
});

describe("an operation", () => {
	function mutated(statement: string, mutate: Operation): string {
		const before = "// mutation: other-id\nc.d = e;\nfunction f() {\n// mutation: x\n";
		const markers = findMarkers(`${before}${statement}}`, "a.ts").map((each) => [each.id, each] as const);
		const { contents } = mutateSource({ at: "x", mutate }, new Map(markers));
		return contents.slice(before.length, -1);
	}

	test.each([
		["removes a statement", "a();", remove(), ";"],
		["replaces an initializer", "const a = b;", replace("$0", "1"), "const a = (1);"],
		["replaces what is assigned", "a += b;", replace("$0", "$0 + 1"), "a += (b + 1);"],
		["replaces what is returned", "return a ? b : c;", replace("$3", "1"), "return a ? b : (1);"],
		["replaces a condition", "if (a) b();", replace("$0", "!$0"), "if ((!a)) b();"],
		["replaces an argument", "a(b, c.d);", replace("$2", "$2 * 2"), "a(b, ((c.d) * 2));"],
		["drops an operand", "a = b && (c || d || e);", replace("$2", "$2.1 || $2.3"), "a = b && ((c || e));"],
		["takes what is called", "a.b(c);", insertBefore("$0.callee()"), "(a.b)();\na.b(c);"],
		["takes a member's name", "a(b.c);", replace("$1", "{ $1.key: 1 }"), "a(({ c: 1 }));"],
		["takes what is counted", "a++;", replace("$0", "$1--"), "(a--);"],
		["takes a part of a string", "a(`$" + "{b} $" + "{c}`);", replace("$1", "$1.2"), "a((c));"],
		["takes values from elsewhere", "a();", insertBefore("b($other-id)"), "b(e);\na();"],
		["takes targets from elsewhere", "a();", onlyIf("$other-id.target > 1"), "if ((c.d) > 1) a();"],
	])("%s", (_, source, mutate, expected) => {
		expect(mutated(source, mutate)).toBe(expected);
	});

	test("says which part or marker is missing", () => {
		expect(() => mutated("a(b);", replace("$2", "1"))).toThrow("marker x has no $2");
		expect(() => mutated("a(b);", replace("$1", "$other-id.1"))).toThrow(
			"marker other-id has no $other-id.1",
		);
		expect(() => mutated("a(b);", replace("$1", "$none"))).toThrow("no source has the marker none");
	});
});
