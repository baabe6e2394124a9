import { expect, test } from "vitest";
import type { Instruction } from "../../scripts/byte-code/instructions";
import { forgetNames } from "../../scripts/byte-code/names";

const names = ["local", "shared", "member", "#secret", "Class"].map((name) => Buffer.from(name));

function instruction(operation: string, name = "", body?: readonly Instruction[]): Instruction {
	const operand = names.findIndex((each) => each.toString() === name) + 1;
	return body === undefined ? { operation, operand } : { operation, operand: 0, body: [...body] };
}

test("names that only a debugger shows are left out, those of private members and all others stay", () => {
	const removed = { ...instruction("GET_PROPERTY", "local"), removed: true };
	const list = [
		instruction("CONSTRUCTOR_FUNCTION", "Class"),
		instruction("CODE", "", [
			instruction("NEW_CLOSURE", "#secret"),
			instruction("NEW_LOCAL", "local"),
			instruction("NEW_LOCAL", "shared"),
			instruction("GET_PROPERTY", "member"),
			{ operation: "GET_LOCAL", operand: 3 },
			removed,
		]),
		instruction("SET_PROPERTY", "shared"),
		instruction("FUNCTION"),
	];
	const left = forgetNames(list, names, (operation) => operation !== "GET_LOCAL" && operation !== "CODE");
	expect(left.map(String)).toEqual(["shared", "member", "#secret"]);
	expect(list.map(({ operand }) => operand)).toEqual([0, 0, 1, 0]);
	expect(list[1]?.body?.slice(0, 5).map(({ operand }) => operand)).toEqual([3, 0, 1, 2, 3]);
});
