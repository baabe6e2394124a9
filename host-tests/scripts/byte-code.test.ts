import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { decode, encode, type Instruction, readOperations } from "../../scripts/byte-code/instructions";
import { readModuleFile, writeModuleFile } from "../../scripts/byte-code/module-file";
import { optimizeFunctions, optimizeModule } from "../../scripts/byte-code/optimize";
import { findSdk } from "../../scripts/sdk";
import { RandomProgram } from "./random-program";

/** As in the SDK's `xsCommon.c`, with fewer operations. */
const sizes: readonly (readonly [name: string, size: number])[] = [
	["XS_NO_CODE", 1],
	["XS_CODE_ADD", 1],
	["XS_CODE_ARGUMENT", 2],
	["XS_CODE_BEGIN_STRICT", 2],
	["XS_CODE_BRANCH_1", 2],
	["XS_CODE_BRANCH_2", 3],
	["XS_CODE_BRANCH_4", 5],
	["XS_CODE_BRANCH_ELSE_1", 2],
	["XS_CODE_BRANCH_ELSE_2", 3],
	["XS_CODE_BRANCH_ELSE_4", 5],
	["XS_CODE_CATCH_1", 2],
	["XS_CODE_CODE_1", 2],
	["XS_CODE_CODE_2", 3],
	["XS_CODE_CODE_4", 5],
	["XS_CODE_CONST_LOCAL_1", 2],
	["XS_CODE_DUB", 1],
	["XS_CODE_END_ARROW", 1],
	["XS_CODE_END", 1],
	["XS_CODE_GET_LOCAL_1", 2],
	["XS_CODE_INTEGER_1", 2],
	["XS_CODE_INTEGER_2", 3],
	["XS_CODE_NEW_CLOSURE", 0],
	["XS_CODE_NEW_LOCAL", 0],
	["XS_CODE_NUMBER", 9],
	["XS_CODE_POP", 1],
	["XS_CODE_RESERVE_1", 2],
	["XS_CODE_RESERVE_2", 3],
	["XS_CODE_RUN", 1],
	["XS_CODE_RUN_1", 2],
	["XS_CODE_SET_LOCAL_1", 2],
	["XS_CODE_SET_RESULT", 1],
	["XS_CODE_STRING_1", -1],
	["XS_CODE_STRING_2", -2],
	["XS_CODE_UNWIND_1", 2],
	["XS_CODE_VAR_LOCAL_1", 2],
	["XS_CODE_YIELD", 1],
];
const entries = sizes.map(([name, size]) => `\t${size} /* ${name} */,`).join("\n");
const table = readOperations(`const txS1 gxCodeSizes[XS_CODE_COUNT] ICACHE_FLASH_ATTR = {\n${entries}\n};`);
const code = (name: string) => sizes.findIndex(([each]) => each === `XS_CODE_${name}`);

/** A function's instructions from text: `GET_LOCAL 1`. */
function assemble(lines: readonly string[]): Instruction[] {
	return lines.map((line) => {
		const [operation = "", operand = "0"] = line.split(" ");
		return { operation, operand: Number(operand) };
	});
}

function optimized(body: Instruction[]): string[] {
	optimizeFunctions([{ operation: "CODE", operand: 0, body }]);
	return body
		.filter(({ removed }) => removed !== true)
		.map(({ operation, operand }) => (operand === 0 ? operation : `${operation} ${operand}`));
}

