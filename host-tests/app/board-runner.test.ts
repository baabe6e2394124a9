import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BoardRunner } from "../../simulator/board-runner";
import { LogLines } from "../../simulator/log-lines";
import { World } from "../../simulator/world";

let directory: string;
let world: World;
let log: LogLines;
let runner: BoardRunner;

beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "board-runner-"));
	world = await World.start({ directory, speed: 500 });
	log = new LogLines();
	runner = new BoardRunner(world, (line) => log.append(line));
	runner.configure({
		...world.dakkio.credentials,
		networks: [{ ssid: "Simulated", password: "" }],
		interval: 5,
	});
});

afterEach(async () => {
	await world.close();
	rmSync(directory, { recursive: true });
});

const starts = () => log.lines.filter((line) => /, boot \d+ \(/.test(line)).length;

test("a virtual board that is stopped while it restarts does not start again", async () => {
	const board = runner.start("power-on");
	await log.waitFor(/^reading 1:/);
	board.restart();
	await runner.stop();
	await runner.stop();
	expect(starts()).toBe(1);
});

test("restarts that are asked for together are one", async () => {
	const board = runner.start("power-on");
	await log.waitFor(/^reading 1:/);
	board.restart();
	board.restart();
	board.sleep(1_000);
	await log.waitFor(/, boot 2 \(/);
	await log.waitFor(/^reading 2:/);
	await runner.stop();
	expect(starts()).toBe(2);
});

test("flash that is closed twice closes no other file", () => {
	const flash = world.board(() => {}).storage.flash.open({ path: "queue" });
	flash.close();
	const other = world.board(() => {}).storage.flash.open({ path: "quarantine" });
	flash.close();
	other.eraseBlock(0, 1);
	other.close();
});
