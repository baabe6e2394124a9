import type { Instruction } from "./instructions";

/** Operations that set a name which only debuggers and stack traces show. */
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
 * Removes names that only functions and variables have: each takes a slot, two numbers and its characters in flash. Names of
 * private members stay, because members are found by them. Returns the remaining names, and renumbers the instructions. `isName`: whether an operation has a name.
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
