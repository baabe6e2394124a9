import { expect, test } from "vitest";
import type { Settings } from "../../src/settings/settings";
import { VirtualSetupBoard } from "../setup/virtual-setup-board";

const home = { ssid: "Home", password: "correct horse" };

/** A board with these settings, half a minute after its start. */
async function start(settings: Partial<Settings>) {
	const board = new VirtualSetupBoard([{ ...home, meanRssi: -50 }]);
	board.configure({ networks: [home], ...settings });
	board.start();
	await board.time.advance(30_000);
	return board;
}

function pageLines({ logLines }: VirtualSetupBoard): readonly string[] {
	return logLines.filter((line) => line.startsWith("local page:"));
}

const opened = "local page: http://dakkio-b2c3.local, http://192.168.4.1";

test("on mains the page opens with the network, also without a key for the service", async () => {
	const board = await start({});
	expect(pageLines(board)).toEqual([opened]);
	expect(board.app?.localPagePort).toBe(80);
	await board.app?.stop();
	expect(board.app?.localPagePort).toBeUndefined();
});

test.each([
	["switched off", { localPage: "off" }],
	["on battery", { power: "battery" }],
] as const)("%s, it does not open", async (_, settings) => {
	const board = await start(settings);
	expect(pageLines(board)).toEqual([]);
	expect(board.app?.localPagePort).toBeUndefined();
	await board.app?.stop();
});

test("in setup, only the setup page is served; afterwards the local page again", async () => {
	const board = await start({});
	board.app?.openSetup();
	await board.time.advance(20_000);
	expect([board.isOpen, board.app?.localPagePort]).toEqual([true, undefined]);
	// Ten minutes without a visitor.
	await board.time.advance(11 * 60_000);
	expect(board.isOpen).toBe(false);
	expect(pageLines(board)).toEqual([opened, opened]);
	await board.app?.stop();
});
