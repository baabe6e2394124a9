import { branchTargets, ends, forEachPair, leaves, remaining, targetResolver, type Variable } from "./flow";
import type { Instruction } from "./instructions";

/** Uses one instruction for `undefined`, and branches without negating the condition. */
export function simplifyExpressions(body: readonly Instruction[]): void {
	const targets = branchTargets(body);
	forEachPair(body, (first, second) => {
		if (targets.has(second)) return;
		if (first.operation === "INTEGER" && second.operation === "VOID") {
			first.removed = true;
			second.operation = "UNDEFINED";
		}
		if (first.operation === "NOT" && isCondition(second)) {
			first.removed = true;
			second.operation = second.operation === "BRANCH_IF" ? "BRANCH_ELSE" : "BRANCH_IF";
		}
	});
}

/**
 * Shortens `a && b` in a condition: branches directly to the condition's target. Returns whether anything changed.
 */
export function shortenConditions(body: readonly Instruction[]): boolean {
	const targets = branchTargets(body);
	const resolve = targetResolver(body);
	const list = remaining(body);
	const indices = new Map(list.map((instruction, index) => [instruction, index]));
	let hasChanged = false;
	for (const [index, dub] of list.entries()) {
		const [branch, pop] = [list[index + 1], list[index + 2]];
		if (dub.operation !== "DUB" || branch?.target === undefined || !isCondition(branch)) continue;
		if (pop?.operation !== "POP" || targets.has(branch) || targets.has(pop)) continue;
		const at = indices.get(resolve(branch.target)) ?? 0;
		if (at <= index) continue;
		const [then, next, last] = [list[at], list[at + 1], list[at + 2]];
		let target: Instruction | undefined;
		if (isCondition(then)) target = then?.operation === branch.operation ? then.target : next;
		else if (then?.operation === "POP") target = next;
		else if (then?.operation === "DUB" && isCondition(next) && last?.operation === "POP") {
			if (next?.operation !== branch.operation) target = list[at + 3];
			else if (next.target !== undefined) {
				// The value goes on to the next condition.
				branch.target = next.target;
				hasChanged = true;
			}
		}
		if (target === undefined) continue;
		branch.target = target;
		dub.removed = true;
		pop.removed = true;
		hasChanged = true;
	}
	return hasChanged;
}

function isCondition(instruction: Instruction | undefined): boolean {
	return instruction?.operation === "BRANCH_IF" || instruction?.operation === "BRANCH_ELSE";
}

/** Values that an instruction pops from and pushes onto the stack; others are unknown. */
const stackEffects: ReadonlyMap<string, readonly [takes: number, puts: number]> = new Map(
	(
		[
			[0, 0, "SET_LOCAL VAR_LOCAL LET_LOCAL CONST_LOCAL SET_CLOSURE VAR_CLOSURE LET_CLOSURE CONST_CLOSURE"],
			[0, 0, "NEW_LOCAL NEW_TEMPORARY NEW_CLOSURE UNWIND CODE STORE STORE_ARROW BRANCH"],
			[0, 1, "GET_LOCAL ARGUMENT ARGUMENTS GET_CLOSURE THIS INTEGER STRING NUMBER TRUE FALSE NULL UNDEFINED"],
			[0, 1, "OBJECT ARRAY FUNCTION DUB PROGRAM_REFERENCE ENVIRONMENT SYMBOL"],
			[1, 0, "PULL_LOCAL PULL_CLOSURE POP SET_RESULT BRANCH_IF BRANCH_ELSE"],
			[1, 1, "GET_PROPERTY GET_VARIABLE NOT MINUS PLUS BIT_NOT TYPEOF TO_STRING TO_NUMERIC TO_INSTANCE"],
			[1, 1, "INCREMENT DECREMENT VOID BRANCH_CHAIN"],
			[1, 3, "NEW"],
			[2, 0, "NEW_PROPERTY"],
			[2, 1, "ADD SUBTRACT MULTIPLY DIVIDE MODULO EXPONENTIATION BIT_AND BIT_OR BIT_XOR LEFT_SHIFT"],
			[2, 1, "SIGNED_RIGHT_SHIFT UNSIGNED_RIGHT_SHIFT EQUAL NOT_EQUAL STRICT_EQUAL STRICT_NOT_EQUAL"],
			[2, 1, "LESS LESS_EQUAL MORE MORE_EQUAL IN INSTANCEOF GET_PROPERTY_AT SET_PROPERTY"],
			[2, 2, "AT SWAP"],
			[2, 3, "CALL"],
			[3, 0, "NEW_PROPERTY_AT"],
			[3, 1, "SET_PROPERTY_AT"],
		] as const
	).flatMap(([takes, puts, operations]) =>
		operations.split(" ").map((operation) => [operation, [takes, puts]] as const),
	),
);

