import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/common/json";

/** What an untrusted client may send, and what it must not cost: each name and each value takes memory that a chip has not. */

describe("untrusted JSON", () => {
	test("is what JSON says, as long as it is small", () => {
		fc.assert(
			fc.property(fc.json({ maxDepth: 4 }), (text) => {
				expect(parseJson(text)).toEqual(JSON.parse(text));
			}),
		);
	});

	test("text that is not JSON gives undefined", () => {
		for (const text of ["", "{", "[1,]", "{'a':1}", "undefined", '{"a":1}}'])
			expect(parseJson(text)).toBeUndefined();
	});

	test.each([
		["nested deeper than anything that is meant", `${"[".repeat(9)}${"]".repeat(9)}`],
		["of very many lists", `[${Array(1_000).fill("[]").join(",")}]`],
		["of very many numbers", `[${Array(1_000).fill("0").join(",")}]`],
		["of very many names", `{${Array.from({ length: 400 }, (_, index) => `"n${index}":0`).join(",")}}`],
	])("%s is nothing", (_, text) => {
		expect(JSON.parse(text)).toBeDefined();
		expect(parseJson(text) === undefined).toBe(true);
	});

	test("may have commas, colons and brackets in its texts", () => {
		const value = { text: '[{,:"\\'.repeat(500) };
		expect(parseJson(JSON.stringify(value))).toEqual(value);
	});

	test("may be as large as all the settings that a board can have", () => {
		const fields = Object.fromEntries(
			["temperature", "humidity", "pressure"].map((name) => [name, { name: `my_${name}`, offset: 1 }]),
		);
		const sensors = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`SHT31 at ${at}`, { fields }]));
		const text = JSON.stringify({
			token: "0",
			settings: { sensors, inputs: Array(8).fill({ kind: "state" }) },
		});
		expect(parseJson(text)).toEqual(JSON.parse(text));
	});
});
