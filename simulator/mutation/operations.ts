import type { Marker } from "./marker";
import { part } from "./syntax";

/** Source text in place of the text between two offsets. */
export interface Edit {
	readonly start: number;
	readonly end: number;
	readonly text: string;
}

/** A change of the syntax tree at a marker; `lookUp` finds other markers, for templates that refer to them. */
export type Operation = (marker: Marker, lookUp: LookUp) => Edit;

type LookUp = (id: string) => Marker;

/*
 * Operations name no identifiers of the source: templates are TypeScript with references to its parts (`part` in
 * `syntax.ts`), which stand for the text that is there now.
 *
 *   $0                   the value of the marked node: the right-hand side, returned value, condition or expression
 *   $1, $2               operands or arguments of the value
 *   $2.1                 the first operand of its second operand
 *   $0.callee            the function that it calls
 *   $0.key               the name of the member that it reads
 *   $other-id            the value at another marker
 *   $other-id.target     what another marked statement assigns to
 */

/** Removes the marked statement. */
export function remove(): Operation {
	return ({ node: { start, end } }) => ({ start, end, text: ";" });
}

/** Replaces the value of the marked node, or a part of it, with an expression. */
export function replace(reference: string, template: string): Operation {
	return (marker, lookUp) => {
		const { node } = resolve(reference, marker, lookUp);
		return { start: node.start, end: node.end, text: `(${expand(template, marker, lookUp)})` };
	};
}

/** Inserts a statement before the marked statement. */
export function insertBefore(template: string): Operation {
	return (marker, lookUp) => {
		const { start } = marker.node;
		return { start, end: start, text: `${expand(template, marker, lookUp)};\n` };
	};
}

/** Executes the marked statement only on a condition. */
export function onlyIf(template: string): Operation {
	return (marker, lookUp) => {
		const { start } = marker.node;
		return { start, end: start, text: `if (${expand(template, marker, lookUp)}) ` };
	};
}

const references = /\$(?:\d+|[a-z]+(?:-[a-z0-9]+)*)(?:\.(?:\d+|target|callee|key)\b)*/g;

/** The template with the text of its references, each in parentheses so that it stays one operand. */
function expand(template: string, marker: Marker, lookUp: LookUp): string {
	return template.replace(references, (reference) => {
		const { source, node } = resolve(reference, marker, lookUp);
		const text = source.slice(node.start, node.end);
		return /^\w+$/.test(text) ? text : `(${text})`;
	});
}

function resolve(reference: string, own: Marker, lookUp: LookUp) {
	const [first = "", ...rest] = reference.slice(1).split(".");
	const isOwn = /^\d/.test(first);
	const { source, node, id } = isOwn ? own : lookUp(first);
	const path = isOwn ? [first, ...rest] : rest.length > 0 ? rest : ["0"];
	try {
		return { source, node: path.reduce(part, node) };
	} catch (error) {
		throw new Error(`marker ${id} has no ${reference}`, { cause: error });
	}
}
