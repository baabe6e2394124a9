import type { OperationTable } from "./instructions";

/**
 * Makes functions in the linked machine (`mc.xs.c`) use strings and code of closures in place, in flash. The SDK's linker
 * leaves operations in preloaded code that copy them to RAM each time.
 */
export function readInPlace(machine: string, table: OperationTable): string {
	const substitutes = new Map<number, number>();
	for (const name of ["CODE", "STRING"]) {
		const inPlace = table.operations.get(`${name}_ARCHIVE`)?.encodings ?? [];
		for (const { code, width } of table.operations.get(name)?.encodings ?? []) {
			const substitute = inPlace.find((each) => each.width === width);
			if (substitute === undefined) throw new Error(`XS has no ${name} that reads in place.`);
			substitutes.set(code, substitute.code);
		}
	}
	return machine.replace(codeTexts, (_, before: string, text: string) => {
		const code = Buffer.from(text.replaceAll("\\x", ""), "hex");
		if (code.length * 4 !== text.length)
			throw new Error("The linker's byte code is not as this script knows it.");
		for (let at = 0; at < code.length; ) {
			const operation = code[at] ?? 0;
			const { name = "", width = 0 } = table.byCode[operation] ?? {};
			const kind = table.operations.get(name)?.kind;
			if (kind === undefined || at + 1 + width > code.length) throw new Error("This is no byte code.");
			code[at] = substitutes.get(operation) ?? operation;
			// The code of a function that is made follows as instructions.
			at += 1 + width + (kind === "sized" ? code.readUIntLE(at + 1, width) : 0);
		}
		return `${before}${code.toString("hex").replace(/../g, "\\x$&")}"`;
	});
}

/** Of a slot: the code of its function. */
const codeTexts = /(\bcode = \{ \(txByte\*\)")((?:[^"\\]|\\.)*)"/g;
