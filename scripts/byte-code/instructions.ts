/**
 * XS's byte code as a list of instructions. The numbers and sizes of operations are read from the SDK's own table
 * (`gxCodeSizes` in `xsCommon.c`), so that they are those of the engine that is linked.
 */

/** An instruction, independent of its encoding: operations that differ only in operand width are one. */
export interface Instruction {
	/** XS's name, without `XS_CODE_` and the operand width: `GET_LOCAL`. */
	operation: string;
	/** A number, the number of a name, or the length of what follows. */
	operand: number;
	/** Literal data: a string's characters, a number's bytes. */
	readonly data?: Buffer;
	/** Where it branches to. */
	target?: Instruction;
	/** For `CODE`: the function's instructions. */
	readonly body?: Instruction[];
	/** Removed; branches to it lead to the next instruction. */
	removed?: boolean;
}

interface Encoding {
	readonly code: number;
	/** Bytes of the operand. */
	readonly width: number;
}

interface Operation {
	readonly kind: "plain" | "name" | "fixed" | "index" | "signed" | "branch" | "sized";
	/** The narrowest first. */
	readonly encodings: readonly Encoding[];
}

/** The operations of an SDK's engine. */
export interface OperationTable {
	readonly operations: ReadonlyMap<string, Operation>;
	readonly byCode: readonly { readonly name: string; readonly width: number }[];
}

/** A name's number within a module, bytes. */
const nameBytes = 2;

const branches = /^(BRANCH|CATCH$|CODE$)/;
const signed = /^(INTEGER|RUN|RUN_TAIL)$/;

