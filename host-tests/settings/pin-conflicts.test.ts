import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { problemOf } from "../../simulator/hardware/pins";
import { PowerCycle, SimulatedKeyValue } from "../../simulator/life/powered-storage";
import type { DefaultPins } from "../../src/settings/pin-conflicts";
import { checkSettings, type Settings } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";

/** Of common boards. */
const esp32: DefaultPins = { data: 21, clock: 22, led: 2, button: 0 };
const esp32c3: DefaultPins = { data: 8, clock: 9, led: undefined, button: undefined };

const door = { kind: "state", pin: 27, name: "door" } as const;
const rain = { kind: "pulses", pin: 26, name: "rain" } as const;
const soil = { kind: "analog", pin: 34, name: "soil" } as const;

function problemsOf(given: Readonly<Record<string, unknown>>, usual?: DefaultPins): Record<string, string> {
	return Object.fromEntries(checkSettings(given, usual).problems.map(({ key, problem }) => [key, problem]));
}

test("a pin that the chip cannot use is refused where it is set", () => {
	const pins: DefaultPins = { ...esp32, problemOf };
	expect(
		problemsOf({ oneWirePin: 24, batteryPin: 40, ledPin: 36, inputs: [soil, { ...door, pin: 6 }] }, pins),
	).toEqual({
		oneWirePin: "Pin 24 cannot be used: this chip does not have it.",
		batteryPin: "Pin 40 cannot be used: this chip does not have it.",
		ledPin: "Pin 36 cannot be used: it can only be an input.",
		inputs: "Number 2: Pin 6 cannot be used: the flash memory is at this pin.",
	});
	expect(problemsOf({ oneWirePin: 4, buttonPin: 35, inputs: [soil], serialPin: 39 }, pins)).toEqual({});
	const onlyThese = "while the Wi-Fi is on, only pins 32 to 39 measure a voltage.";
	// Of its second converter; and with none.
	expect(problemsOf({ inputs: [door, { ...soil, pin: 26 }] }, pins)).toMatchObject({
		inputs: `Number 2: Pin 26 cannot be used: ${onlyThese}`,
	});
	expect(problemsOf({ batteryPin: 25, inputs: [{ ...soil, pin: 5 }] }, pins)).toEqual({
		batteryPin: `Pin 25 cannot be used: ${onlyThese}`,
		inputs: `Number 1: Pin 5 cannot be used: ${onlyThese}`,
	});
	// As the build has it.
	expect(problemsOf({}, { ...pins, data: 6 })).toEqual({});
});

const own = "Each needs a pin of its own.";

describe("two settings with the same pin have a problem each", () => {
	test.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, string>>]>([
		[
			"both lines of the I²C bus",
			{ dataPin: 5, clockPin: 5 },
			{
				dataPin: `Pin 5 is also for the I²C clock line. ${own}`,
				clockPin: `Pin 5 is also for the I²C data line. ${own}`,
			},
		],
		[
			"light and button",
			{ ledPin: 5, buttonPin: "5" },
			{
				ledPin: `Pin 5 is also for the button. ${own}`,
				buttonPin: `Pin 5 is also for the status light. ${own}`,
			},
		],
		[
			"an input and the 1-Wire bus",
			{ inputs: [door, { ...rain, pin: 4 }], oneWirePin: 4 },
			{
				oneWirePin: `Pin 4 is also for the input rain. ${own}`,
				inputs: `Number 2: Pin 4 is also for the 1-Wire bus. ${own}`,
			},
		],
		[
			"a contact and the battery",
			{ inputs: [{ ...door, pin: 34 }], batteryPin: 34 },
			{
				batteryPin: `Pin 34 is also for the input door. ${own}`,
				inputs: `Number 1: Pin 34 is also for the battery. ${own}`,
			},
		],
		[
			"battery and light",
			{ ledPin: 33, batteryPin: 33 },
			{
				batteryPin: `Pin 33 is also for the status light. ${own}`,
				ledPin: `Pin 33 is also for the battery. ${own}`,
			},
		],
		[
			"three of them",
			{ dataPin: 5, ledPin: 5, oneWirePin: 5 },
			{
				ledPin: `Pin 5 is also for the I²C data line and the 1-Wire bus. ${own}`,
				dataPin: `Pin 5 is also for the status light and the 1-Wire bus. ${own}`,
				oneWirePin: `Pin 5 is also for the status light and the I²C data line. ${own}`,
			},
		],
		[
			"two pairs, of which inputs are in both",
			{ inputs: [door, rain], ledPin: 27, buttonPin: 26 },
			{
				ledPin: `Pin 27 is also for the input door. ${own}`,
				buttonPin: `Pin 26 is also for the input rain. ${own}`,
				inputs: `Number 1: Pin 27 is also for the status light. Number 2: Pin 26 is also for the button. ${own}`,
			},
		],
	])("%s", (_, given, expected) => {
		expect(problemsOf(given)).toEqual(expected);
		expect(problemsOf(given, esp32)).toEqual(expected);
	});
});

