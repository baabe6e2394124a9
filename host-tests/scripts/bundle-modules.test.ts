import { expect, test } from "vitest";
import { bundleModules } from "../../scripts/bundle-modules";

/** What a module exports, run by itself. */
function run(javascript: string): Promise<Readonly<Record<string, unknown>>> {
	return import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(javascript)}`);
}

const counter = {
	specifier: "src/counter",
	javascript: [
		"export const step = 2 * 3;",
		"const first = 1000 - 900;",
		"let count = first;",
		"export const next = () => (count += step);",
		"export class Counter { value = step; }",
		"export { first as start };",
	].join("\n"),
};
const names = {
	specifier: "src/text/names",
	javascript: [
		'import { sep as separator } from "node:path";',
		'import { next, step as width } from "../counter";',
		'export { Counter as Tally } from "../counter";',
		"const count = 7;",
		"export const describe = (step) => ({ count, width, step, separator, next: next() });",
		"export const shadow = (next) => { const width = next; return { width }; };",
	].join("\n"),
};
const user = {
	specifier: "main",
	javascript: [
		'import { describe, shadow, Tally } from "src/text/names";',
		'import { next as step } from "src/counter";',
		"export const seen = [describe(1), step(), shadow(5), new Tally().value];",
	].join("\n"),
};

test("joined modules do what they did, also for a module that stays outside", async () => {
	const { bundle, users } = bundleModules([names, counter], [user], "src/counter");
	const address = `data:text/javascript,${encodeURIComponent(bundle)}`;
	const { seen } = await run((users[0] ?? "").replaceAll('"src/counter"', JSON.stringify(address)));
	expect(seen).toEqual([{ count: 7, width: 6, step: 1, separator: "/", next: 106 }, 112, { width: 5 }, 6]);
});

test("what only the joined modules use has no name of its own, and numbers are where they are used", () => {
	const { bundle } = bundleModules([names, counter], [user], "src/counter");
	expect(bundle.match(/^import .*$/gm)).toHaveLength(1);
	expect(bundle).not.toMatch(/describe|shadow|first|900|const step/);
	expect(bundle.match(/^export \{[^}]*\}/m)?.[0].split(",")).toHaveLength(4);
});

test.each([
	['import { missing } from "./counter";', "does not export"],
	["export default 1;", "does not know"],
	['export * from "./counter";', "does not know"],
	["export const a = ;", "cannot be read"],
])("%s is an error", (javascript, message) => {
	expect(() => bundleModules([counter, { specifier: "src/b", javascript }], [], "src/b")).toThrow(message);
});

test("a circle of imports is an error", () => {
	const a = { specifier: "a", javascript: 'import { b } from "b"; export const a = () => b;' };
	const b = { specifier: "b", javascript: 'import { a } from "a"; export const b = () => a;' };
	expect(() => bundleModules([a, b], [], "a")).toThrow("imports itself");
});
