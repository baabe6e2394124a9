import { isJsonObject } from "../common/json";
import { type CheckResult, nestProblem } from "./rules";

/** The rules of an object's members; each may be left out of it unless `required` says otherwise. */
export type MemberRules<T> = {
	readonly [Key in keyof T]-?: (raw: unknown) => CheckResult<NonNullable<T[Key]>>;
};

/**
 * Checks an object member by member. A problem begins with the member's name; a member that has no rule is refused, so
 * that a misspelt one does not go unnoticed.
 */
export function checkMembers<T extends object>(
	raw: unknown,
	rules: MemberRules<T>,
	required: readonly (keyof T & string)[] = [],
): CheckResult<T> {
	if (!isJsonObject(raw)) return { problem: "This must be an object in braces." };
	for (const key of required) {
		if (!Object.hasOwn(raw, key)) return { problem: `It needs ${key}.` };
	}
	const members: [string, unknown][] = [];
	for (const [key, given] of Object.entries(raw)) {
		if (!isKeyOf(rules, key))
			return { problem: `There is no ${key} here; there is ${Object.keys(rules).join(", ")}.` };
		const checked = rules[key](given);
		if (!("value" in checked)) return nestProblem(key, key, checked);
		members.push([key, checked.value]);
	}
	// Each member has passed its own rule, and the required ones are there.
	return { value: Object.fromEntries(members) as T };
}

function isKeyOf<T extends object>(rules: T, key: string): key is keyof T & string {
	return Object.hasOwn(rules, key);
}

/** A number within bounds, negative ones too. */
export function numberInRange(min: number, max: number): (raw: unknown) => CheckResult<number> {
	return (raw) =>
		typeof raw === "number" && raw >= min && raw <= max
			? { value: raw }
			: { problem: `This must be a number from ${min} to ${max}.` };
}

/** True; false is as good as left out. */
export function booleanValue(raw: unknown): CheckResult<boolean> {
	return typeof raw === "boolean" ? { value: raw } : { problem: "This must be true or false." };
}
