import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { usualPins } from "../../simulator/virtual-board";
import { World } from "../../simulator/world";
import { SettingsStore } from "../../src/settings/settings-store";
import { RunningBoard } from "./running-board";

/** The board's button, with the whole app behind them. */

let directory: string;
let world: World;
let board: RunningBoard;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "panel-"));
	world = await World.start({ directory, speed: 50 });
});
afterEach(async () => {
	await board.app.stop();
	await world.close();
	rmSync(directory, { recursive: true });
});

function start(settings: ConstructorParameters<typeof RunningBoard>[1]): void {
	board = new RunningBoard(world, settings);
}

/** Once more when the computer stood still for so long that the board, which is faster than life, did not see it. */
async function press(milliseconds: number, what: RegExp): Promise<void> {
	const { simulatedPins: pins } = board.board;
	while (!board.lines.some((line) => what.test(line)))
		for (const level of [0, 1] as const) {
			pins.drive(usualPins.button, level);
			await new Promise<void>((resolve) => world.time.set(resolve, milliseconds));
		}
}

test("a short press sends what waits at once, long before it is due", async () => {
	start({ uploadInterval: 86_400 });
	const [, sent] = /(\d+)\)?: 201/.exec(await board.line(/^sent/)) ?? [];
	const waiting = Number(sent) + 3;
	await board.line(new RegExp(`reading ${waiting}:`));
	// A quarter of what would be another press: the computer may stand still for a while.
	await press(1_000, /button: send now/);
	await world.dakkio.waitForPoints(waiting);
});

test("held for ten seconds the board forgets settings, secrets and readings, and starts anew", async () => {
	start({ uploadInterval: 86_400 });
	await board.line(/reading 2:/);
	await press(10_200, /button: forget/);
	await board.line(/asks for restart/);
	expect(board.asked).toBe("restart");
	const storage = board.board.storage.keyValue.open({ path: "dakkio", format: "buffer" });
	expect(new SettingsStore(storage).empty).toBe(true);
	// It goes on sampling until it is started anew.
	const stored = board.lines.filter((line) => line.startsWith("reading")).length;
	expect(board.app.status.waiting).toBeLessThan(stored - 1);
	await board.app.stop();
	const after = new RunningBoard(world, {});
	board = after;
	// What numbers a reading is never given twice, whoever has the board.
	expect(Number(/\d+/.exec(await after.line(/reading \d+:/))?.[0])).toBeGreaterThan(2);
});

test("a light that was kept at the button's pin is told at the start, at both, and the board works", async () => {
	start({ ledPin: usualPins.button });
	await board.line(
		/^settings: ledPin: Pin 0 is also for the button \(auto\)\. Each needs a pin of its own\.$/,
	);
	await board.line(/^settings: buttonPin: auto is pin 0 here, which is also for the status light\./);
	await board.line(/^button: pin 0 cannot be used: in use/);
	await board.line(/^sent point 1: 201/);
});
