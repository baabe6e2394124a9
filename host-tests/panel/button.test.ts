import { beforeEach, expect, test } from "vitest";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { VirtualTime } from "../../simulator/virtual-time";
import { Button, type ButtonPress, classifyPress } from "../../src/panel/button";

const pin = 0;
let time: VirtualTime;
let pins: SimulatedPins;
let presses: ButtonPress[];
let held: (string | undefined)[];

beforeEach(() => {
	time = new VirtualTime();
	pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
	presses = [];
	held = [];
});

function button(stuckSinceBoot = false): Button {
	return new Button({
		Digital: pins.provider().Digital,
		pin,
		time,
		stuckSinceBoot,
		owner: {
			onPress: (press) => presses.push(press),
			onHeld: (press) => held.push(press),
		},
	});
}

/** The contacts bounce for 10 ms at each edge. */
async function press(milliseconds: number): Promise<void> {
	for (const level of [0, 1, 0, 1, 0] as const) {
		pins.drive(pin, level);
		await time.advance(2);
	}
	await time.advance(milliseconds - 10);
	for (const level of [1, 0, 1, 0, 1] as const) {
		pins.drive(pin, level);
		await time.advance(2);
	}
	await time.advance(100);
}

test.each<[number, ButtonPress | "do nothing"]>([
	[1, "send now"],
	[200, "send now"],
	[4_999, "send now"],
	[5_000, "set up"],
	[9_999, "set up"],
	[10_000, "factory reset"],
	[59_999, "factory reset"],
	[60_000, "do nothing"],
	[4 * 3_600_000, "do nothing"],
])("held for %i ms: %s", (milliseconds, expected) => {
	expect(classifyPress(milliseconds) ?? "do nothing").toBe(expected);
});

test("a press is reported once, on release, however its contacts bounce", async () => {
	button();
	await press(300);
	await press(300);
	expect(presses).toEqual(["send now", "send now"]);
});

test("while it is held it reports what releasing it does, and does nothing", async () => {
	const watched = button();
	pins.drive(pin, 0);
	await time.advance(4_900);
	expect([held, presses, watched.isPressed]).toEqual([[], [], true]);
	await time.advance(200);
	expect(held).toEqual(["set up"]);
	await time.advance(5_000);
	expect([held, presses]).toEqual([["set up", "factory reset"], []]);
	pins.drive(pin, 1);
	await time.advance(100);
	expect([held.at(-1), presses, watched.isPressed]).toEqual([undefined, ["factory reset"], false]);
});

test("a spike shorter than the debounce time is not a press", async () => {
	button();
	pins.drive(pin, 0);
	await time.advance(3);
	pins.drive(pin, 1);
	await time.advance(1_000);
	expect(presses).toEqual([]);
});

test("held while the board starts, it counts from the start", async () => {
	pins.drive(pin, 1);
	pins.drive(pin, 0);
	button();
	await time.advance(5_100);
	expect(held).toEqual(["set up"]);
	pins.drive(pin, 1);
	await time.advance(100);
	expect(presses).toEqual(["set up"]);
});

test("a button that is stuck, or a pin that is not a button's, counts as pressed for one minute", async () => {
	const stuck = button();
	pins.drive(pin, 0);
	await time.advance(59_000);
	expect(stuck.isPressed).toBe(true);
	await time.advance(2_000);
	expect(stuck.isPressed).toBe(false);
});

test("a button that was stuck does nothing when it is released, not even a factory reset", async () => {
	button();
	pins.drive(pin, 0);
	await time.advance(60_100);
	expect(held).toEqual(["set up", "factory reset", undefined]);
	await time.advance(4 * 3_600_000);
	pins.drive(pin, 1);
	await time.advance(100);
	expect(presses).toEqual([]);
	await press(300);
	expect(presses).toEqual(["send now"]);
});

test("a button that was stuck when the board went to sleep is ignored until it is released", async () => {
	pins.drive(pin, 1);
	pins.drive(pin, 0);
	const stuck = button(true);
	await time.advance(20_000);
	expect([stuck.isPressed, stuck.isContactClosed, held]).toEqual([false, true, []]);
	pins.drive(pin, 1);
	await time.advance(100);
	expect(presses).toEqual([]);
	await press(300);
	expect(presses).toEqual(["send now"]);
});

test("close stops it", async () => {
	const closed = button();
	pins.drive(pin, 0);
	await time.advance(10);
	closed.close();
	await time.advance(20_000);
	expect([presses, held, time.pending]).toEqual([[], [], 0]);
});