describe("byte code", () => {
	test("is the same after it was decoded and encoded", () => {
		const inner = [code("BEGIN_STRICT"), 0, code("STRING_1"), 2, 0x61, 0, code("SET_RESULT"), code("END")];
		const bytes = Buffer.from([
			...[code("INTEGER_2"), 0x2c, 0x01, code("INTEGER_1"), 0xff, code("NUMBER"), 1, 2, 3, 4, 5, 6, 7, 8],
			...[code("BRANCH_1"), 0xfe, code("NEW_LOCAL"), 0x34, 0x12, code("RUN"), code("RUN_1"), 3],
			...[code("CODE_1"), inner.length, ...inner, code("YIELD")],
		]);
		expect(encode(decode(bytes, table), table)).toEqual(bytes);
	});

	test("has the shortest branch that reaches its target, also over branches that must grow", () => {
		const far = (distance: number) => {
			const end: Instruction = { operation: "END", operand: 0 };
			const branch = (): Instruction => ({ operation: "BRANCH", operand: 0, target: end });
			const filling = Array.from({ length: distance }, () => ({ operation: "POP", operand: 0 }));
			return encode([branch(), branch(), ...filling, end], table);
		};
		expect([...far(125).subarray(0, 4)]).toEqual([code("BRANCH_1"), 127, code("BRANCH_1"), 125]);
		expect([...far(126).subarray(0, 5)]).toEqual([code("BRANCH_2"), 128, 0, code("BRANCH_1"), 126]);
		expect([...far(128).subarray(0, 6)]).toEqual([code("BRANCH_2"), 131, 0, code("BRANCH_2"), 128, 0]);
		expect(far(40_000)[0]).toBe(code("BRANCH_4"));
		const long = Buffer.from([code("BRANCH_4"), 1, 0, 0, 0, code("POP"), code("END")]);
		expect([...encode(decode(long, table), table)]).toEqual([code("BRANCH_1"), 1, code("POP"), code("END")]);
	});

	test.each([
		[[255], "no byte code"],
		[[code("NUMBER"), 1], "within an instruction"],
		[[code("BRANCH_1"), 9], "into an instruction"],
		[[code("STRING_1"), 9], "outside of its function"],
		[[code("CODE_1"), 9], "outside of its module"],
	])("%s cannot be decoded: %s", (bytes, message) => {
		expect(() => decode(Buffer.from(bytes), table)).toThrow(message);
	});

	test("an unknown table of operations is an error", () => {
		expect(() => readOperations("")).toThrow("not as this script knows it");
		expect(() => readOperations("gxCodeSizes[XS_CODE_COUNT] = {\n\t1 /* XS_NO_CODE */,\n};")).toThrow(
			"XS has no",
		);
	});

	test("a module's file keeps its names and what else is in it", () => {
		const atom = (type: string, data: readonly number[]) => {
			const size = Buffer.alloc(4);
			size.writeUInt32BE(8 + data.length);
			return [...size, ...Buffer.from(type), ...data];
		};
		const file = Buffer.from(
			atom("XS_B", [
				...atom("VERS", [1, 2, 3, 4]),
				...atom("SYMB", [3, 0, 0x61, 0, 0x62, 0x63, 0]),
				...atom("CODE", [code("END")]),
				...atom("HOST", [7]),
			]),
		);
		const module = readModuleFile(file);
		expect(module.names.map(String)).toEqual(["a", "bc"]);
		expect(writeModuleFile(module)).toEqual(file);
		expect(() => readModuleFile(file.subarray(0, 30))).toThrow("no compiled module");
		expect(() => readModuleFile(Buffer.from(atom("XS_B", atom("VERS", [1]))))).toThrow("has no code");
	});
});

describe("a function", () => {
	test("reads its parameters from the arguments, and neither makes nor removes locals", () => {
		const body = assemble([
			...["BEGIN_STRICT 1", "RESERVE 2", "NEW_LOCAL 7", "ARGUMENT", "VAR_LOCAL 1", "POP", "NEW_LOCAL 8"],
			...["GET_LOCAL 1", "GET_LOCAL 1", "ADD", "CONST_LOCAL 2", "POP", "GET_LOCAL 2", "GET_LOCAL 1", "ADD"],
			...["GET_LOCAL 2", "ADD", "SET_RESULT", "UNWIND 2", "END"],
		]);
		expect(optimized(body)).toEqual([
			...["BEGIN_STRICT 1", "RESERVE 1", "ARGUMENT", "ARGUMENT", "ADD", "SET_LOCAL 1", "ARGUMENT", "ADD"],
			...["GET_LOCAL 1", "ADD", "SET_RESULT", "END"],
		]);
	});

	test("keeps a parameter that it changes", () => {
		const body = assemble([
			...["BEGIN_STRICT 1", "RESERVE 1", "NEW_LOCAL 7", "ARGUMENT", "VAR_LOCAL 1", "POP", "INTEGER 5", "POP"],
			...["GET_LOCAL 1", "INTEGER 1", "ADD", "SET_LOCAL 1", "POP", "INTEGER 6", "GET_LOCAL 1", "ADD"],
			...["SET_RESULT", "END"],
		]);
		expect(optimized(body)).toEqual([
			...["BEGIN_STRICT 1", "RESERVE 1", "ARGUMENT", "PULL_LOCAL 1", "INTEGER 5", "POP", "GET_LOCAL 1"],
			...["INTEGER 1", "ADD", "PULL_LOCAL 1", "INTEGER 6", "GET_LOCAL 1", "ADD", "SET_RESULT", "END"],
		]);
	});

	test("that asks for a local before it assigns it keeps that one", () => {
		const lines = [
			"BEGIN_STRICT",
			"RESERVE 1",
			"NEW_LOCAL 7",
			"GET_LOCAL 1",
			"POP",
			"INTEGER 1",
			"CONST_LOCAL 1",
		];
		const body = assemble([...lines, "SET_RESULT", "END"]);
		expect(optimized(body)).toEqual([...lines, "SET_RESULT", "END"]);
	});

	test("that suspends itself, or is not known, keeps its locals", () => {
		const lines = [
			"BEGIN_STRICT",
			"RESERVE 1",
			"NEW_LOCAL 7",
			"INTEGER 1",
			"VAR_LOCAL 1",
			"POP",
			"YIELD",
			"END",
		];
		expect(optimized(assemble(lines))).toEqual(lines);
	});
});

