import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newSource, readSources } from "../../src/dakkio/sources";

const id = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 24, maxLength: 24 });
const entry = fc.record(
	{
		_id: fc.oneof(id, fc.jsonValue({ maxDepth: 1 })),
		name: fc.oneof(fc.string({ maxLength: 80 }), fc.jsonValue({ maxDepth: 1 })),
		type: fc.constant("sensor"),
		schema: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
	},
	{ requiredKeys: [] },
);

/** As the language itself would read it. */
function expected(list: readonly { _id?: unknown; name?: unknown }[]) {
	return list
		.filter(({ _id }) => typeof _id === "string" && /^[0-9a-f]{24}$/i.test(_id))
		.map(({ _id, name }) => ({ id: _id, name: typeof name === "string" ? name : "" }));
}

describe("a list of data sources", () => {
	test("is read as the language would read it, whatever else it tells", () => {
		fc.assert(
			fc.property(fc.array(entry), fc.jsonValue({ maxDepth: 2 }), fc.boolean(), (list, other, indented) => {
				const body = JSON.stringify(
					{ before: [{ _id: "0".repeat(24), name: "no data source" }], dataSources: list, other },
					undefined,
					indented ? "\t" : undefined,
				);
				expect(readSources(body)).toEqual(expected(list));
			}),
		);
	});

	test("that was cut off is none, wherever that was", () => {
		const body = JSON.stringify({ dataSources: [{ _id: "0".repeat(24), name: "a", schema: { b: [] } }] });
		for (let length = 0; length < body.length; length++)
			expect(readSources(body.slice(0, length))).toBeUndefined();
	});

	test("is not what is anything else", () => {
		for (const body of ["", "null", "[]", "{}", '{"dataSources":{}}', '{"dataSources":7}', "<html>[{</html>"])
			expect(readSources(body)).toBeUndefined();
	});

	test("may be of hundreds with a name for each of their fields: none of these costs the board anything", () => {
		const schema = (at: number) => ({ [`field_${at}`]: { type: "number", unit: "celsius" } });
		const list = Array.from({ length: 200 }, (_, at) => ({
			_id: String(at).padStart(24, "0"),
			name: `Board ${at}`,
			schema: schema(at),
		}));
		expect(readSources(JSON.stringify({ dataSources: list }))).toEqual(expected(list));
	});
});

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
