import { lengthProblem } from "../common/characters";
import { hasControlCharacters } from "../common/control-characters";
import { isJsonObject } from "../common/json";
import { consistsOf, hasShape, isDecimal, isDigits } from "../common/text-pattern";

/** A problem with a part of a value; `path`: the part, as in `1.password`. */
export interface PartProblem {
	readonly path: string;
	readonly problem: string;
}

/**
 * The result of checking a value: the value to keep, perhaps with a warning; or the problem with it, or with parts of it.
 * Problems and warnings are sentences for the user.
 */
export type CheckResult<T> =
	| {
			readonly value: T;
			readonly warning?: string;
			/** Of certificates: whether one can verify a server of this name. */
			readonly isFor?: (host: string) => boolean;
	  }
	| { readonly problem: string }
	| { readonly problems: readonly PartProblem[] };

type CheckFailure = Exclude<CheckResult<unknown>, { readonly value: unknown }>;

/** The problem with a part of a value as a problem with the value; `where` names the part, `key` is its path. */
export function nestProblem(where: string, key: string, failure: CheckFailure): CheckFailure {
	if ("problem" in failure) return { problem: `${where}: ${failure.problem}` };
	return { problems: failure.problems.map(({ path, problem }) => ({ path: `${key}.${path}`, problem })) };
}

/** How a form shows a value. */
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
	/** Words to choose from, also in place of a number or text. */
	readonly choices?: readonly string[];
	/** Characters of a text, entries of a list. */
	readonly maxLength?: number;
}

/** Checks one value; `raw` comes from a form, a file or the storage. `now`: milliseconds of Unix time, 0 if unknown. */
export interface Rule<T> {
	(raw: unknown, now?: number): CheckResult<T>;
	/** Left out: any JSON. */
	readonly inputType?: InputType;
}

export function makeRule<T>(
	inputType: InputType,
	check: (raw: unknown, now: number) => CheckResult<T>,
): Rule<T> {
	const rule: Rule<T> = Object.assign((raw: unknown, now = 0) => check(raw, now), {
		inputType: Object.freeze(inputType),
	});
	Object.freeze(rule);
	return rule;
}

/**
 * Whether a value was not entered: absent, null, or text of only invisible characters (white space, a byte order mark,
 * zero-width characters). A blank secret leaves the saved one unchanged.
 */
export function isBlank(value: unknown): boolean {
	return (
		value === undefined ||
		value === null ||
		(typeof value === "string" && consistsOf(value, blankCharacters, 0))
	);
}

/** White space and invisible characters. */
const blankCharacters =
	"\t\r  \u00a0\u00a0\u00ad\u00ad\u1680\u1680\u180e\u180e\u2000\u200f\u2028\u2029\u202f\u202f\u205f\u2064\u2800\u2800\u3000\u3000\u3164\u3164\ufeff\ufeff";

/** True or false. */
export function booleanValue(raw: unknown): CheckResult<boolean> {
	return typeof raw === "boolean" ? { value: raw } : { problem: "This must be true or false." };
}

/** A whole number within bounds, also as text. */
export function wholeNumber(min: number, max: number, unit = ""): Rule<number> {
	return makeRule({ kind: "number", min, max }, (raw) => {
		const value = typeof raw === "string" && isDigits(raw.trim()) ? Number(raw) : raw;
		if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max)
			return { value };
		return { problem: `This must be a whole number from ${min} to ${max}${unit && ` ${unit}`}.` };
	});
}

/** A number within bounds. */
export function numberInRange(min: number, max: number, unit = ""): Rule<number> {
	return (raw) => {
		if (typeof raw === "number" && raw >= min && raw <= max) return { value: raw };
		if (typeof raw === "string" && raw.includes(","))
			return { problem: "The comma may mean decimals or thousands: write a point, or leave it out." };
		return { problem: `This must be a number from ${min} to ${max}${unit && ` ${unit}`}.` };
	};
}

/**
 * A number within bounds, also as text: with a decimal comma, or the minus sign of a phone's keyboard (U+2212). `1,500` is
 * refused, because it may be 1.5 or 1500; page/numbers.ts has the same rule.
 */
