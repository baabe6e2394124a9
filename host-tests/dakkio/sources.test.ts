import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSourceBody, SourceFinder } from "../../src/dakkio/data-sources";

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
function expected(list: readonly { _id?: unknown; name?: unknown }[], { id: wanted, name }: Wanted) {
	const good = list.filter(({ _id }) => typeof _id === "string" && /^[0-9a-f]{24}$/i.test(_id));
	const own = good.filter(({ _id }) => _id === wanted);
	const nameOfId = own.map((one) => (typeof one.name === "string" ? one.name : undefined)).at(-1);
	return { named: good.find((one) => one.name === name)?._id, has: own.length > 0, nameOfId };
}

interface Wanted {
	readonly id: string;
	readonly name: string;
}

/** What is found in a body that comes in portions of this length. */
function find(body: string, wanted: Wanted, length = 7) {
	const finder = new SourceFinder(wanted);
	const bytes = new TextEncoder().encode(body);
	for (let at = 0; at < bytes.length; at += length) finder.push(bytes.subarray(at, at + length));
	return { named: finder.foundId, has: finder.containsId, nameOfId: finder.nameOfId };
}

const mine = { id: "0".repeat(24), name: "Balcony" };

describe("a list of data sources", () => {
	test("is read like with JSON.parse, whatever else it contains, in any portions", () => {
		fc.assert(
			fc.property(
				fc.array(entry),
				fc.jsonValue({ maxDepth: 2 }),
				fc.boolean(),
				fc.integer({ min: 1, max: 100 }),
				fc.nat(),
				(list, other, indented, length, pick) => {
					const body = JSON.stringify(
						{ before: [{ _id: mine.id, name: mine.name }], dataSources: list, other },
						undefined,
						indented ? "\t" : undefined,
					);
					// One that is there, mostly.
					const { _id, name } = list[pick % Math.max(1, list.length)] ?? {};
					const wanted = {
						id: typeof _id === "string" ? _id : mine.id,
						name: typeof name === "string" ? name : mine.name,
					};
					expect(find(body, wanted, length)).toEqual(expected(list, wanted));
				},
			),
		);
	});

	test("that was cut off before the one that is wanted leaves it open", () => {
		const other = "1".repeat(24);
		const body = JSON.stringify({ dataSources: [{ _id: other, name: "a", schema: { b: [] } }] });
		for (let length = 0; length < body.length; length++)
			expect(find(body.slice(0, length), mine).has).toBeUndefined();
		expect(find(body, mine).has).toBe(false);
		expect(find(body.slice(0, -2), { id: other, name: "a" })).toEqual({
			has: true,
			named: other,
			nameOfId: "a",
		});
	});

	test("is not what is anything else", () => {
		for (const body of ["", "null", "[]", "{}", '{"dataSources":{}}', '{"dataSources":7}', "<html>[{</html>"])
			expect(find(body, mine).has).toBeUndefined();
	});

	test("accepts an id in capitals", () => {
		const id = "abcdef".repeat(4);
		const body = JSON.stringify({ dataSources: [{ _id: id.toUpperCase() }] });
		expect(find(body, { id, name: "" }).has).toBe(true);
	});
});

test("a data source is made with each field's unit and type", () => {
	const fields = [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "rain", unit: "", decimals: 0 },
		{ name: "door", unit: "", decimals: 0, type: "boolean" as const },
	];
	expect(JSON.parse(createSourceBody("Balcony", fields))).toEqual({
		name: "Balcony",
		type: "sensor",
		schema: {
			temperature: { type: "number", unit: "celsius" },
			rain: { type: "number" },
			door: { type: "boolean" },
		},
	});
});
