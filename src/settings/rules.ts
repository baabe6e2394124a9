import { hasControlCharacters } from "../common/control-characters";

/** What is wrong with a part of a value; `at`: where in it, as `1.password`. */
export interface PartProblem {
	readonly path: string;
	readonly problem: string;
}

/**
 * The outcome of checking one value: the value as it is kept, with a sentence if it is better changed all the same;
 * or what is wrong with it, in a sentence, or in one for each part that is wrong.
 */
export type CheckResult<T> =
	| { readonly value: T; readonly warning?: string }
	| { readonly problem: string }
	| { readonly problems: readonly PartProblem[] };

type CheckFailure = Exclude<CheckResult<unknown>, { readonly value: unknown }>;

/** What is wrong with a part of a value, as what is wrong with the value: `where` the part is, in words and as a key. */
export function nestProblem(where: string, key: string, refused: CheckFailure): CheckFailure {
	if ("problem" in refused) return { problem: `${where}: ${refused.problem}` };
	return { problems: refused.problems.map(({ path, problem }) => ({ path: `${key}.${path}`, problem })) };
}

/** What a form needs to know to let somebody fill in a value. */
export interface InputType {
	readonly kind:
		| "text"
		| "number"
		| "number or word"
		| "choice"
		| "list"
		| "long text"
		| "networks"
		| "object";
	/** Of a number. */
	readonly min?: number;
	readonly max?: number;
	/** Of a choice; of `number or word`, and of a text that may be a word instead: the words. */
	readonly choices?: readonly string[];
	/** Characters of a text, entries of a list. */
	readonly maxLength?: number;
}

/** How one setting is checked; `raw` is what a form, a file or the storage gave. */
export interface Rule<T> {
	(raw: unknown): CheckResult<T>;
	/** `object` when left out: anything that JSON can tell. */
	readonly inputType?: InputType;
}

/** A rule, from what a form needs to know of it and the check. */
export function makeRule<T>(inputType: InputType, check: (raw: unknown) => CheckResult<T>): Rule<T> {
	const made: Rule<T> = Object.assign((raw: unknown) => check(raw), { inputType: Object.freeze(inputType) });
	Object.freeze(made);
	return made;
}

/** A whole number, also as text, within bounds. */
export function wholeNumber(min: number, max: number, unit: string): Rule<number> {
	return makeRule({ kind: "number", min, max }, (raw) => {
		const value = typeof raw === "string" && /^\s*\d+\s*$/.test(raw) ? Number(raw) : raw;
		if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max)
			return { value };
		return {
			problem: `This must be a whole number from ${min} to ${max}${unit === "" ? "" : ` ${unit}`}.`,
		};
	});
}

/** A number, also as text, within bounds. */
export function decimalNumber(min: number, max: number): Rule<number> {
	return makeRule({ kind: "number", min, max }, (raw) => {
		const value =
			typeof raw === "string" && /^\s*\d+([.,]\d+)?\s*$/.test(raw) ? Number(raw.replace(",", ".")) : raw;
		if (typeof value === "number" && value >= min && value <= max) return { value };
		return { problem: `This must be a number from ${min} to ${max}.` };
	});
}

/** One of some words. */
export function choice<const Word extends string>(words: readonly Word[]): Rule<Word> {
	return makeRule({ kind: "choice", choices: words }, (raw) => {
		const value = words.find((word) => word === raw);
		return value === undefined ? { problem: `This must be ${words.join(" or ")}.` } : { value };
	});
}

/** A whole number within bounds, or a word that stands for one or for none. */
export function numberOrWord<const Word extends string>(
	min: number,
	max: number,
	unit: string,
	words: readonly Word[],
): Rule<number | Word> {
	const number = wholeNumber(min, max, `${unit === "" ? "" : `${unit}, `}or ${words.join(" or ")}`);
	return makeRule<number | Word>({ kind: "number or word", min, max, choices: words }, (raw) => {
		const value = words.find((word) => word === raw);
		return value === undefined ? number(raw) : { value };
	});
}

/** The largest number that a pin of these chips has. */
export const maxPin = 48;

/** The number of a pin, or a word that stands for one or for none. */
export function pinNumber<const Word extends string>(...words: readonly Word[]): Rule<number | Word> {
	return numberOrWord(0, maxPin, "", words);
}

/** A text of bounded length without control characters; spaces around it are dropped. */
export function text(maxLength: number, check?: (value: string) => string | undefined): Rule<string> {
	return makeRule({ kind: "text", maxLength }, (raw) => {
		if (typeof raw !== "string") return { problem: "This must be a text." };
		const value = raw.trim();
		if (value.length > maxLength) return { problem: `This is longer than ${maxLength} characters.` };
		if (hasControlCharacters(value))
			return { problem: "This has characters that cannot be shown; type it again." };
		const problem = value === "" ? undefined : check?.(value);
		return problem === undefined ? { value } : { problem };
	});
}

/** A text as {@link text} has it, or a word. */
export function textOrWord<const Word extends string>(
	maxLength: number,
	words: readonly Word[],
	check: (value: string) => string | undefined,
): Rule<string> {
	return makeRule(
		{ kind: "text", maxLength, choices: words },
		text(maxLength, (value) => (words.some((word) => word === value) ? undefined : check(value))),
	);
}

/** A list with at most `most` entries, each under one rule; empty texts in it are dropped. */
export function list<T>(maxEntries: number, entryRule: Rule<T>): Rule<readonly T[]> {
	return makeRule({ kind: "list", maxLength: maxEntries }, (raw) => {
		if (!Array.isArray(raw)) return { problem: "This must be a list." };
		const entries = raw.filter((entry) => entry !== "");
		if (entries.length > maxEntries) return { problem: `At most ${maxEntries} can be kept.` };
		const values: T[] = [];
		for (const [index, entry] of entries.entries()) {
			const checked = entryRule(entry);
			if (!("value" in checked)) return nestProblem(`Number ${index + 1}`, String(index), checked);
			values.push(checked.value);
		}
		return { value: values };
	});
}
