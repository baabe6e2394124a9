import { expect, test } from "vitest";
import { type OperationTable, readOperations } from "../../scripts/byte-code/instructions";
import { readInPlace } from "../../scripts/byte-code/read-in-place";

/** As in the SDK's `xsCommon.c`, with fewer operations; their numbers are their places. */
const operations: readonly (readonly [name: string, size: number])[] = [
	["XS_NO_CODE", 1],
	["XS_CODE_ARGUMENT", 2],
	["XS_CODE_BRANCH_1", 2],
	["XS_CODE_CATCH_1", 2],
	["XS_CODE_CODE_ARCHIVE_1", 2],
	["XS_CODE_CODE_ARCHIVE_2", 3],
	["XS_CODE_CODE_1", 2],
	["XS_CODE_CODE_2", 3],
	["XS_CODE_END", 1],
	["XS_CODE_GET_LOCAL_1", 2],
	["XS_CODE_GET_PROPERTY", 0],
	["XS_CODE_NEW_LOCAL", 0],
	["XS_CODE_NUMBER", 9],
	["XS_CODE_STRING_1", -1],
	["XS_CODE_STRING_2", -2],
	["XS_CODE_STRING_ARCHIVE_1", -1],
	["XS_CODE_STRING_ARCHIVE_2", -2],
];

function tableOf(names: typeof operations): OperationTable {
	const entries = names.map(([name, size]) => `\t${size} /* ${name} */,`).join("\n");
	return readOperations(`const txS1 gxCodeSizes[XS_CODE_COUNT] ICACHE_FLASH_ATTR = {\n${entries}\n};`);
}

const table = tableOf(operations);
const [code1, code2, end, property, number, text1, text2] = [
	"CODE_1",
	"CODE_2",
	"END",
	"GET_PROPERTY",
	"NUMBER",
	"STRING_1",
	"STRING_2",
].map((name) => operations.findIndex(([each]) => each === `XS_CODE_${name}`));
const inPlace = new Map([
	[code1, 4],
	[code2, 5],
	[text1, 15],
	[text2, 16],
]);

function slot(bytes: readonly (number | undefined)[]): string {
	const text = bytes.map((byte = 0) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
	return `/* 7 */\t{ NULL, {.kind = XS_CODE_X_KIND}, .value = { .code = { (txByte*)"${text}", NULL } } },\n`;
}

const substitute = (operation: number | undefined) => inPlace.get(operation);

test("a function that is made and a text are read where they are, also in a function that is made", () => {
	const inner = (text: number | undefined) => [text, 2, code1, 0, end];
	expect(readInPlace(slot([code1, 1, end, code2, 1, 0, end, text2, 1, 0, 0]), table)).toBe(
		slot([substitute(code1), 1, end, substitute(code2), 1, 0, end, substitute(text2), 1, 0, 0]),
	);
	expect(readInPlace(slot([code1, 5, ...inner(text1), end]), table)).toBe(
		slot([substitute(code1), 5, ...inner(substitute(text1)), end]),
	);
});

test("bytes of texts, numbers and names that look like these operations stay as they are", () => {
	const bytes = [number, code1, code1, text1, text1, code2, text2, code1, code1];
	const name = [property, code1, text1];
	expect(readInPlace(slot([...bytes, ...name, text1, 3, code1, text1, 0, end]), table)).toBe(
		slot([...bytes, ...name, substitute(text1), 3, code1, text1, 0, end]),
	);
});

test("other output of the linker is unchanged", () => {
	const other = `static const char name[] = "\\x06\\x01";\n${slot([end])}`;
	expect(readInPlace(other, table)).toBe(other);
});

test("invalid byte code, and an engine without the operations, are refused", () => {
	expect(() => readInPlace(slot([end, 200]), table)).toThrow("This is no byte code.");
	expect(() => readInPlace(slot([end, code2, 1]), table)).toThrow("This is no byte code.");
	expect(() => readInPlace(slot([end]).replace("\\x", "\\n"), table)).toThrow("not as this script knows it");
	const without = tableOf(operations.filter(([name]) => name !== "XS_CODE_STRING_ARCHIVE_2"));
	expect(() => readInPlace(slot([end]), without)).toThrow("XS has no STRING that reads in place.");
});