/** Reads the table of operations in `xsCommon.c`; throws if its format is unknown. */
export function readOperations(xsCommon: string): OperationTable {
	const [, table = ""] =
		/gxCodeSizes\[XS_CODE_COUNT\][^{]*\{([\s\S]*?)\n\};/.exec(xsCommon.replace(/\r/g, "")) ?? [];
	// Names have two bytes: the SDK's tools are built without `mx32bitID`.
	const lines = table.replace(/#ifdef mx32bitID\n[\s\S]*?#else\n([\s\S]*?)#endif/g, "$1");
	const byCode: { name: string; width: number }[] = [];
	const operations = new Map<string, { kind: Operation["kind"]; encodings: Encoding[] }>();
	for (const [, sizeText, entry = ""] of lines.matchAll(/(-?\d+) \/\* (\w+) \*\//g)) {
		const size = Number(sizeText);
		const whole = entry.replace(/^XS_CODE_/, "");
		const [, stem = whole, widthText] = /^(\w+)_([124])$/.exec(whole) ?? [];
		const hasWidth =
			widthText !== undefined && (size === 1 + Number(widthText) || size === -Number(widthText));
		// These two take the number of their arguments from the stack.
		const isDynamic = whole === "RUN" || whole === "RUN_TAIL";
		const name = hasWidth ? stem : isDynamic ? `${whole}_DYNAMIC` : whole;
		const width = size === 0 ? nameBytes : size < 0 ? -size : size - 1;
		const kind =
			size === 0
				? "name"
				: size < 0
					? "sized"
					: !hasWidth
						? width === 0
							? "plain"
							: "fixed"
						: branches.test(name)
							? "branch"
							: signed.test(name)
								? "signed"
								: "index";
		const known = operations.get(name);
		const encoding = { code: byCode.length, width };
		if (known === undefined) operations.set(name, { kind, encodings: [encoding] });
		else if (known.kind !== kind) throw new Error(`${entry} is not as this script knows it.`);
		else known.encodings.push(encoding);
		byCode.push({ name, width });
	}
	for (const needed of ["NEW_LOCAL", "GET_LOCAL", "ARGUMENT", "CODE", "BRANCH", "CATCH", "END", "STRING"])
		if (!operations.has(needed))
			throw new Error(`XS has no ${needed}: its table is not as this script knows it.`);
	for (const { encodings } of operations.values()) encodings.sort((a, b) => a.width - b.width);
	return { operations, byCode };
}

/** Decodes the byte code of a function or module. Throws if it is invalid. */
export function decode(code: Buffer, table: OperationTable): Instruction[] {
	const at = new Map<number, Instruction>();
	const targets: [from: Instruction, offset: number][] = [];
	const list: Instruction[] = [];
	let position = 0;
	while (position < code.length) {
		const start = position;
		const entry = table.byCode[code[position++] ?? 0];
		const operation = table.operations.get(entry?.name ?? "");
		if (entry === undefined || operation === undefined) throw new Error("This is no byte code.");
		const { name, width } = entry;
		const { kind } = operation;
		const operandAt = position;
		position += width;
		if (position > code.length) throw new Error("The byte code ends within an instruction.");
		let instruction: Instruction;
		if (kind === "plain") instruction = { operation: name, operand: 0 };
		else if (kind === "fixed" && width > 4)
			instruction = { operation: name, operand: 0, data: code.subarray(operandAt, position) };
		else if (kind === "branch") {
			const distance = code.readIntLE(operandAt, width);
			if (name === "CODE") {
				const end = position + distance;
				if (end > code.length || distance < 0) throw new Error("A function ends outside of its module.");
				instruction = { operation: name, operand: 0, body: decode(code.subarray(position, end), table) };
				position = end;
			} else {
				instruction = { operation: name, operand: 0 };
				targets.push([instruction, position + distance]);
			}
		} else if (kind === "signed")
			instruction = { operation: name, operand: code.readIntLE(operandAt, width) };
		else {
			instruction = { operation: name, operand: code.readUIntLE(operandAt, width) };
			if (kind === "sized") {
				const end = position + instruction.operand;
				if (end > code.length) throw new Error("A text ends outside of its function.");
				instruction = { ...instruction, data: code.subarray(position, end) };
				position = end;
			}
		}
		at.set(start, instruction);
		list.push(instruction);
	}
	// A branch may lead to the end.
	const end: Instruction = { operation: "", operand: 0, removed: true };
	at.set(code.length, end);
	list.push(end);
	for (const [from, offset] of targets) {
		const target = at.get(offset);
		if (target === undefined) throw new Error("A branch leads into an instruction.");
		from.target = target;
	}
	return list;
}

/** Encodes instructions, each as short as possible. */
export function encode(list: readonly Instruction[], table: OperationTable): Buffer {
	const bodies = new Map<Instruction, Buffer>();
	const widths = new Map<Instruction, Encoding>();
	const choose = (instruction: Instruction, fits: (width: number) => boolean) => {
		const encodings = table.operations.get(instruction.operation)?.encodings ?? [];
		const chosen = encodings.find(({ width }) => fits(width));
		if (chosen === undefined) throw new Error(`${instruction.operation} has no encoding.`);
		widths.set(instruction, chosen);
	};
	const kept = list.filter(({ removed }) => removed !== true);
	for (const instruction of kept) {
		const { body, operand } = instruction;
		if (body !== undefined) bodies.set(instruction, encode(body, table));
		const { kind } = table.operations.get(instruction.operation) ?? {};
		if (kind === "signed")
			choose(instruction, (width) => operand >= -(2 ** (8 * width - 1)) && operand < 2 ** (8 * width - 1));
		else if (kind === "index" || kind === "sized") choose(instruction, (width) => operand < 2 ** (8 * width));
		else choose(instruction, () => true);
	}
	const sizeOf = (instruction: Instruction) =>
		instruction.removed === true
			? 0
			: 1 +
				(widths.get(instruction)?.width ?? 0) +
				(table.operations.get(instruction.operation)?.kind === "sized"
					? (instruction.data?.length ?? 0)
					: 0) +
				(bodies.get(instruction)?.length ?? 0);
	const offsets = new Map<Instruction, number>();
	// A branch that grows can move the target of another out of its reach: until none grows.
	for (let grown = true; grown; ) {
		grown = false;
		let offset = 0;
		for (const instruction of list) {
			offsets.set(instruction, offset);
			offset += sizeOf(instruction);
		}
		for (const instruction of kept) {
			const distance = distanceOf(instruction, offsets, sizeOf(instruction), bodies.get(instruction));
			if (distance === undefined) continue;
			const { width = 0 } = widths.get(instruction) ?? {};
			if (distance >= -(2 ** (8 * width - 1)) && distance < 2 ** (8 * width - 1)) continue;
			choose(instruction, (wider) => wider > width);
			grown = true;
		}
	}
	const parts = kept.map((instruction) => {
		const { code = 0, width = 0 } = widths.get(instruction) ?? {};
		const part = Buffer.alloc(1 + width);
		part[0] = code;
		const distance = distanceOf(instruction, offsets, sizeOf(instruction), bodies.get(instruction));
		const { kind } = table.operations.get(instruction.operation) ?? {};
		if (distance !== undefined) part.writeIntLE(distance, 1, width);
		else if (kind === "signed") part.writeIntLE(instruction.operand, 1, width);
		else if (kind === "fixed" && width > 4) instruction.data?.copy(part, 1);
		else if (width > 0) part.writeUIntLE(instruction.operand, 1, width);
		if (kind === "sized" && instruction.data !== undefined) return Buffer.concat([part, instruction.data]);
		const body = bodies.get(instruction);
		return body === undefined ? part : Buffer.concat([part, body]);
	});
	return Buffer.concat(parts);
}

/** Distance of a branch, or length of a function's code, from the end of the instruction. */
function distanceOf(
	instruction: Instruction,
	offsets: ReadonlyMap<Instruction, number>,
	size: number,
	body: Buffer | undefined,
): number | undefined {
	if (body !== undefined) return body.length;
	if (instruction.target === undefined) return undefined;
	return (offsets.get(instruction.target) ?? 0) - (offsets.get(instruction) ?? 0) - size;
}
