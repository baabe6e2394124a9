import { hasControl } from "../text/control";

/** What is wrong with a part of a value; `at`: where in it, as `1.password`. */
export interface PartProblem {
	readonly at: string;
	readonly problem: string;
}

/**
 * The outcome of checking one value: the value as it is kept, with a sentence if it is better changed all the same;
 * or what is wrong with it, in a sentence, or in one for each part that is wrong.
 */
export type Checked<T> =
	| { readonly value: T; readonly warning?: string }
	| { readonly problem: string }
	| { readonly problems: readonly PartProblem[] };

type Refused = Exclude<Checked<unknown>, { readonly value: unknown }>;

/** What is wrong with a part of a value, as what is wrong with the value: `where` the part is, in words and as a key. */
export function wrongPart(where: string, key: string, refused: Refused): Refused {
	if ("problem" in refused) return { problem: `${where}: ${refused.problem}` };
	return { problems: refused.problems.map(({ at, problem }) => ({ at: `${key}.${at}`, problem })) };
}

/** What a form needs to know to let somebody fill in a value. */
export interface Form {
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
	readonly least?: number;
	readonly most?: number;
	/** Of a choice; of `number or word`, and of a text that may be a word instead: the words. */
	readonly choices?: readonly string[];
	/** Characters of a text, entries of a list. */
	readonly longest?: number;
}

/** How one setting is checked; `raw` is what a form, a file or the storage gave. */
export interface Rule<T> {
	(raw: unknown): Checked<T>;
	/** `object` when left out: anything that JSON can tell. */
	readonly form?: Form;
}

/** A rule, from what a form needs to know of it and the check. */
export function rule<T>(form: Form, check: (raw: unknown) => Checked<T>): Rule<T> {
	const made: Rule<T> = Object.assign((raw: unknown) => check(raw), { form: Object.freeze(form) });
	Object.freeze(made);
	return made;
}

/** A whole number, also as text, within bounds. */
export function wholeNumber(least: number, most: number, unit: string): Rule<number> {
	return rule({ kind: "number", least, most }, (raw) => {
		const value = typeof raw === "string" && /^\s*\d+\s*$/.test(raw) ? Number(raw) : raw;
		if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most)
			return { value };
		return {
			problem: `This must be a whole number from ${least} to ${most}${unit === "" ? "" : ` ${unit}`}.`,
		};
	});
}

/** A number, also as text, within bounds. */
export function decimalNumber(least: number, most: number): Rule<number> {
	return rule({ kind: "number", least, most }, (raw) => {
		const value =
			typeof raw === "string" && /^\s*\d+([.,]\d+)?\s*$/.test(raw) ? Number(raw.replace(",", ".")) : raw;
		if (typeof value === "number" && value >= least && value <= most) return { value };
		return { problem: `This must be a number from ${least} to ${most}.` };
	});
}

/** One of some words. */
export function choice<const Word extends string>(words: readonly Word[]): Rule<Word> {
	return rule({ kind: "choice", choices: words }, (raw) => {
		const value = words.find((word) => word === raw);
		return value === undefined ? { problem: `This must be ${words.join(" or ")}.` } : { value };
	});
}

/** A whole number within bounds, or a word that stands for one or for none. */
export function numberOr<const Word extends string>(
	least: number,
	most: number,
	unit: string,
	words: readonly Word[],
): Rule<number | Word> {
	const number = wholeNumber(least, most, `${unit === "" ? "" : `${unit}, `}or ${words.join(" or ")}`);
	return rule<number | Word>({ kind: "number or word", least, most, choices: words }, (raw) => {
		const value = words.find((word) => word === raw);
		return value === undefined ? number(raw) : { value };
	});
}

/** The largest number that a pin of these chips has. */
export const lastPin = 48;

/** The number of a pin, or a word that stands for one or for none. */
export function pin<const Word extends string>(...words: readonly Word[]): Rule<number | Word> {
	return numberOr(0, lastPin, "", words);
}

/** A text of bounded length without control characters; spaces around it are dropped. */
export function text(longest: number, check?: (value: string) => string | undefined): Rule<string> {
	return rule({ kind: "text", longest }, (raw) => {
		if (typeof raw !== "string") return { problem: "This must be a text." };
		const value = raw.trim();
		if (value.length > longest) return { problem: `This is longer than ${longest} characters.` };
		if (hasControl(value)) return { problem: "This has characters that cannot be shown; type it again." };
		const problem = value === "" ? undefined : check?.(value);
		return problem === undefined ? { value } : { problem };
	});
}

/** A text as {@link text} has it, or a word. */
export function textOr<const Word extends string>(
	longest: number,
	words: readonly Word[],
	check: (value: string) => string | undefined,
): Rule<string> {
	return rule(
		{ kind: "text", longest, choices: words },
		text(longest, (value) => (words.some((word) => word === value) ? undefined : check(value))),
	);
}

/** A list with at most `most` entries, each under one rule; empty texts in it are dropped. */
export function list<T>(most: number, entryRule: Rule<T>): Rule<readonly T[]> {
	return rule({ kind: "list", longest: most }, (raw) => {
		if (!Array.isArray(raw)) return { problem: "This must be a list." };
		const entries = raw.filter((entry) => entry !== "");
		if (entries.length > most) return { problem: `At most ${most} can be kept.` };
		const values: T[] = [];
		for (const [index, entry] of entries.entries()) {
			const checked = entryRule(entry);
			if (!("value" in checked)) return wrongPart(`Number ${index + 1}`, String(index), checked);
			values.push(checked.value);
		}
		return { value: values };
	});
}
