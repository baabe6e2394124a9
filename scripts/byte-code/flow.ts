import type { Instruction } from "./instructions";

/** A local of a function, from the instruction that makes it. */
export interface Variable {
	readonly made: Instruction;
	readonly uses: Instruction[];
	/** The locals that existed before. */
	readonly below: Scope | undefined;
}

/** The locals at an instruction, the last one first. */
export interface Scope {
	readonly variable: Variable;
	readonly below: Scope | undefined;
	/** How many there are. */
	readonly depth: number;
}

/** Where the next exception leads to, and the one after it. */
interface Handler {
	readonly target: Instruction;
	readonly below: Handler | undefined;
}

/** State before each reachable instruction: its locals, and where an exception leads to. */
export interface Flow {
	readonly scopes: ReadonlyMap<Instruction, Scope>;
	readonly handlers: ReadonlyMap<Instruction, Instruction>;
}

/** Uses of a local by its number. */
export const localUses: ReadonlySet<string> = new Set(
	["CONST", "GET", "LET", "PULL", "REFRESH", "RESET", "SET", "VAR"].map((verb) => `${verb}_LOCAL`),
);

/** Uses of what closures hold, which is numbered among the locals. */
export const closureUses: ReadonlySet<string> = new Set([
	...["CONST", "GET", "LET", "PULL", "REFRESH", "RESET", "SET", "VAR"].map((verb) => `${verb}_CLOSURE`),
	...["GET_PRIVATE", "HAS_PRIVATE", "NEW_PRIVATE", "SET_PRIVATE", "STORE"],
]);

export const writes: ReadonlySet<string> = new Set(
	["CONST", "LET", "PULL", "SET", "VAR"].map((verb) => `${verb}_LOCAL`),
);

export const ends: ReadonlySet<string> = new Set(["END", "END_ARROW", "END_BASE", "END_DERIVED"]);

/** After these, the next instruction is reached only by a branch. */
export const leaves: ReadonlySet<string> = new Set([...ends, "BRANCH", "THROW", "RETHROW", "RETURN"]);

const makers: ReadonlySet<string> = new Set(["NEW_LOCAL", "NEW_TEMPORARY", "NEW_CLOSURE"]);

/** Follows all paths through a function; `undefined` if its locals or handlers depend on the path. */
export function findFlow(list: readonly Instruction[]): Flow | undefined {
	interface State {
		readonly scope: Scope | undefined;
		readonly handler: Handler | undefined;
	}
	const states = new Map<Instruction, State>();
	const indices = new Map(list.map((instruction, index) => [instruction, index]));
	const made = new Map<string, Variable>();
	const caught = new Map<Instruction, Handler>();
	const push = (below: Scope | undefined, by: Instruction): Scope | undefined => {
		const depth = (below?.depth ?? 0) + 1;
		const key = `${indices.get(by)} ${depth}`;
		const variable = made.get(key) ?? { made: by, uses: [], below };
		made.set(key, variable);
		return isSame(variable.below, below) ? { variable, below, depth } : undefined;
	};
	const pending: [at: number, state: State][] = [[0, { scope: undefined, handler: undefined }]];
	for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
		let [index, { scope, handler }] = next;
		for (; ; index++) {
			const instruction = list[index];
			if (instruction === undefined) break;
			const known = states.get(instruction);
			if (known !== undefined) {
				if (known.handler !== handler || !isSame(known.scope, scope)) return undefined;
				break;
			}
			states.set(instruction, { scope, handler });
			const { operation, operand, target } = instruction;
			if (target !== undefined) pending.push([indices.get(target) ?? list.length, { scope, handler }]);
			for (let left = makers.has(operation) ? 1 : operation === "RETRIEVE" ? operand : 0; left > 0; left--) {
				scope = push(scope, instruction);
				if (scope === undefined) return undefined;
			}
			for (let left = operation === "UNWIND" ? operand : 0; left > 0; left--) {
				if (scope === undefined) return undefined;
				scope = scope.below;
			}
			if (operation === "CATCH" && target !== undefined) {
				const entered: Handler = caught.get(instruction) ?? { target, below: handler };
				caught.set(instruction, entered);
				handler = entered;
			}
			if (operation === "UNCATCH") {
				if (handler === undefined) return undefined;
				handler = handler.below;
			}
			if (leaves.has(operation)) break;
		}
	}
	const scopes = new Map<Instruction, Scope>();
	const handlers = new Map<Instruction, Instruction>();
	for (const [instruction, { scope, handler }] of states) {
		if (scope !== undefined) scopes.set(instruction, scope);
		if (handler !== undefined) handlers.set(instruction, handler.target);
	}
	return { scopes, handlers };
}

