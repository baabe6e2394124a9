import {
	branchTargets,
	closureUses,
	type Flow,
	findAskedBeforeAssigned,
	findFlow,
	forEachPair,
	localUses,
	remaining,
	type Scope,
	type Variable,
	variableAt,
	writes,
} from "./flow";
import type { Instruction } from "./instructions";
import { duplicateInstead } from "./peephole";

/**
 * The SDK's compiler copies each parameter into a local, and creates and removes locals with their blocks. This gives locals
 * fixed places in what the function reserves, and reads a local that only holds a parameter from the arguments. Locals in
 * closures, and those that may be read before assignment, stay unchanged.
 */
export function keepLocalsInRegisters(body: readonly Instruction[]): void {
	const list = remaining(body);
	const flow = findFlow(list);
	if (flow === undefined) return;
	const used = findUses(list, flow);
	if (used === undefined) return;
	const candidates = [...new Set(used.values())].filter(isPlain);
	const asked = findAskedBeforeAssigned(list, flow, used, candidates);
	const registers = new Set(candidates.filter((variable) => !asked.has(variable)));
	for (const variable of findParameters(list, used, registers)) registers.delete(variable);
	renumber(list, flow, used, registers);
	for (const variable of registers) variable.made.removed = true;
	shortenAssignments(list, used, registers);
	duplicateInstead(list, used);
	removeUnasked(registers);
}

/** The variable of each use; `undefined` if there is a use of something else, as in code that was here before. */
function findUses(list: readonly Instruction[], { scopes }: Flow): Map<Instruction, Variable> | undefined {
	const used = new Map<Instruction, Variable>();
	for (const instruction of list) {
		if (!localUses.has(instruction.operation) && !closureUses.has(instruction.operation)) continue;
		const variable = variableAt(scopes.get(instruction), instruction.operand);
		if (variable === undefined) return undefined;
		variable.uses.push(instruction);
		used.set(instruction, variable);
	}
	return used;
}

/** Whether it is a plain local: in no closure, and no constant that is assigned again. */
function isPlain({ made, uses }: Variable): boolean {
	if (made.operation !== "NEW_LOCAL" && made.operation !== "NEW_TEMPORARY") return false;
	const operations = new Set(uses.map(({ operation }) => operation));
	if (![...operations].every((operation) => localUses.has(operation))) return false;
	return !operations.has("CONST_LOCAL") || (!operations.has("SET_LOCAL") && !operations.has("PULL_LOCAL"));
}

/** Reads locals that only hold a parameter from the arguments; returns these variables. */
function findParameters(
	list: readonly Instruction[],
	used: Map<Instruction, Variable>,
	registers: ReadonlySet<Variable>,
): readonly Variable[] {
	const targets = branchTargets(list);
	const found: Variable[] = [];
	for (const [index, copy] of list.entries()) {
		const [parameter, pop] = [list[index - 1], list[index + 1]];
		const variable = used.get(copy);
		if (variable === undefined || !registers.has(variable) || !writes.has(copy.operation)) continue;
		if (parameter?.operation !== "ARGUMENT" || pop?.operation !== "POP") continue;
		if (targets.has(copy) || targets.has(pop)) continue;
		const others = variable.uses.filter((use) => use !== copy);
		if (!others.every(({ operation }) => operation === "GET_LOCAL")) continue;
		for (const use of others) {
			use.operation = "ARGUMENT";
			use.operand = parameter.operand;
		}
		for (const use of variable.uses) used.delete(use);
		for (const instruction of [variable.made, parameter, copy, pop]) instruction.removed = true;
		found.push(variable);
	}
	return found;
}

/** Numbers what is still made by its order, and each register above all of these; blocks share registers. */
function renumber(
	list: readonly Instruction[],
	{ scopes }: Flow,
	used: ReadonlyMap<Instruction, Variable>,
	registers: ReadonlySet<Variable>,
): void {
	const isRegister = (variable: Variable) => registers.has(variable);
	const isMade = (variable: Variable) => variable.made.removed !== true && !registers.has(variable);
	let made = 0;
	let reserved = 0;
	for (const scope of scopes.values()) {
		made = Math.max(made, countIn(scope, isMade));
		reserved = Math.max(reserved, countIn(scope, isRegister));
	}
	const operands = new Map<Instruction, number>();
	for (const instruction of list) {
		const { operation, operand } = instruction;
		const variable = used.get(instruction);
		if (variable !== undefined) {
			const offset = isRegister(variable) ? made : 0;
			operands.set(
				instruction,
				offset + countIn(variable.below, isRegister(variable) ? isRegister : isMade) + 1,
			);
		}
		if (operation === "RESERVE") operands.set(instruction, made + reserved);
		if (operation === "UNWIND") {
			const scope = scopes.get(instruction);
			let below = scope;
			for (let left = operand; left > 0; left--) below = below?.below;
			operands.set(instruction, countIn(scope, isMade) - countIn(below, isMade));
		}
	}
	for (const [instruction, operand] of operands) {
		instruction.operand = operand;
		if (operand === 0) instruction.removed = true;
	}
}

function countIn(scope: Scope | undefined, counts: (variable: Variable) => boolean): number {
	let count = 0;
	for (let at = scope; at !== undefined; at = at.below) if (counts(at.variable)) count++;
	return count;
}

/** Registers are assigned by the shortest instructions. */
function shortenAssignments(
	list: readonly Instruction[],
	used: ReadonlyMap<Instruction, Variable>,
	registers: ReadonlySet<Variable>,
): void {
	for (const variable of registers)
		for (const use of variable.uses) {
			if (use.operation === "REFRESH_LOCAL" || use.operation === "RESET_LOCAL") use.removed = true;
			// Nothing assigns what was a constant again.
			if (writes.has(use.operation) && use.operation !== "PULL_LOCAL") use.operation = "SET_LOCAL";
		}
	const targets = branchTargets(list);
	const assigns = (instruction: Instruction, operation: string) => {
		const variable = used.get(instruction);
		return instruction.operation === operation && variable !== undefined && registers.has(variable);
	};
	forEachPair(list, (first, second) => {
		if (!assigns(first, "SET_LOCAL") || second.operation !== "POP" || targets.has(second)) return;
		first.operation = "PULL_LOCAL";
		second.removed = true;
	});
	forEachPair(list, (first, second) => {
		if (!assigns(first, "PULL_LOCAL") || second.operation !== "GET_LOCAL" || targets.has(second)) return;
		if (used.get(first) !== used.get(second)) return;
		first.operation = "SET_LOCAL";
		second.removed = true;
	});
}

/** Removes assignments of registers that are never read. */
function removeUnasked(registers: ReadonlySet<Variable>): void {
	for (const { uses } of registers) {
		const left = uses.filter(({ removed }) => removed !== true);
		if (left.some(({ operation }) => operation === "GET_LOCAL")) continue;
		for (const use of left)
			if (use.operation === "PULL_LOCAL") use.operation = "POP";
			else if (use.operation === "SET_LOCAL") use.removed = true;
	}
}