function stackEffect(
	instruction: Instruction,
	before: Instruction | undefined,
): readonly [number, number] | undefined {
	// The number after these is their flags.
	if (before?.operation === "NEW_PROPERTY" || before?.operation === "NEW_PROPERTY_AT") return [0, 0];
	if (instruction.operation === "RUN" || instruction.operation === "RUN_TAIL")
		return [3 + instruction.operand, 1];
	return stackEffects.get(instruction.operation);
}

/** Duplicates a local that is on top of the stack, which is shorter than reading it again. */
export function duplicateInstead(
	body: readonly Instruction[],
	used: ReadonlyMap<Instruction, Variable>,
): void {
	const list = remaining(body);
	const resolve = targetResolver(body);
	const arriving = new Map<Instruction, number>();
	const count = (counts: Map<Instruction, number>, target: Instruction) =>
		counts.set(target, (counts.get(target) ?? 0) + 1);
	for (const { target } of list) if (target !== undefined) count(arriving, resolve(target));
	for (const [start, first] of list.entries()) {
		const variable = used.get(first);
		if (variable === undefined || !/^(SET|GET)_LOCAL$/.test(first.operation)) continue;
		// Values on the stack, from the one that is the local's; unknown after a branch.
		let depth: number | undefined = 1;
		const depthAt = new Map<Instruction, number>();
		const arrived = new Map<Instruction, number>();
		for (let index = start + 1; index < list.length; index++) {
			const instruction = list[index];
			// What is reached from elsewhere may find another value.
			if (instruction === undefined || arriving.get(instruction) !== arrived.get(instruction)) break;
			const atTarget = depthAt.get(instruction);
			depth ??= atTarget;
			if (depth === undefined || (atTarget ?? depth) !== depth) break;
			if (used.get(instruction) === variable) {
				if (instruction.operation !== "GET_LOCAL") break;
				if (depth === 1) {
					instruction.operation = "DUB";
					instruction.operand = 0;
				}
			}
			const effect = stackEffect(instruction, list[index - 1]);
			if (effect === undefined || depth - effect[0] < 1) break;
			depth += effect[1] - effect[0];
			if (instruction.target !== undefined) {
				const target = resolve(instruction.target);
				if ((depthAt.get(target) ?? depth) !== depth) break;
				depthAt.set(target, depth);
				count(arrived, target);
			}
			if (instruction.operation === "BRANCH") depth = undefined;
		}
	}
}

/** Replaces branches to a function's end by its end, and removes unreachable code. Returns whether anything changed. */
export function shortenEnds(body: readonly Instruction[]): boolean {
	let hasChanged = false;
	const remove = (instruction: Instruction) => {
		instruction.removed = true;
		hasChanged = true;
	};
	forEachPair(body, (first, second) => {
		if (first.operation === "UNWIND" && ends.has(second.operation)) remove(first);
	});
	const resolve = targetResolver(body);
	for (const instruction of body) {
		if (instruction.removed === true || instruction.operation !== "BRANCH") continue;
		const end = instruction.target === undefined ? undefined : resolve(instruction.target);
		if (end === undefined || !ends.has(end.operation)) continue;
		instruction.operation = end.operation;
		delete instruction.target;
		hasChanged = true;
	}
	forEachPair(body, (first, second) => {
		if (ends.has(first.operation) && first.operation === second.operation) remove(first);
	});
	const targets = branchTargets(body);
	let isReached = true;
	for (const instruction of body) {
		if (targets.has(instruction)) isReached = true;
		if (instruction.removed === true) continue;
		if (!isReached) remove(instruction);
		else if (leaves.has(instruction.operation)) isReached = false;
	}
	return hasChanged;
}
