import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	type FieldLayoutOptions,
	type FieldSource,
	planFieldLayout,
} from "../../src/sensors/pipeline/field-layout";
import { assignFieldNames, type FieldNames } from "../../src/sensors/pipeline/field-names";

function source(sensor: string, ...names: string[]): FieldSource {
	return {
		sensor,
		fields: names.map((name) => ({ name, unit: "", decimals: 0, aggregation: "mean" as const })),
	};
}

function input(sensor: string, name: string): FieldSource {
	return { ...source(sensor, name), hasUserNames: true };
}

function namesFor(sources: readonly FieldSource[]): FieldNames {
	return sources
		.filter(({ hasUserNames }) => hasUserNames !== true)
		.reduce<FieldNames>(
			(fieldNames, { sensor, fields }) =>
				assignFieldNames(
					fieldNames,
					sensor,
					fields.map(({ name }) => name),
				),
			[],
		);
}

function plan(sources: readonly FieldSource[], options: Partial<FieldLayoutOptions> = {}) {
	const { readingFields, problems } = planFieldLayout({
		sources,
		fieldNames: namesFor(sources),
		settings: {},
		statistics: false,
		maxFields: 32,
		...options,
	});
	return { names: readingFields.map(({ field }) => field.name), problems, readingFields };
}

const rename = (sensor: string, field: string, name: string) => ({
	[sensor]: { fields: { [field]: { name } } },
});
const two = [source("A", "t", "h"), source("B", "t")];

describe("settings for unknown sensors or fields are reported: probably a name is mistyped", () => {
	test.each<[string, FieldLayoutOptions["settings"], string[]]>([
		["known sensors and fields", { A: { off: true }, B: { fields: { t: { off: true } } } }, []],
		[
			"unknown sensors",
			{ a: { off: true }, toString: {} },
			["the settings name a, toString: no such sensor was ever found. Known sensors: A, B."],
		],
		[
			"unknown fields",
			{ A: { fields: { t: { scale: 2 }, T: { off: true }, constructor: {} } } },
			["A: the settings name T, constructor, which it does not measure; it measures t, h."],
		],
	])("%s", (_, settings, expected) => {
		expect(plan(two, { settings }).problems).toEqual(expected);
	});

	test("but not those of a missing sensor", () => {
		const settings = { B: { fields: { t: { offset: 1 } } } };
		expect(plan([two[0] ?? source("A")], { fieldNames: namesFor(two), settings }).problems).toEqual([]);
	});

	test("if no sensor was ever found, none is listed", () => {
		expect(plan([], { settings: { A: {} } }).problems).toEqual([
			"the settings name A: no such sensor was ever found.",
		]);
	});
});