const sdk = (() => {
	try {
		return findSdk();
	} catch {
		return undefined;
	}
})();

/** What a program throws when the SDK's linker, which is XS, runs it. */
function runInXs(program: string, isOptimized: boolean): string {
	const folder = mkdtempSync(join(tmpdir(), "byte-code-"));
	try {
		const run = (tool: string, args: readonly string[]) =>
			spawnSync(tool, args, { cwd: folder, env: sdk?.environment, timeout: 60_000, encoding: "utf8" });
		writeFileSync(join(folder, "program.js"), program);
		run("xsc", ["program.js", "-c", "-e", "-o", ".", "-r", "program"]);
		const compiled = join(folder, "program.xsb");
		if (isOptimized) {
			const xsCommon = readFileSync(join(sdk?.path ?? "", "xs", "sources", "xsCommon.c"), "utf8");
			const operations = readOperations(xsCommon);
			const shorter = optimizeModule(readFileSync(compiled), operations);
			expect(shorter.length).toBeLessThan(readFileSync(compiled).length);
			// `make` may come to one that is short already.
			writeFileSync(compiled, optimizeModule(shorter, operations));
		}
		const creation = "43008,0,4800,0,768,32,32,53,3,1024,17";
		const { stderr } = run("xsl", ["-b", ".", "-o", ".", "-c", creation, "-p", "program.xsb", "program.xsb"]);
		return /results ([^\n!]*)/.exec(stderr)?.[1] ?? stderr;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Throws a checksum of what each of the functions returns, or throws, for some arguments. */
function programOf(functions: readonly string[]): string {
	return `const functions = [${functions.join(",\n")}];
const hash = (text) => {
	let sum = 0;
	for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
	return sum;
};
const show = (value) => JSON.stringify(value) ?? "-";
const sums = functions.map((each) => {
	let text = "";
	for (const values of [[], [1, 2, 3], [7, [1, 2], [4]], [-3, undefined, [0]], [2, 0, [9]]])
		try {
			text += show(each(...values));
		} catch (error) {
			text += typeof error === "object" ? error.name : "thrown " + show(error);
		}
	return hash(text);
});
throw new Error("results " + sums.join(" "));`;
}

function runInNode(program: string): string {
	try {
		runInNewContext(program);
	} catch (error) {
		return String(error).replace(/^.*results /, "");
	}
	return "";
}

const seed = Math.floor(Math.random() * 2 ** 31);

test.skipIf(sdk === undefined)(
	`XS runs shortened functions as it does others, and as Node does (seed ${seed})`,
	{ timeout: 180_000 },
	() => {
		const random = new RandomProgram(seed);
		const program = programOf(Array.from({ length: 40 }, () => random.function()));
		const expected = runInNode(program);
		expect(expected.split(" ")).toHaveLength(40);
		expect(runInXs(program, false)).toBe(expected);
		expect(runInXs(program, true)).toBe(expected);
	},
);
