import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasControlCharacters } from "../../src/common/control-characters";
import { checkFieldName } from "../../src/dakkio/identifiers";
import { checkSettings } from "../../src/settings/settings";

/** What is wrong with one setting; `undefined` for nothing. */
function problemOf(key: string, value: unknown): string | undefined {
	return checkSettings({ [key]: value }).problems[0]?.problem;
}

const field = (more: object) => ({ "BME280 at 0x76": { fields: { temperature: more } } });

describe("settings of sensors", () => {
	test.each<[string, unknown]>([
		["nothing", {}],
		["a name", field({ name: "outdoors" })],
		["a calibration", field({ scale: 1.02, offset: -0.4 })],
		["a field that is off", field({ off: true })],
		["a sensor that is off", { "BME280 at 0x76": { off: true } }],
		["a resistor", { "INA219 at 0x40": { shunt: 0.01 } }],
		["a range", { "ADS1115 at 0x48": { range: 0.256 } }],
		[
			"the same name twice, of which one is off",
			{ a: { fields: { t: { name: "x", off: true } } }, ...field({ name: "x" }) },
		],
	])("%s", (_, sensors) => {
		const { settings, problems } = checkSettings({ sensors });
		expect(problems).toEqual([]);
		expect(settings.sensors).toEqual(sensors);
	});

	test.each<[unknown, string]>([
		[[], "This must be an object in braces, with an entry for each sensor."],
		["BME280", "This must be an object in braces, with an entry for each sensor."],
		[{ "": {} }, '"" is not a sensor.'],
		[{ "BME280 at 0x76": 7 }, "BME280 at 0x76: This must be an object in braces."],
		[
			{ "BME280 at 0x76": { colour: "red" } },
			"BME280 at 0x76: There is no colour here; there is off, shunt, range, temperatureOffset, selfCalibration, recalibrate, fields.",
		],
		[{ "INA219 at 0x40": { shunt: 0 } }, "INA219 at 0x40: shunt: This must be a number from 0.0001 to 100."],
		[
			field({ nmae: "x" }),
			"BME280 at 0x76: fields: temperature: There is no nmae here; there is name, off, scale, offset.",
		],
		[
			field({ name: "in.doors" }),
			"BME280 at 0x76: fields: temperature: name: A field's name has no dot and no dollar sign.",
		],
		[
			field({ scale: 0 }),
			"BME280 at 0x76: fields: temperature: scale: A scale of 0 makes every value the same; use off to leave a field out.",
		],
		[
			field({ offset: "1" }),
			"BME280 at 0x76: fields: temperature: offset: This must be a number from -1000000 to 1000000.",
		],
		[field({ off: "yes" }), "BME280 at 0x76: fields: temperature: off: This must be true or false."],
		[
			{ a: { fields: { t: { name: "x" } } }, b: { fields: { t: { name: "x" } } } },
			"Two fields have the name x.",
		],
		[
			Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`sensor ${i}`, {}])),
			"At most 32 can be saved.",
		],
	])("%j is refused: %s", (sensors, sentence) => {
		expect(problemOf("sensors", sensors)).toBe(sentence);
		expect(checkSettings({ sensors }).settings.sensors).toEqual({});
	});

	test.each([
		["", false],
		["\u001b[31mX", false],
		["X\u202e", false],
		["a\ud800", false],
		["🌡".repeat(40), true],
		["🌡".repeat(41), false],
	])("%j as a name of a sensor or a field", (name, isValid) => {
		for (const sensors of [{ [name]: { off: true } }, { "BME280 at 0x76": { fields: { [name]: {} } } }]) {
			const { problems } = checkSettings({ sensors });
			expect(problems.length).toBe(isValid ? 0 : 1);
			expect(hasControlCharacters(problems[0]?.problem ?? "")).toBe(false);
		}
	});

	test("keys that every object has are keys like all others", () => {
		const sensors: unknown = JSON.parse(
			'{"__proto__":{"off":true},"toString":{"fields":{"__proto__":{"off":true}}}}',
		);
		const { settings, problems } = checkSettings({ sensors });
		expect(problems).toEqual([]);
		expect(JSON.stringify(settings.sensors)).toBe(JSON.stringify(sensors));
		expect(problemOf("sensors", JSON.parse('{"a":{"__proto__":1}}'))).toMatch(/There is no __proto__ here/);
	});

	test("whatever is given, it is checked without an exception, and what is kept passes again", () => {
		fc.assert(
			fc.property(
				fc.jsonValue(),
				fc.constantFrom("sensors", "inputs", "derived", "altitude", "statistics"),
				(value, key) => {
					const first = checkSettings({ [key]: value });
					const second = checkSettings({ ...first.settings });
					expect(second.problems).toEqual([]);
					expect(second.settings).toEqual(first.settings);
				},
			),
		);
	});
});

