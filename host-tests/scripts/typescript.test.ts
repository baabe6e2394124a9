import { expect, test } from "vitest";
import { functionsToArrows } from "../../scripts/typescript";

test("declared functions become arrow functions, in front of what calls them", () => {
	const source = [
		'import { a } from "a";',
		"export const early = f(1);",
		"export function f(x, { y } = {}) {",
		"    return g(x, y);",
		"}",
		"async function g() { }",
		"",
	].join("\n");
	expect(functionsToArrows(source)).toBe(
		[
			'import { a } from "a";',
			"export const f = (x, { y } = {}) => {",
			"    return g(x, y);",
			"};",
			"const g = async () => { };",
			"export const early = f(1);",
			"",
		].join("\n"),
	);
});

test.each([
	"function* f() { }",
	"function f() {\n    return this.x;\n}",
	"function f() {\n    return arguments.length;\n}",
	"class C {\n    m() { }\n}",
	"export default function f() { }",
])("%s stays as it is", (source) => {
	expect(functionsToArrows(`${source}\n`)).toBe(`${source}\n`);
});
