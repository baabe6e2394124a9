import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";

/** The chip's entry, with a board that cannot be had or an app that cannot start. */

const chip = vi.hoisted(() => ({
	broken: "" as "" | "board" | "app",
	started: 0,
	restarts: 0,
	timers: [] as { callback(): void; delay: number }[],
	lines: [] as string[],
}));

vi.mock("mc/config", () => ({ default: {} }));
vi.mock("mc/ffi", () => ({
	default: class {
		esp_restart() {
			chip.restarts++;
		}
	},
}));
vi.mock("timer", () => ({
	default: { set: (callback: () => void, delay: number) => chip.timers.push({ callback, delay }) },
}));
vi.mock("../../src/boards/esp32/board", () => ({
	EspBoard: class {
		constructor() {
			if (chip.broken === "board") throw new Error("no room");
		}
	},
}));
vi.mock("../../src/app/app", () => ({
	App: class {
		constructor() {
			if (chip.broken === "app") throw new Error("no partition");
		}
		start() {
			chip.started++;
		}
	},
}));

beforeEach(() => {
	Object.assign(chip, { broken: "", started: 0, restarts: 0, timers: [], lines: [] });
	vi.stubGlobal("trace", (line: string) => chip.lines.push(line));
	vi.resetModules();
});

const start = () => import(/* @vite-ignore */ join(import.meta.dirname, "../../src/main.ts"));

test("the app is started on the board", async () => {
	await start();
	expect([chip.started, chip.timers, chip.lines]).toEqual([1, [], []]);
});

test.each([
	["board", "no room"],
	["app", "no partition"],
] as const)(
	"where the %s fails, it is logged, and the chip restarts after a minute instead of hanging",
	async (broken, why) => {
		chip.broken = broken;
		await start();
		expect(chip.lines).toEqual([`start failed: ${why}\n`]);
		expect(chip.timers).toMatchObject([{ delay: 60_000 }]);
		chip.timers[0]?.callback();
		expect(chip.restarts).toBe(1);
	},
);
