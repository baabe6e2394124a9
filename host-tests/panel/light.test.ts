import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { VirtualTime } from "../../simulator/virtual-time";
import { StatusLight } from "../../src/panel/light";
import { type LightInputs, type LightState, lightPatterns, lightState } from "../../src/panel/light-patterns";
import { Panel } from "../../src/panel/panel";

const calm: LightInputs = {
	held: undefined,
	setup: false,
	settingsFault: false,
	online: true,
	timeKnown: true,
	sending: false,
	savingPower: false,
};

describe("the light shows first what the user can act on", () => {
	test.each<[Partial<LightInputs>, LightState]>([
		[{}, "working"],
		[{ online: false }, "joining"],
		[{ timeKnown: false }, "no time"],
		[{ sending: true }, "sending"],
		[{ online: false, timeKnown: false }, "joining"],
		[{ settingsFault: true, online: false }, "settings fault"],
		[{ settingsFault: true, sending: true }, "settings fault"],
		[{ setup: true, settingsFault: true }, "setup"],
		[{ held: "set up" }, "setup"],
		[{ held: "factory reset", setup: true }, "factory reset"],
		[{ savingPower: true }, "dark"],
		[{ savingPower: true, online: false }, "dark"],
		[{ savingPower: true, sending: true }, "sending"],
		[{ savingPower: true, settingsFault: true }, "settings fault"],
	])("%j: %s", (change, state) => {
		expect(lightState({ ...calm, ...change })).toBe(state);
	});

	test("no two states look the same", () => {
		const shown = Object.values(lightPatterns).map((pattern) => pattern.join());
		expect(new Set(shown).size).toBe(shown.length);
		for (const pattern of Object.values(lightPatterns)) expect(pattern.length % 2).toBe(0);
	});
});

const pin = 2;
let time: VirtualTime;
let pins: SimulatedPins;
let seen: [number, 0 | 1][];
beforeEach(() => {
	time = new VirtualTime();
	pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
	seen = [];
	pins.onWrite = (_, level) => seen.push([time.ticks(), level]);
});

test("the light shows the pattern of its state, over and over, and a new one at once", async () => {
	let state: LightState = "no time";
	const { Digital } = pins.provider();
	const light = new StatusLight({
		Digital,
		pin,
		inverted: false,
		time,
		owner: {
			get lightState() {
				return state;
			},
		},
	});
	await time.advance(2_000);
	expect(seen).toEqual([
		[0, 1],
		[100, 0],
		[300, 1],
		[400, 0],
		[2_000, 1],
	]);
	seen = [];
	state = "setup";
	light.refresh();
	light.refresh();
	await time.advance(500);
	expect(seen).toEqual([
		[2_000, 1],
		[2_500, 0],
	]);
	light.close();
	state = "sending";
	light.refresh();
	expect([pins.level(pin), time.pending]).toEqual([0, 0]);
});

test("an inverted light is on at a low level, and off when closed", async () => {
	const { Digital } = pins.provider();
	const light = new StatusLight({ Digital, pin, inverted: true, time, owner: { lightState: "joining" } });
	expect(pins.level(pin)).toBe(0);
	await time.advance(150);
	expect(pins.level(pin)).toBe(1);
	light.close();
	expect(pins.level(pin)).toBe(1);
});

describe("the panel", () => {
	const open = (
		settings: Partial<ConstructorParameters<typeof Panel>[0]["settings"]>,
		lines: string[] = [],
	) =>
		new Panel({
			board: { pins: pins.provider({ led: pin, button: 0 }), time, log: (line) => lines.push(line) },
			settings: { ledPin: "auto", ledActive: "high", buttonPin: "auto", ...settings },
			isStuckSinceBoot: false,
			lightInputs: calm,
			onPress: () => {},
		});

	test("uses the board's default pins unless the settings have others or none", () => {
		open({}).close();
		expect(seen.length).toBeGreaterThan(0);
		seen = [];
		open({ ledPin: "none", buttonPin: "none" }).close();
		expect(seen).toEqual([]);
	});

	test("a pin that cannot be used is logged, and the rest works", () => {
		const { Digital } = pins.provider();
		new Digital({ pin: 0, mode: Digital.InputPullUp, edge: Digital.Falling, onReadable: () => {} });
		const lines: string[] = [];
		open({}, lines).close();
		expect(lines).toEqual(["button: pin 0 cannot be used: in use"]);
		expect(seen.length).toBeGreaterThan(0);
	});

	test("a button that is stuck when the board goes to sleep does not wake it", () => {
		const panel = open({});
		expect(panel.wakePin).toBe(0);
		pins.drive(0, 0);
		expect(panel.wakePin).toBeUndefined();
		pins.drive(0, 1);
		expect(panel.wakePin).toBe(0);
		panel.close();
	});

	test("while the button is held, the light shows what releasing it does", async () => {
		const panel = open({});
		pins.drive(0, 0);
		await time.advance(10_050);
		expect(panel.isButtonPressed).toBe(true);
		seen = [];
		await time.advance(200);
		expect(seen.map(([ticks]) => ticks - (seen[0]?.[0] ?? 0))).toEqual([0, 50, 100, 150]);
		panel.close();
	});
});
