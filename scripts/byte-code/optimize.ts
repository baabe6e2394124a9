import { closureUses, localUses } from "./flow";
import { decode, encode, type Instruction, type OperationTable } from "./instructions";
import { readModuleFile, writeModuleFile } from "./module-file";
import { forgetNames } from "./names";
import { shortenConditions, shortenEnds, simplifyExpressions } from "./peephole";
import { keepLocalsInRegisters } from "./registers";

/** Shortens the byte code of a compiled module (`.xsb`). Throws for any other file. */
export function optimizeModule(file: Buffer, table: OperationTable): Buffer {
	const module = readModuleFile(file);
	const list = decode(module.code, table);
	optimizeFunctions(list);
	// C functions also refer to names by number.
	const hasHosts = module.atoms.some(({ type }) => type === "HOST");
	const isName = (operation: string) => table.operations.get(operation)?.kind === "name";
	const names = hasHosts ? module.names : forgetNames(list, module.names, isName);
	return writeModuleFile({ ...module, names, code: encode(list, table) });
}

/**
 * Shortens the functions of a module. The locals of one that suspends itself, or has an unknown instruction, stay unchanged.
 */
export function optimizeFunctions(list: readonly Instruction[]): void {
	for (const { body } of list) {
		if (body === undefined) continue;
		optimizeFunctions(body);
		simplifyExpressions(body);
		while (shortenConditions(body));
		if (body.every(({ operation }) => known.has(operation))) keepLocalsInRegisters(body);
		while (shortenEnds(body));
	}
}

/** Operations that neither suspend the function nor access locals other than by number. The last is its end. */
const known: ReadonlySet<string> = new Set([
	...localUses,
	...closureUses,
	...["NEW_LOCAL", "NEW_TEMPORARY", "NEW_CLOSURE", "RETRIEVE", "RESERVE", "UNWIND", ""],
	...`ADD ARGUMENT ARGUMENTS ARGUMENTS_STRICT ARRAY AT AT_2 BEGIN_STRICT BEGIN_STRICT_BASE BEGIN_STRICT_DERIVED
		BEGIN_STRICT_FIELD BIGINT BIT_AND BIT_NOT BIT_OR BIT_XOR BRANCH BRANCH_CHAIN BRANCH_COALESCE BRANCH_ELSE BRANCH_IF
		CALL CATCH CHECK_INSTANCE CLASS CODE CONSTRUCTOR_FUNCTION COPY_OBJECT CURRENT DECREMENT DELETE_PROPERTY
		DELETE_PROPERTY_AT DIVIDE DUB DUB_AT END END_ARROW END_BASE END_DERIVED ENVIRONMENT EQUAL EXCEPTION EXPONENTIATION
		EXTEND FALSE FOR_IN FOR_OF FUNCTION GET_PROPERTY GET_PROPERTY_AT GET_RESULT GET_SUPER GET_SUPER_AT
		GET_THIS_VARIABLE GET_VARIABLE GLOBAL IN INCREMENT INSTANCEOF INSTANTIATE INTEGER LEFT_SHIFT LESS LESS_EQUAL MINUS
		MODULO MORE MORE_EQUAL MULTIPLY NAME NEW NEW_PROPERTY NEW_PROPERTY_AT NOT NOT_EQUAL NULL NUMBER OBJECT PLUS POP
		PROGRAM_REFERENCE RETHROW RETRIEVE_TARGET RETRIEVE_THIS RUN RUN_DYNAMIC RUN_TAIL RUN_TAIL_DYNAMIC SET_HOME
		SET_PROPERTY SET_PROPERTY_AT SET_RESULT SET_SUPER SET_SUPER_AT SET_THIS SIGNED_RIGHT_SHIFT STORE_ARROW STRICT_EQUAL
		STRICT_NOT_EQUAL STRING SUBTRACT SUPER SWAP SYMBOL TARGET TEMPLATE THIS THROW THROW_STATUS TO_INSTANCE TO_NUMERIC
		TO_STRING TRUE TYPEOF UNCATCH UNDEFINED UNSIGNED_RIGHT_SHIFT VOID`.split(/\s+/),
]);
