import { expect, test } from "vitest";
import { inlineConstants } from "../../scripts/inline-constants";

test("numbers of a table stand where they are used, and the table is gone", () => {
	const source = [
		"/** Registers. */",
		"const register = Object.freeze({ id: 0x0f, data: 10, scale: -1.5e-3 });",
		"export const read = (chip) => chip.read(register.id, other.register.id) * register.scale;",
		"",
	].join("\n");
	expect(inlineConstants(source)).toBe(
		"/** Registers. */\nexport const read = (chip) => chip.read((0x0f), other.register.id) * (-1.5e-3);\n",
	);
});

test("on several lines, with comments, as the compiler writes it", () => {
	const source =
		"const ms = Object.freeze({\n    /** Least, most. */\n    min: 31,\n    max: 69,\n});\nexport const f = () => ms.max - ms.min;\n";
	expect(inlineConstants(source)).toBe("export const f = () => (69) - (31);\n");
});

test.each([
	["an exported table", "export const a = Object.freeze({ b: 1 });\nconst c = () => a.b;\n"],
	[
		"one that is used as a whole",
		"const a = Object.freeze({ b: 1 });\nconst c = () => Object.keys(a).length + a.b;\n",
	],
	["one that is indexed", "const a = Object.freeze({ b: 1 });\nconst c = (key) => a[key];\n"],
	["one that is destructured", "const a = Object.freeze({ b: 1 });\nconst { b } = a;\n"],
	["one with other values", 'const a = Object.freeze({ b: 1, c: "d" });\nconst e = () => a.b;\n'],
	["an unknown member", "const a = Object.freeze({ b: 1 });\nconst c = () => a.constructor;\n"],
	["one that is exported later", "const a = Object.freeze({ b: 1 });\nexport { a };\n"],
])("%s stays", (_, source) => {
	expect(inlineConstants(source)).toBe(source);
});
