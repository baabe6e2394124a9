import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileWithNames, functionsToArrows } from "../../scripts/typescript";

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

describe("C", () => {
	let directory: string;

	beforeEach(() => {
		directory = mkdtempSync(join(tmpdir(), "names-"));
		for (const name of ["app.xsb", "serial.c.xsi", "flash.c.xsi", "flash.c"]) write(name, name);
	});

	afterEach(() => rmSync(directory, { recursive: true }));

	const write = (name: string, text: string) => writeFileSync(join(directory, name), text);

	/** What is compiled, by rules like the SDK's; then everything that is there counts as equally old. */
	function build(modules = ["app.xsb", "serial.c.xsi", "flash.c.xsi"]): string {
		const makefile = [
			"TMP_DIR = .",
			`MODULES = ${modules.map((name) => `$(TMP_DIR)/${name}`).join(" ")}`,
			"OBJECTS = $(TMP_DIR)/flash.c.o",
			"build: $(OBJECTS)",
			"$(TMP_DIR)/mc.xs.c: $(MODULES)",
			"\ttouch $@",
			"$(TMP_DIR)/flash.c.o: flash.c | $(TMP_DIR)/mc.xs.c",
			"\techo cc $<",
			"\ttouch $@",
			"MAKEFLAGS += --jobs=2 --silent",
			"",
		].join("\n");
		write("makefile", compileWithNames(makefile));
		const output = execFileSync("make", [], { cwd: directory, encoding: "utf8" });
		for (const name of readdirSync(directory)) utimesSync(join(directory, name), 1e9, 1e9);
		return output;
	}

	test("is recompiled when another module adds names before its own", () => {
		expect(build(["app.xsb", "flash.c.xsi"])).toBe("cc flash.c\n");
		// As each build removes all byte code.
		write("app.xsb", "");
		expect(build()).toBe("cc flash.c\n");
		write("app.xsb", "");
		expect(build(["app.xsb", "flash.c.xsi"])).toBe("cc flash.c\n");
	});

	test("is recompiled when the names of a module before it change", () => {
		build();
		write("serial.c.xsi", "baud");
		expect(build()).toBe("cc flash.c\n");
	});

	test("is not compiled again for other JavaScript, or the same names", () => {
		build();
		write("app.xsb", "changed");
		write("serial.c.xsi", "serial.c.xsi");
		expect(build()).toBe("");
	});
});
