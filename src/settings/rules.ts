import { hasControl } from "../text/control";

/** The outcome of checking one value: the value as it is kept, or a sentence that says what is wrong with it. */
export type Checked<T> = { readonly value: T } | { readonly problem: string };

/** How one setting is checked; `raw` is what a form, a file or the storage gave. */
export type Rule<T> = (raw: unknown) => Checked<T>;

/** A whole number, also as text, within bounds. */
export function wholeNumber(least: number, most: number, unit: string): Rule<number> {
	return (raw) => {
		const value = typeof raw === "string" && /^\s*\d+\s*$/.test(raw) ? Number(raw) : raw;
		if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most)
			return { value };
		return {
			problem: `This must be a whole number from ${least} to ${most}${unit === "" ? "" : ` ${unit}`}.`,
		};
	};
}

/** A number, also as text, within bounds. */
export function decimalNumber(least: number, most: number): Rule<number> {
	return (raw) => {
		const value =
			typeof raw === "string" && /^\s*\d+([.,]\d+)?\s*$/.test(raw) ? Number(raw.replace(",", ".")) : raw;
		if (typeof value === "number" && value >= least && value <= most) return { value };
		return { problem: `This must be a number from ${least} to ${most}.` };
	};
}

/** One of some words. */
export function choice<const Word extends string>(words: readonly Word[]): Rule<Word> {
	return (raw) => {
		const value = words.find((word) => word === raw);
		return value === undefined ? { problem: `This must be ${words.join(" or ")}.` } : { value };
	};
}

/** The largest number that a pin of these chips has. */
export const lastPin = 48;

/** The number of a pin, or a word that stands for one or for none. */
export function pin<const Word extends string>(...words: readonly Word[]): Rule<number | Word> {
	const number = wholeNumber(0, lastPin, `or ${words.join(" or ")}`);
	return (raw) => {
		const value = words.find((word) => word === raw);
		return value === undefined ? number(raw) : { value };
	};
}

/** A text of bounded length without control characters; spaces around it are dropped. */
export function text(longest: number, check?: (value: string) => string | undefined): Rule<string> {
	return (raw) => {
		if (typeof raw !== "string") return { problem: "This must be a text." };
		const value = raw.trim();
		if (value.length > longest) return { problem: `This is longer than ${longest} characters.` };
		if (hasControl(value)) return { problem: "This has characters that cannot be shown; type it again." };
		const problem = value === "" ? undefined : check?.(value);
		return problem === undefined ? { value } : { problem };
	};
}

/** A list with at most `most` entries, each under one rule; empty texts in it are dropped. */
export function list<T>(most: number, rule: Rule<T>): Rule<readonly T[]> {
	return (raw) => {
		if (!Array.isArray(raw)) return { problem: "This must be a list." };
		const entries = raw.filter((entry) => entry !== "");
		if (entries.length > most) return { problem: `At most ${most} can be kept.` };
		const values: T[] = [];
		for (const [index, entry] of entries.entries()) {
			const checked = rule(entry);
			if ("problem" in checked) return { problem: `Number ${index + 1}: ${checked.problem}` };
			values.push(checked.value);
		}
		return { value: values };
	};
}
