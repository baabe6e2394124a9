import type { Node } from "oxc-parser";

/**
 * A part of a node: `0` is its value, `1` and up are the operands or arguments of the value, `callee` is the function
 * that it calls, `key` the name of a property or member, and `target` the left-hand side of an assignment.
 */
export function part(node: Node, name: string): Node {
	const found = select(node, name);
	if (found == null) throw new Error(`${node.type} has no part ${name}`);
	return found;
}

function select(node: Node, name: string): Node | null | undefined {
	const value = expressionOf(node);
	switch (name) {
		case "0":
			return value;
		case "callee":
			return value.type === "CallExpression" ? value.callee : undefined;
		case "key":
			return value.type === "MemberExpression" ? value.property : undefined;
		case "target":
			return node.type === "ExpressionStatement" && node.expression.type === "AssignmentExpression"
				? node.expression.left
				: undefined;
		default:
			return operandsOf(value)[Number(name) - 1];
	}
}

/** The expression that a statement, declaration, property or element evaluates, without parentheses. */
function expressionOf(node: Node): Node {
	const inner = evaluated(node);
	return inner == null ? node : expressionOf(inner);
}

function evaluated(node: Node): Node | null | undefined {
	switch (node.type) {
		case "ExportNamedDeclaration":
			return node.declaration;
		case "VariableDeclaration":
			return node.declarations[0]?.init;
		case "ExpressionStatement":
		case "ParenthesizedExpression":
		case "ChainExpression":
			return node.expression;
		case "AssignmentExpression":
			return node.right;
		case "ReturnStatement":
		case "SpreadElement":
			return node.argument;
		case "Property":
			return node.value;
		case "IfStatement":
			return node.test;
		default:
			return undefined;
	}
}

function operandsOf(value: Node): readonly (Node | null)[] {
	switch (value.type) {
		case "BinaryExpression":
			return [value.left, value.right];
		case "LogicalExpression":
			return [value.left, value.right].flatMap((side) => {
				const operand = expressionOf(side);
				// a || b || c has three operands.
				return operand.type === "LogicalExpression" && operand.operator === value.operator
					? operandsOf(operand)
					: [operand];
			});
		case "ConditionalExpression":
			return [value.test, value.consequent, value.alternate].map(expressionOf);
		case "CallExpression":
			return value.arguments;
		case "UpdateExpression":
			return [value.argument];
		case "TemplateLiteral":
			return value.expressions;
		case "MemberExpression":
			return [value.object];
		default:
			return [];
	}
}