function isSame(one: Scope | undefined, other: Scope | undefined): boolean {
	let [a, b] = [one, other];
	while (a !== b) {
		if (a === undefined || b === undefined || a.variable !== b.variable) return false;
		[a, b] = [a.below, b.below];
	}
	return true;
}

export function variableAt(scope: Scope | undefined, index: number): Variable | undefined {
	let at = scope;
	while (at !== undefined && at.depth > index) at = at.below;
	return at?.depth === index ? at.variable : undefined;
}

/** Candidates that may be read after creation or reset, before assignment. */
export function findAskedBeforeAssigned(
	list: readonly Instruction[],
	{ handlers }: Flow,
	used: ReadonlyMap<Instruction, Variable>,
	candidates: readonly Variable[],
): ReadonlySet<Variable> {
	const madeBy = new Map(candidates.map((variable) => [variable.made, variable]));
	const isCandidate = new Set(candidates);
	const indices = new Map(list.map((instruction, index) => [instruction, index]));
	/** Before each instruction: what is asked for later. */
	const live = list.map(() => new Set<Variable>());
	const at = (instruction: Instruction | undefined) =>
		instruction === undefined ? undefined : live[indices.get(instruction) ?? -1];
	for (let hasChanged = true; hasChanged; ) {
		hasChanged = false;
		for (const [index, instruction] of [...list.entries()].reverse()) {
			const before = live[index];
			if (before === undefined) continue;
			const size = before.size;
			const variable = used.get(instruction);
			const written = writes.has(instruction.operation) ? variable : undefined;
			const later = leaves.has(instruction.operation) ? [] : (live[index + 1] ?? []);
			const made = madeBy.get(instruction);
			for (const each of [...later, ...(at(instruction.target) ?? [])])
				if (each !== written && each !== made) before.add(each);
			// An exception comes before the assignment.
			for (const each of at(handlers.get(instruction)) ?? []) if (each !== made) before.add(each);
			if (instruction.operation === "GET_LOCAL" && variable !== undefined && isCandidate.has(variable))
				before.add(variable);
			if (before.size !== size) hasChanged = true;
		}
	}
	const asked = new Set<Variable>();
	for (const [index, instruction] of list.entries()) {
		const variable =
			instruction.operation === "RESET_LOCAL" ? used.get(instruction) : madeBy.get(instruction);
		if (variable !== undefined && live[index + 1]?.has(variable) === true) asked.add(variable);
	}
	return asked;
}

/** Branch targets, resolved over removed instructions. */
export function branchTargets(body: readonly Instruction[]): ReadonlySet<Instruction> {
	const resolve = targetResolver(body);
	const targets = new Set<Instruction>();
	for (const { target, removed } of body)
		if (target !== undefined && removed !== true) targets.add(resolve(target));
	return targets;
}

/** Resolves a branch target to the first instruction from there that is not removed. */
export function targetResolver(body: readonly Instruction[]): (target: Instruction) => Instruction {
	const resolved = new Map<Instruction, Instruction>();
	let next: Instruction | undefined;
	for (const instruction of [...body].reverse()) {
		if (instruction.removed !== true || next === undefined) next = instruction;
		resolved.set(instruction, next);
	}
	return (target) => resolved.get(target) ?? target;
}

/** The instructions that are not removed, and the end of the function, which may be a branch target. */
export function remaining(body: readonly Instruction[]): Instruction[] {
	return body.filter(({ removed, operation }) => removed !== true || operation === "");
}

/** Calls `use` with each instruction and the one after it. */
export function forEachPair(
	body: readonly Instruction[],
	use: (first: Instruction, second: Instruction) => void,
): void {
	let first: Instruction | undefined;
	for (const second of body) {
		if (second.removed === true) continue;
		if (first !== undefined) use(first, second);
		// `use` may have removed the second one.
		if (!isRemoved(second)) first = second;
	}
}

function isRemoved({ removed }: Instruction): boolean {
	return removed === true;
}