export function decimalNumber(min: number, max: number, unit = ""): Rule<number> {
	const inRange = numberInRange(min, max, unit);
	return makeRule({ kind: "number", min, max }, (raw) => {
		if (typeof raw !== "string") return inRange(raw);
		const text = raw.trim().replace("−", "-");
		const digits = text.startsWith("-") ? text.slice(1) : text;
		const isGrouped = hasShape(digits.slice(-4), ",000") && digits.length < 8 && !digits.startsWith("0");
		return inRange(isDecimal(digits.replace(",", ".")) && !isGrouped ? Number(text.replace(",", ".")) : raw);
	});
}

/** One of these words. */
export function choice<const Word extends string>(words: readonly Word[]): Rule<Word> {
	return makeRule({ kind: "choice", choices: words }, (raw) => {
		const value = words.find((word) => word === raw);
		return value === undefined ? { problem: `This must be ${words.join(" or ")}.` } : { value };
	});
}

/** A whole number within bounds, or one of these words. */
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

/** The highest pin number of the supported chips (ESP32-S3). */
export const maxPin = 48;

/** A pin number, or one of these words. */
export function pinNumber<const Word extends string>(...words: readonly Word[]): Rule<number | Word> {
	return numberOrWord(0, maxPin, "", words);
}

/** Text without control characters, trimmed. `check` returns a problem; it is not called for empty text. */
export function text(maxLength: number, check?: (value: string) => string | undefined): Rule<string> {
	return makeRule({ kind: "text", maxLength }, (raw) => {
		if (typeof raw !== "string") return { problem: "This must be text." };
		const trimmed = raw.trim();
		// An equal text is in memory once.
		const value = isBlank(raw) ? "" : trimmed === raw ? raw : trimmed;
		if (hasControlCharacters(value))
			return { problem: "This has characters that cannot be shown; type it again." };
		const problem = value === "" ? undefined : (lengthProblem(value, maxLength) ?? check?.(value));
		return problem === undefined ? { value } : { problem };
	});
}

/** Text as {@link text} checks it, or one of these words. */
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

/** A list, each entry checked by one rule; blank entries are dropped. */
export function list<T>(maxEntries: number, entryRule: Rule<T>): Rule<readonly T[]> {
	return makeRule({ kind: "list", maxLength: maxEntries }, (raw) => {
		if (!Array.isArray(raw)) return { problem: "This must be a list." };
		const entries = raw.filter((entry) => !isBlank(entry));
		if (entries.length > maxEntries) return { problem: `At most ${maxEntries} can be saved.` };
		const values: T[] = [];
		for (const [index, entry] of entries.entries()) {
			const checked = entryRule(entry);
			if (!("value" in checked)) return nestProblem(`Number ${index + 1}`, String(index), checked);
			values.push(checked.value);
		}
		return { value: values };
	});
}

/** The rules of an object's members. */
export type MemberRules<T> = { readonly [Key in keyof T]-?: Rule<NonNullable<T[Key]>> };

/** Checks an object's members, and {@link keep keeps} their values. Members without a rule are refused, to catch misspellings. */
export function checkMembers<T extends object>(
	raw: unknown,
	rules: MemberRules<T>,
	required: readonly (keyof T & string)[] = [],
): CheckResult<T> {
	if (!isJsonObject(raw)) return { problem: "This must be an object in braces." };
	for (const key of required) {
		if (!Object.hasOwn(raw, key)) return { problem: `${key} is missing.` };
	}
	for (const key of Object.keys(raw)) {
		if (!isKeyOf(rules, key))
			return { problem: `There is no ${key} here; there is ${Object.keys(rules).join(", ")}.` };
		const checked = rules[key](raw[key]);
		if (!("value" in checked)) return nestProblem(key, key, checked);
		keep(raw, key, checked.value);
	}
	// Each member has passed its rule, and none that is required is missing.
	return { value: raw as T };
}

/** Puts the checked value in place of the given one, as a copy of settings that fill a request takes too much memory. */
export function keep(given: object, key: string, value: unknown): void {
	if (Reflect.get(given, key) !== value) Object.defineProperty(given, key, { value });
}

function isKeyOf<T extends object>(rules: T, key: string): key is keyof T & string {
	return Object.hasOwn(rules, key);
}