describe("names from the settings", () => {
	test.each<[string, FieldLayoutOptions["settings"], string[], number]>([
		["none", {}, ["t", "h", "t_2"], 0],
		["a new one", rename("B", "t", "outdoors"), ["t", "h", "outdoors"], 0],
		["its own", rename("A", "t", "t"), ["t", "h", "t_2"], 0],
		["that of another", rename("B", "t", "h"), ["t", "h", "t_2"], 1],
		["exchanged", { ...rename("A", "t", "t_2"), ...rename("B", "t", "t") }, ["t_2", "h", "t"], 0],
		[
			"one that the other field gives up",
			{ ...rename("A", "t", "x"), ...rename("B", "t", "t") },
			["x", "h", "t"],
			0,
		],
		[
			"one that the other field would give up, if its request were granted",
			{ ...rename("A", "t", "h"), ...rename("B", "t", "t") },
			["t", "h", "t_2"],
			2,
		],
		[
			"that of a field that is off",
			{ A: { fields: { t: { off: true } } }, ...rename("B", "t", "t") },
			["h", "t"],
			0,
		],
		["that of a sensor that is off", { A: { off: true }, ...rename("B", "t", "t") }, ["t"], 0],
		["for an unknown sensor", rename("C", "t", "t"), ["t", "h", "t_2"], 1],
		["for an unknown field", rename("A", "toString", "x"), ["t", "h", "t_2"], 1],
	])("%s", (_, settings, expected, problems) => {
		const planned = plan(two, { settings });
		expect(planned.names).toEqual(expected);
		expect(planned.problems).toHaveLength(problems);
	});

	test("never occur twice, and never take the name of another field", () => {
		const names = fc.constantFrom("t", "h", "t_2", "x", "y");
		const requests = fc.dictionary(
			fc.constantFrom("A", "B"),
			fc.record({
				fields: fc.dictionary(
					fc.constantFrom("t", "h"),
					fc.record({ name: names, off: fc.boolean() }, { requiredKeys: [] }),
				),
			}),
		);
		fc.assert(
			fc.property(requests, fc.boolean(), fc.constantFrom("t", "z", "x"), (settings, present, pin) => {
				const all = [...two, input("pin 4", pin)];
				const fieldNames = namesFor(all);
				const sources = present ? all : all.slice(1);
				const { readingFields } = planFieldLayout({
					sources,
					fieldNames,
					settings,
					statistics: true,
					maxFields: 32,
				});
				const found = readingFields.map(({ field }) => field.name);
				expect(new Set(found).size).toBe(found.length);
				// A field that is not renamed has its assigned name.
				for (const { field, statistic, source, fieldIndex } of readingFields) {
					const { sensor, fields, hasUserNames } = source;
					const own = fields[fieldIndex]?.name ?? "";
					if (statistic !== "value" || hasUserNames === true) continue;
					const requested = settings[sensor]?.fields?.[own]?.name;
					const assigned = fieldNames.find((entry) => entry.sensor === sensor)?.names.get(own);
					expect([requested, assigned]).toContain(field.name);
				}
			}),
		);
	});
});

describe("inputs", () => {
	test("have the names from the settings", () => {
		expect(plan([...two, input("pin 4", "soil")]).names).toEqual(["t", "h", "t_2", "soil"]);
	});

	test("are left out, which is reported, if the name is a sensor's, present or missing", () => {
		const all = [...two, input("pin 4", "t")];
		expect(plan(all)).toMatchObject({
			names: ["t", "h", "t_2"],
			problems: ["pin 4: left out, because another field is named t."],
		});
		expect(plan(all.slice(1), { fieldNames: namesFor(all) }).names).toEqual(["t_2"]);
	});

	test("take precedence over the requested name of a sensor's field", () => {
		const planned = plan([...two, input("pin 4", "soil")], { settings: rename("A", "t", "soil") });
		expect(planned.names).toEqual(["t", "h", "t_2", "soil"]);
		expect(planned.problems).toHaveLength(1);
	});
});

describe("minimum and maximum", () => {
	test("follow their quantity", () => {
		expect(plan([source("A", "t")], { statistics: true }).names).toEqual(["t", "t_min", "t_max"]);
	});

	test("do not exist for counts and states", () => {
		const fields = [
			{ name: "rain", unit: "mm", decimals: 1, aggregation: "sum" as const },
			{ name: "door", unit: "", decimals: 0, aggregation: "last" as const },
		];
		expect(plan([{ sensor: "A", fields }], { statistics: true }).names).toEqual(["rain", "door"]);
	});

	test("give way to a field with the same name", () => {
		const other = source("B", "t_max");
		const planned = plan([source("A", "t"), other], { statistics: true });
		expect(planned.names).toEqual(["t", "t_min", "t_max", "t_max_min", "t_max_max"]);
		expect(planned.readingFields[2]).toMatchObject({ source: other, statistic: "value" });
		expect(planned.problems).toEqual(["left out, because another field has the same name: t_max."]);
	});
});

test("fields beyond the maximum are left out from the end, minima and maxima first, and reported", () => {
	const planned = plan([source("A", "a", "b"), source("B", "c")], { statistics: true, maxFields: 4 });
	expect(planned.names).toEqual(["a", "a_min", "b", "c"]);
	expect(planned.problems).toEqual([
		"left out, because a reading has at most 4 fields: a_max, b_min, b_max, c_min, c_max. Turn off fields that are not needed.",
	]);
	expect(plan([source("A", "a", "b", "c")], { maxFields: 2 }).names).toEqual(["a", "b"]);
});
