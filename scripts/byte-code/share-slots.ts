/**
 * Merges equal slots of the linked machine (`mc.xs.c`), and removes the zero padding of byte code. Preloaded slots are never
 * written: changing a preloaded object copies it to RAM.
 *
 * Merged are properties with those that follow, the parts of functions, and closure environments. Objects and functions are
 * not: each has its identity.
 */
export function shareSlots(machine: string): string {
	const [before = "", heap = "", after = ""] = splitHeap(machine);
	const slots = heap.split("\n").map(readSlot);
	const environments = new Set(
		slots.map(({ text }) => Number(/\bcode = .*&gxHeap\[(\d+)\]/.exec(text)?.[1])),
	);
	const fixed = findFixed(slots);
	const isShareable = ({ kind }: Slot, index: number) =>
		!fixed.has(index) && (sharedKinds.has(kind) || (kind === "INSTANCE" && environments.has(index)));
	const places = slots.map((_, index) => index);
	const resolve = (text: string) =>
		text.replace(references, (_, index: string) => `gxHeap[${places[Number(index)] ?? index}]`);
	// What two slots have in common can be that they refer to others that are the same.
	for (let hasChanged = true; hasChanged; ) {
		hasChanged = false;
		const known = new Map<string, number>();
		for (const [index, slot] of slots.entries()) {
			if (places[index] !== index || !isShareable(slot, index)) continue;
			const text = resolve(slot.text);
			const same = known.get(text);
			if (same === undefined) known.set(text, index);
			else {
				places[index] = same;
				hasChanged = true;
			}
		}
		for (const [index, place] of places.entries()) places[index] = places[place] ?? place;
	}
	const numbers = new Map<number, number>();
	for (const index of places.keys()) if (places[index] === index) numbers.set(index, numbers.size);
	const renumber = (text: string) =>
		text.replace(references, (_, index: string) => {
			const place = places[Number(index)];
			// One past the last is the end.
			const number = place === undefined ? numbers.size : numbers.get(place);
			return `gxHeap[${number}]`;
		});
	const kept = slots.filter((_, index) => places[index] === index);
	const lines = kept.map(({ text }, index) => `/* ${index} */\t${renumber(shortenCode(text))}`);
	const head = before.replace(/^#define mxHeapCount \d+$/m, `#define mxHeapCount ${numbers.size}`);
	return `${renumber(head)}${lines.join("\n")}${renumber(after)}`;
}

interface Slot {
	/** In C, without its number. */
	readonly text: string;
	/** XS's name of it, without `XS_` and `_KIND`. */
	readonly kind: string;
}

const references = /\bgxHeap\[(\d+)\]/g;

const sharedKinds: ReadonlySet<string> = new Set([
	"ACCESSOR",
	"BOOLEAN",
	"CLOSURE",
	"CODE_X",
	"HOME",
	"INTEGER",
	"NULL",
	"NUMBER",
	"REFERENCE",
	"STRING_X",
	"UNDEFINED",
]);

/** The text before, in and after the list of slots. */
function splitHeap(machine: string): readonly string[] {
	const start = "static const txSlot gxHeap[mxHeapCount] = {\n";
	const at = machine.indexOf(start) + start.length;
	const end = machine.indexOf("};\n", at);
	if (at < start.length || end < 0) throw new Error("The linker's output is not as this script knows it.");
	return [machine.slice(0, at), machine.slice(at, end), machine.slice(end)];
}

function readSlot(line: string, index: number): Slot {
	const [, number, text = ""] = /^\/\* (\d+) \*\/\t(.*)$/.exec(line) ?? [];
	const [, kind = ""] = /\.kind = XS_(\w+)_KIND/.exec(text) ?? [];
	if (Number(number) !== index || kind === "")
		throw new Error("The linker's list of slots is not as this script knows it.");
	return { text, kind };
}

/** The first and the last slot, and those of arrays, which are one after the other. */
function findFixed(slots: readonly Slot[]): ReadonlySet<number> {
	const fixed = new Set([0, slots.length - 1]);
	for (const [index, { text }] of slots.entries()) {
		const [, length] = /\.integer = (\d+) \* sizeof\(txSlot\)/.exec(text) ?? [];
		for (let item = index; length !== undefined && item <= index + Number(length); item++) fixed.add(item);
	}
	return fixed;
}

/** No function ends with a zero: they fill its code up. */
function shortenCode(slot: string): string {
	return slot.replace(/(\bcode = \{ \(txByte\*\)"(?:[^"\\]|\\.)*?)(?:\\x00)+"/, '$1"');
}
