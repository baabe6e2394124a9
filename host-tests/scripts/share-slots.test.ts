import { expect, test } from "vitest";
import { shareSlots } from "../../scripts/byte-code/share-slots";

/** As the SDK's linker writes it. */
function machineOf(slots: readonly string[], after = ""): string {
	const lines = slots.map((slot, index) => `/* ${String(index).padStart(4, "0")} */\t${slot}`).join("\n");
	return `#define mxHeapCount ${slots.length}\nstatic const txSlot gxHeap[mxHeapCount] = {\n${lines}};\n\n${after}`;
}

function slotsOf(machine: string): string[] {
	const lines = machine.split("\n").filter((line) => line.startsWith("/* "));
	expect(machine).toContain(`#define mxHeapCount ${lines.length}\n`);
	return lines.map((line) => line.replace(/^\/\* \d+ \*\/\t/, "").replace(/\};$/, ""));
}

const to = (index: number | undefined) => (index === undefined ? "NULL" : `(txSlot*)&gxHeap[${index}]`);
const slot = (kind: string, next: number | undefined, value: string) =>
	`{ ${to(next)}, {.ID = XS_NO_ID, .flag = 0x80, .kind = XS_${kind}_KIND}, .value = { ${value} } },`;
const integer = (value: number, next?: number) => slot("INTEGER", next, `.integer = ${value}`);
const instance = (next: number) => slot("INSTANCE", next, ".instance = { NULL, NULL }");
const code = (text: string, closures?: number) =>
	slot(
		"CODE_X",
		undefined,
		`.code = { (txByte*)"${text}", ${closures === undefined ? "NULL" : to(closures)} }`,
	);
const closure = (cell: number, next?: number) => slot("CLOSURE", next, `.closure = ${to(cell)}`);
const first = slot("REFERENCE", undefined, ".reference = NULL");
const last = slot("REFERENCE", undefined, ".reference = NULL").replace(/,$/, "");

test("equal slots become one, also if they refer to equal slots", () => {
	const machine = machineOf(
		[first, integer(7), closure(1), integer(7), closure(3), integer(8, 2), integer(8, 4), last],
		`keys = { ${to(4)}, ${to(6)} };`,
	);
	const shared = shareSlots(machine);
	expect(slotsOf(shared)).toEqual([first, integer(7), closure(1), integer(8, 2), last]);
	expect(shared).toContain(`keys = { ${to(2)}, ${to(3)} };`);
	expect(shareSlots(shared)).toBe(shared);
});

test("functions share the environment in which they find the same variables, and stay apart", () => {
	const machine = machineOf([
		...[first, integer(7), closure(1), instance(2), code("\\x01", 3)],
		...[closure(1), instance(5), code("\\x02", 6), instance(4), instance(4), last],
	]);
	expect(slotsOf(shareSlots(machine))).toEqual([
		...[first, integer(7), closure(1), instance(2), code("\\x01", 3)],
		...[code("\\x02", 3), instance(4), instance(4), last],
	]);
});

test("the items of arrays stay where they are, one after the other", () => {
	const chunk = (length: number) => slot("INTEGER", undefined, `.integer = ${length} * sizeof(txSlot)`);
	const array = (at: number) => slot("ARRAY", undefined, `.array = { ${to(at)}, 2 }`);
	const slots = [
		first,
		array(3),
		chunk(2),
		integer(7),
		integer(7),
		array(7),
		chunk(2),
		integer(7),
		integer(7),
		last,
	];
	expect(slotsOf(shareSlots(machineOf(slots)))).toEqual(slots);
});

test("what is not known to be safe is not shared", () => {
	const key = slot("KEY_X", undefined, '.key = { "a", 1 }');
	const slots = [
		first,
		key,
		key,
		slot("HOST", undefined, ".host = 0"),
		slot("HOST", undefined, ".host = 0"),
		last,
	];
	expect(slotsOf(shareSlots(machineOf(slots)))).toEqual(slots);
});

test("code does not end with zeros that fill it up", () => {
	const machine = machineOf([first, code("\\x00\\x0c\\x00\\x44\\x00\\x00\\x00"), last]);
	expect(slotsOf(shareSlots(machine))[1]).toBe(code("\\x00\\x0c\\x00\\x44"));
});

test.each([
	["", "linker's output"],
	[machineOf([first, "{ NULL },", last]), "list of slots"],
	[machineOf([first, last]).replace("/* 0001 */", "/* 0002 */"), "list of slots"],
])("another output is an error", (machine, message) => {
	expect(() => shareSlots(machine)).toThrow(message);
});
