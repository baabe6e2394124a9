import fc from "fast-check";
import { expect, test } from "vitest";
import { decimalText, parseDecimal, valueText } from "../../page/numbers";
import { decimalNumber, numberInRange } from "../../src/settings/rules";

test.each([
	["1.5", 1.5],
	[" 1,5 ", 1.5],
	["−0.4", -0.4],
	["-0.4", -0.4],
	["+3", 3],
	[".5", 0.5],
	["0", 0],
	["", undefined],
	["  ", undefined],
	["one", "one"],
	["1.2.3", "1.2.3"],
	["1e5", "1e5"],
	["Infinity", "Infinity"],
	["3.", 3],
	["0,279", 0.279],
	["1234,567", 1234.567],
	["1.500", 1.5],
	// It may be 1.5 or 1500.
	["1,500", "1,500"],
	["−12,345", "−12,345"],
	["+999,999", "+999,999"],
	["1,500,000", "1,500,000"],
	["1.500,5", "1.500,5"],
	["1,500.5", "1,500.5"],
	["1 500", "1 500"],
	[",", ","],
])("%j is entered as %j", (text, value) => {
	expect(parseDecimal(text)).toBe(value);
});

test("a number that is shown is read back", () => {
	for (const value of [0, -0.4, 1013.25, 1e-3, -50]) expect(parseDecimal(decimalText(value))).toBe(value);
});

test("the board takes no text for another number than the page", () => {
	const rule = decimalNumber(-1e9, 1e9);
	const text = fc.string({ unit: fc.constantFrom(..."0015.,-+− "), maxLength: 9 });
	fc.assert(
		fc.property(text, (typed) => {
			const checked = rule(typed);
			if ("value" in checked) expect(parseDecimal(typed)).toBe(checked.value);
		}),
	);
	expect(rule("1,5")).toEqual({ value: 1.5 });
	expect(rule("0,500")).toEqual({ value: 0.5 });
	expect(rule("1234,567")).toEqual({ value: 1234.567 });
});

test.each(["1,500", "−1,500", "999,999", "1,500,000", "1,500.5"])(
	"%j may be two numbers: a sentence asks which, from the page's number and as text",
	(typed) => {
		const problem = "The comma may mean decimals or thousands: write a point, or leave it out.";
		expect(decimalNumber(-450, 6000, "metres")(typed)).toEqual({ problem });
		// As the page sends what it does not take for a number.
		expect(numberInRange(-450, 6000)(parseDecimal(typed))).toEqual({ problem });
	},
);

test.each([
	[-50, "dBm", 0, "−50\u00a0dBm"],
	[22.5, "celsius", 2, "22.50\u00a0°C"],
	[true, "", undefined, "true"],
	["open", "", undefined, "open"],
	[undefined, "volt", 3, "–"],
])("%j %s with %j decimals is shown as %j", (value, unit, decimals, text) => {
	expect(valueText(value, unit, decimals)).toBe(text);
});