describe("inputs", () => {
	const analog = { kind: "analog", pin: 34, name: "soil" };
	const state = { kind: "state", pin: 27, name: "door" };
	const rain = { kind: "pulses", pin: 26, name: "rain" };

	test.each<[string, readonly unknown[]]>([
		["none", []],
		["one of each", [analog, state, rain]],
		[
			"with all that there is to say",
			[
				{ ...analog, unit: "percent", decimals: 0, scale: -50, offset: 100 },
				{ ...state, pull: "none", active: "high" },
				{
					...rain,
					pull: "up",
					active: "low",
					report: "total",
					unit: "mm",
					decimals: 1,
					scale: 0.2794,
					debounce: 20,
				},
			],
		],
	])("%s", (_, inputs) => {
		const { settings, problems } = checkSettings({ inputs });
		expect(problems).toEqual([]);
		expect(settings.inputs).toEqual(inputs);
	});

	test.each<[unknown, string]>([
		[{}, "This must be a list, in brackets."],
		[[7], "Number 1: An input is an object whose kind is analog, state, pulses."],
		[
			[analog, { ...state, kind: "stat" }],
			"Number 2: An input is an object whose kind is analog, state, pulses.",
		],
		[[{ kind: "analog", name: "x" }], "Number 1: pin is missing."],
		[[{ kind: "state", pin: 4 }], "Number 1: name is missing."],
		[[{ ...analog, pin: 49 }], "Number 1: pin: This must be a whole number from 0 to 48."],
		[[{ ...analog, name: "" }], "Number 1: name: A field's name has 1 to 40 characters."],
		[
			[{ ...analog, pull: "up" }],
			"Number 1: There is no pull here; there is kind, pin, name, unit, decimals, scale, offset.",
		],
		[[{ ...rain, report: "speed" }], "Number 1: report: This must be count or rate or total."],
		[[{ ...rain, debounce: -1 }], "Number 1: debounce: This must be a number from 0 to 1000."],
		[[analog, { ...state, pin: 34 }], "Two inputs have the pin 34."],
		[[analog, { ...state, name: "soil" }], "Two inputs have the name soil."],
		[Array.from({ length: 9 }, (_, pin) => ({ ...analog, pin, name: `a${pin}` })), "At most 8 can be saved."],
	])("%j is refused: %s", (inputs, sentence) => {
		expect(problemOf("inputs", inputs)).toBe(sentence);
		expect(checkSettings({ inputs }).settings.inputs).toEqual([]);
	});
});

describe("a field's name", () => {
	test.each(["t", "temperature_2", "Küche", "co2 (ppm)", "x".repeat(40)])("can be %s", (name) => {
		expect(checkFieldName(name)).toBeUndefined();
	});

	test.each(["", "x".repeat(41), "a.b", "$set", "cost$", " x", "x ", "a\nb", "a\u0007", "__proto__"])(
		"cannot be %j",
		(name) => {
			expect(checkFieldName(name)).toMatch(/\.$/);
		},
	);
});

test.each<[string, unknown, unknown]>([
	["altitude", "-12,5", -12.5],
	["altitude", 8848, undefined],
	["altitude", "high", undefined],
	["altitude", 1600, 1600],
	["statistics", "off", "off"],
	["statistics", "10", 10],
	["statistics", 0, undefined],
	["derived", ["dew_point"], ["dew_point"]],
	["derived", ["dew point"], undefined],
	["oneWirePin", "4", 4],
	["oneWirePin", "none", "none"],
	["oneWirePin", "auto", undefined],
])("%s: %j", (key, given, expected) => {
	const { settings, problems } = checkSettings({ [key]: given });
	expect(problems.map((problem) => problem.key)).toEqual(expected === undefined ? [key] : []);
	if (expected !== undefined) expect(settings[key as "altitude"]).toEqual(expected);
});
