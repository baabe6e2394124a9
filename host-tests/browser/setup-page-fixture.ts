import { afterEach, describe, expect } from "vitest";
import { FreshBoard } from "../../simulator/fresh-board";
import type { WiredChip } from "../../simulator/hardware/simulated-sensors";
import type { Settings } from "../../src/settings/settings";
import { browserPath, PageVisit, SetupPageDriver } from "./setup-page-driver";

/** What {@link openBoard} opened last. */
export let board: FreshBoard;
export let visit: PageVisit;
export let setup: SetupPageDriver;

/** Starts a board, as {@link FreshBoard.start} does, and opens its setup page on a phone. */
export async function openBoard(...arguments_: Parameters<typeof FreshBoard.start>): Promise<void> {
	board = await FreshBoard.start(...arguments_);
	visit = await visitBoard();
	setup = new SetupPageDriver(visit);
}

export const bme280: WiredChip = { name: "bme280", address: 0x76 };

/** Opens the step "Board" of a board that has a network and an account. */
export async function openBoardStep(
	settings: Partial<Settings> = {},
	sensors: readonly WiredChip[] = [bme280],
): Promise<void> {
	const networks = [{ ssid: "Simulated", password: "" }];
	await openBoard(({ credentials }) => ({ ...credentials, networks, ...settings }), sensors);
	await setup.go("Board");
}

/** What the board has saved then. */
export async function saveWithoutTest(): Promise<Settings> {
	await setup.go("Test");
	await visit.page.getByRole("button", { name: "Save without a test" }).click();
	await visit.page.getByRole("heading", { name: "Done" }).waitFor();
	return board.savedSettings;
}

let resumeTime = () => {};

/** The board's time stands still until the returned function is called, or the test ends. */
export function pauseTime(): () => void {
	resumeTime = board.world.time.pause();
	return resumeTime;
}

/** The same page on another phone. */
export function visitBoard(): Promise<PageVisit> {
	return PageVisit.open(board.url);
}

/**
 * The next connection test stays at "Set the clock", however long the browser takes to look at it: the time servers are
 * silent, and from the first request on the board's time stands still. The returned function lets it continue.
 */
export function holdClockStep(): () => void {
	const { ntp } = board.world;
	ntp.fault = { kind: "silent" };
	ntp.onRequest = () => {
		ntp.onRequest = undefined;
		pauseTime();
	};
	return () => {
		ntp.fault = undefined;
		ntp.onRequest = undefined;
		resumeTime();
	};
}

/**
 * Tests that open a board each; skipped without a browser. After each test the board stops. Errors in the
 * page fail the test, unless it takes those that it expects out of `visit.errors`.
 */
export function describeSetupPage(title: string, tests: () => void): void {
	describe.skipIf(browserPath === undefined)(title, () => {
		afterEach(async () => {
			resumeTime();
			await visit.close();
			await board.stop();
			expect(visit.errors).toEqual([]);
		});

		tests();
	});
}
