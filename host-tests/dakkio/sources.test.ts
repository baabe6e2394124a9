import { expect, test } from "vitest";
import { newSource } from "../../src/dakkio/sources";

test("a data source is made with each field's unit and type", () => {
	const fields = [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "rain", unit: "", decimals: 0 },
		{ name: "door", unit: "", decimals: 0, type: "boolean" as const },
	];
	expect(JSON.parse(newSource("Balcony", fields))).toEqual({
		name: "Balcony",
		type: "sensor",
		schema: {
			temperature: { type: "number", unit: "celsius" },
			rain: { type: "number" },
			door: { type: "boolean" },
		},
	});
});
