import type { Instruction } from "./instructions";

/** These give a name that only a debugger and stack traces show. */
const naming: ReadonlySet<string> = new Set([
	"CONSTRUCTOR_FUNCTION",
	"FUNCTION",
	"GENERATOR_FUNCTION",
	"ASYNC_FUNCTION",
	"NAME",
	"NEW_CLOSURE",
	"NEW_LOCAL",
]);

/**
 * Takes out names that functions and variables have and nothing else, as each name is a slot, two numbers and its
 * characters in flash. Private members are found by their variables' names, which stay. Returns the names that are left,
 * by which the instructions are numbered again. `isName`: whether an operation has a name.
 */
export function forgetNames(
	list: readonly Instruction[],
	names: readonly Buffer[],
	isName: (operation: string) => boolean,
): readonly Buffer[] {
	const instructions = [...walk(list)].filter(({ operation }) => isName(operation));
	const isPrivate = (operand: number) => names[operand - 1]?.[0] === "#".charCodeAt(0);
	const needed = new Set<number>();
	for (const { operation, operand } of instructions)
		if (!naming.has(operation) || isPrivate(operand)) needed.add(operand);
	const left = names.map((_, index) => index + 1).filter((number) => needed.has(number));
	const numbers = new Map(left.map((number, index) => [number, index + 1]));
	for (const instruction of instructions) instruction.operand = numbers.get(instruction.operand) ?? 0;
	return left.map((number) => names[number - 1] ?? Buffer.alloc(0));
}

function* walk(list: readonly Instruction[]): Generator<Instruction> {
	for (const instruction of list) {
		if (instruction.removed === true) continue;
		yield instruction;
		if (instruction.body !== undefined) yield* walk(instruction.body);
	}
}