describe("what is auto has the pin that is usual on this board", () => {
	test.each<[string, DefaultPins, Readonly<Record<string, unknown>>, Readonly<Record<string, string>>]>([
		[
			"an input at the I²C bus",
			esp32,
			{ inputs: [{ ...door, pin: 21 }] },
			{
				dataPin: `The default pin 21 is also for the input door. ${own}`,
				inputs: `Number 1: Pin 21 is also for the I²C data line (by default). ${own}`,
			},
		],
		[
			"the 1-Wire bus at the light",
			esp32,
			{ oneWirePin: 2 },
			{
				ledPin: `The default pin 2 is also for the 1-Wire bus. ${own}`,
				oneWirePin: `Pin 2 is also for the status light (by default). ${own}`,
			},
		],
		[
			"the button BOOT of an ESP32-C3, which is at its I²C clock",
			esp32c3,
			{ buttonPin: 9 },
			{
				buttonPin: `Pin 9 is also for the I²C clock line (by default). ${own}`,
				clockPin: `The default pin 9 is also for the button. ${own}`,
			},
		],
		[
			"a bus with its lines crossed by half",
			esp32,
			{ dataPin: 22 },
			{
				dataPin: `Pin 22 is also for the I²C clock line (by default). ${own}`,
				clockPin: `The default pin 22 is also for the I²C data line. ${own}`,
			},
		],
	])("%s", (_, usual, given, expected) => {
		expect(problemsOf(given, usual)).toEqual(expected);
		// Whoever does not know the board cannot know that.
		expect(problemsOf(given)).toEqual({});
	});
});

test.each<[string, Readonly<Record<string, unknown>>, DefaultPins | undefined]>([
	["nothing at all is set", {}, esp32],
	["everything has its own", { inputs: [door, rain, soil], oneWirePin: 4, batteryPin: 35 }, esp32],
	["lines are crossed", { dataPin: 22, clockPin: 21 }, esp32],
	["the board has no light and no button", { oneWirePin: 2, inputs: [{ ...door, pin: 0 }] }, esp32c3],
	[
		"light and button are given up",
		{ ledPin: "none", buttonPin: "none", oneWirePin: 2, inputs: [door] },
		esp32,
	],
	["the bus has moved", { dataPin: 18, clockPin: 19, inputs: [{ ...door, pin: 21 }] }, esp32],
	// Each opens the converter for the moment in which it reads.
	["a voltage is measured where the battery is", { batteryPin: 34, inputs: [soil] }, esp32],
])("no problem where %s", (_, given, usual) => {
	expect(problemsOf(given, usual)).toEqual({});
});

test("an invalid pin is only reported as invalid", () => {
	expect(problemsOf({ dataPin: 77, inputs: [{ ...door, pin: 21 }] }, esp32)).toEqual({
		dataPin: expect.stringMatching(/from 0 to 48/),
	});
	expect(problemsOf({ ledPin: 27, inputs: [door, { ...rain, pin: 27 }] }, esp32)).toEqual({
		inputs: "Two inputs have the pin 27.",
	});
});

test("conflicts in saved settings are reported at the start, and the settings stay", () => {
	const storage = new SimulatedKeyValue()
		.storage(new PowerCycle(() => {}))
		.open({ path: "dakkio", format: "buffer" });
	const kept: Partial<Settings> = { inputs: [{ ...door, pin: 21 }], location: "Balcony" };
	new SettingsStore(storage).save(kept);
	const { settings, problems } = new SettingsStore(storage).load(esp32);
	expect(settings).toMatchObject(kept);
	expect(problems.map(({ key }) => key)).toEqual(["dataPin", "inputs"]);
});

test("conflicts come in pairs, and never where all pins differ", () => {
	const pin = fc.integer({ min: 0, max: 12 });
	fc.assert(
		fc.property(
			fc.record({
				dataPin: fc.oneof(pin, fc.constant("auto")),
				clockPin: fc.oneof(pin, fc.constant("auto")),
				ledPin: fc.oneof(pin, fc.constantFrom("auto", "none")),
				buttonPin: fc.oneof(pin, fc.constantFrom("auto", "none")),
				oneWirePin: fc.oneof(pin, fc.constant("none")),
			}),
			(given) => {
				const usual: Readonly<Record<string, number | undefined>> = {
					dataPin: 8,
					clockPin: 9,
					ledPin: undefined,
					buttonPin: 0,
				};
				const pins = Object.entries(given)
					.map(([key, value]) => (value === "auto" ? usual[key] : value))
					.filter((value) => typeof value === "number");
				const doubles = pins.filter((value) => pins.indexOf(value) !== pins.lastIndexOf(value));
				expect(Object.keys(problemsOf(given, { data: 8, clock: 9, button: 0 }))).toHaveLength(doubles.length);
			},
		),
	);
});
