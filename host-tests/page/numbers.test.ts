import { expect, test } from "vitest";
import { decimalText, parseDecimal, valueText } from "../../page/numbers";

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
])("%j is entered as %j", (text, value) => {
	expect(parseDecimal(text)).toBe(value);
});

test("a number that is shown is read back", () => {
	for (const value of [0, -0.4, 1013.25, 1e-3, -50]) expect(parseDecimal(decimalText(value))).toBe(value);
});

test.each([
	[-50, "dBm", 0, "−50\u00a0dBm"],
	[22.5, "celsius", 2, "22.50\u00a0°C"],
	[true, "", undefined, "true"],
	["open", "", undefined, "open"],
	[undefined, "volt", 3, "–"],
])("%j %s with %j decimals is shown as %j", (value, unit, decimals, text) => {
	expect(valueText(value, unit, decimals)).toBe(text);
});
