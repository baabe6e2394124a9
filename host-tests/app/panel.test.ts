import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultPins } from "../../simulator/virtual-board";
import { World } from "../../simulator/world";
import { SettingsStore } from "../../src/settings/settings-store";
import { AppFixture } from "./app-fixture";

/** Light and button of the whole firmware. */

let directory: string;
let world: World;
let board: AppFixture;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "panel-"));
	world = await World.start({ directory, speed: 50 });
});
afterEach(async () => {
	await board.app.stop();
	await world.close();
	rmSync(directory, { recursive: true });
});

function start(settings: ConstructorParameters<typeof AppFixture>[1]): void {
	board = new AppFixture(world, settings);
}

/** Presses again if the computer stalled, and the board, which is faster than real time, missed the press. */
async function press(milliseconds: number, what: RegExp): Promise<void> {
	const { simulatedPins: pins } = board.board;
	while (!board.logLines.some((line) => what.test(line)))
		for (const level of [0, 1] as const) {
			pins.drive(defaultPins.button, level);
			await new Promise<void>((resolve) => world.time.set(resolve, milliseconds));
		}
}

test("a short press sends pending readings at once, long before they are due", async () => {
	start({ uploadInterval: 86_400 });
	const [, sent] = /(\d+)\)?: 201/.exec(await board.waitForLine(/^sent/)) ?? [];
	const waiting = Number(sent) + 3;
	await board.waitForLine(new RegExp(`reading ${waiting}:`));
	// A quarter of a long press: the computer may stall.
	await press(1_000, /button: send now/);
	await world.dakkio.waitForPoints(waiting);
});

test("held for ten seconds, the board erases settings, secrets and readings, and restarts", async () => {
	start({ uploadInterval: 86_400 });
	await board.waitForLine(/reading 2:/);
	await press(10_200, /factory reset: erases settings, key and \d+ pending readings/);
	await board.waitForLine(/asks for restart/);
	expect(board.requestedStart).toBe("restart");
	const storage = board.board.storage.keyValue.open({ path: "dakkio", format: "buffer" });
	expect(new SettingsStore(storage).isEmpty).toBe(true);
	// It samples until it restarts.
	const stored = board.logLines.filter((line) => line.startsWith("reading")).length;
	expect(board.app.status.pending).toBeLessThan(stored - 1);
	await board.app.stop();
	const after = new AppFixture(world, {});
	board = after;
	// Sequence numbers continue.
	expect(Number(/\d+/.exec(await after.waitForLine(/reading \d+:/))?.[0])).toBeGreaterThan(2);
});

test("a pin conflict of light and button is logged at the start, and the board works", async () => {
	start({ ledPin: defaultPins.button });
	await board.waitForLine(
		/^settings: ledPin: Pin 0 is also for the button \(by default\)\. Each needs a pin of its own\.$/,
	);
	await board.waitForLine(/^settings: buttonPin: The default pin 0 is also for the status light\./);
	await board.waitForLine(/^button: pin 0 cannot be used: in use/);
	await board.waitForLine(/^sent point 1: 201/);
});
