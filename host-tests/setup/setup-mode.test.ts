import { describe, expect, test } from "vitest";
import type { SimulatedNetwork } from "../../simulator/hardware/wifi-radio";
import type { HttpConnection } from "../../src/http/http-connection";
import { factoryResetPressMs, setupPressMs } from "../../src/panel/button";
import { VirtualSetupBoard } from "./virtual-setup-board";

const minute = 60_000;
const home: SimulatedNetwork = { ssid: "Home", password: "correct horse", meanRssi: -55 };
const saved = { networks: [{ ssid: "Home", password: "correct horse" }] };

function boardAt(home_: readonly SimulatedNetwork[] = [home]): VirtualSetupBoard {
	return new VirtualSetupBoard(home_);
}

describe("a board that was never set up", () => {
	test("opens setup on its first boot, and stays in it indefinitely", async () => {
		const board = boardAt();
		board.start();
		await board.time.advance(1000);
		expect(board.isOpen).toBe(true);
		await board.time.advance(6 * 60 * minute);
		expect([board.isOpen, board.starts]).toEqual([true, ["power-on"]]);
	});

	test("draws the password of its network and the page's token once its radio is on: before, both could be predicted", async () => {
		const board = boardAt();
		board.start();
		await board.time.advance(1000);
		const passwordAndToken = [12, 16];
		for (const bytes of passwordAndToken)
			expect(board.draws.filter((draw) => draw.bytes === bytes)).toEqual([{ bytes, radioIsOn: true }]);
		// Others are for jitter.
		expect(board.draws.filter(({ radioIsOn, bytes }) => !radioIsOn && bytes > 4)).toEqual([]);
	});

	test("measures from its first minute on, and keeps what it measures", async () => {
		const board = boardAt();
		board.start();
		await board.time.advance(10.1 * minute);
		expect(board.app?.status.pending).toBe(11);
	});

	test("shows by its light that setup is open", async () => {
		const board = boardAt();
		const levels: number[] = [];
		board.pins.onWrite = (pin, level) => {
			if (pin === 2) levels.push(level);
		};
		board.start();
		await board.time.advance(2900);
		expect(levels).toEqual([1, 0, 1, 0, 1, 0]);
	});

	test("opens it again after everything was forgotten", async () => {
		const board = boardAt();
		board.configure(saved);
		board.start();
		await board.time.advance(minute);
		expect(board.isOpen).toBe(false);
		board.pins.drive(0, 0);
		await board.time.advance(factoryResetPressMs + 1000);
		board.pins.drive(0, 1);
		await board.time.advance(minute);
		expect([board.isOpen, board.starts]).toEqual([true, ["power-on", "restart"]]);
		expect(board.app?.status.pending).toBe(1);
		// Not even whoever reads out the flash chip finds them.
		expect(board.storage.flashHistory.filter((bytes) => bytes.includes("correct horse"))).toEqual([]);
	});
});

test("a factory reset that cannot erase the readings opens setup, measures and sends nothing, and goes on when it can", async () => {
	const board = boardAt();
	board.configure(saved);
	board.start();
	await board.time.advance(10.5 * minute);
	await board.app?.stop();
	board.storage.write("forgetting", Uint8Array.of(1));
	board.ringWear = "program throws";
	board.start("restart");
	await board.time.advance(minute);
	const { app } = board;
	expect([board.isOpen, app?.status.pending]).toEqual([true, 11]);
	expect(board.logLines).toContain("safe mode: a factory reset is not complete; only setup and updates run");
	// The next user's test sends no reading of before.
	expect(app && (await app.sendOldest(app.settings, {} as HttpConnection))).toBeUndefined();
	board.ringWear = undefined;
	await board.time.advance(11 * minute);
	expect(board.starts).toEqual(["power-on", "restart", "deep sleep"]);
	expect([board.isOpen, board.app?.isSafeMode, board.app?.status.pending]).toEqual([true, false, 2]);
});

describe("a board that is online", () => {
	test("never opens setup by itself", async () => {
		const board = boardAt();
		board.configure(saved);
		board.start();
		await board.time.advance(24 * 60 * minute);
		expect(board.starts).not.toContain("deep sleep");
		expect(board.isOpen).toBe(false);
	});

	test("opens it when the button is held for five seconds, and closes it when it is held again", async () => {
		const board = boardAt();
		board.configure(saved);
		board.start();
		await board.time.advance(minute);
		const hold = async (milliseconds: number) => {
			board.pins.drive(0, 0);
			await board.time.advance(milliseconds);
			board.pins.drive(0, 1);
			await board.time.advance(1000);
		};
		await hold(setupPressMs - 100);
		expect(board.isOpen).toBe(false);
		await hold(setupPressMs + 100);
		expect(board.isOpen).toBe(true);
		await hold(setupPressMs + 100);
		expect(board.isOpen).toBe(false);
		expect(board.starts).toEqual(["power-on", "deep sleep", "deep sleep"]);
		// Verified by settings that may be others now.
		expect(board.forgotten).toEqual([1, 2]);
	});

	test("restarts into setup and out of it if deep sleep fails", async () => {
		const board = boardAt();
		board.configure(saved);
		board.isSleepless = true;
		board.start();
		await board.time.advance(minute);
		board.app?.openSetup();
		await board.time.advance(minute);
		expect([board.isOpen, board.starts]).toEqual([true, ["power-on", "restart"]]);
		expect(board.logLines).toContain("no sleep: ESP_ERR_INVALID_STATE; restarting instead");
		await board.time.advance(12 * minute);
		expect([board.isOpen, board.starts]).toEqual([false, ["power-on", "restart", "restart"]]);
		// As often as usual.
		expect(board.app?.status.pending).toBeGreaterThan(13);
	});

	test("keeps what it knows of a server over the sleeps of a battery", async () => {
		const board = boardAt();
		board.configure({ ...saved, power: "battery" });
		board.start();
		await board.time.advance(60 * minute);
		expect(board.starts.filter((reason) => reason === "deep sleep").length).toBeGreaterThan(2);
		expect(board.forgotten).toEqual([]);
	});

	test("opens on request, stays open while a network is available, and closes after 10 minutes", async () => {
		const board = boardAt();
		board.configure(saved);
		board.start();
		await board.time.advance(minute);
		board.app?.openSetup();
		await board.time.advance(minute);
		expect([board.isOpen, board.radio.joined]).toEqual([true, undefined]);
		await board.time.advance(8 * minute);
		expect(board.isOpen).toBe(true);
		await board.time.advance(2 * minute);
		expect([board.isOpen, board.radio.joined?.ssid]).toEqual([false, "Home"]);
	});
});

describe("a board without a network", () => {
	test("opens setup after 15 minutes, not before, and closes it as soon as the network is back", async () => {
		const board = boardAt();
		board.networksInRange = false;
		board.configure(saved);
		board.start();
		await board.time.advance(14.9 * minute);
		expect(board.isOpen).toBe(false);
		await board.time.advance(0.3 * minute);
		expect(board.isOpen).toBe(true);
		await board.time.advance(1 * minute);
		board.networksInRange = true;
		await board.time.advance(2 * minute);
		expect([board.isOpen, board.radio.joined?.ssid]).toEqual([false, "Home"]);
		expect(board.logLines).toContain('setup: closed, "Home" is back');
	});

	test("counts the 15 minutes from the moment when the network went", async () => {
		const board = boardAt();
		const flapping = async (away: number) => {
			board.networksInRange = false;
			await board.time.advance(away);
			board.networksInRange = true;
			await board.time.advance(10 * minute);
		};
		board.networksInRange = false;
		board.configure(saved);
		board.start();
		await flapping(10 * minute);
		await flapping(10 * minute);
		expect(board.isOpen).toBe(false);
		expect(board.starts).toEqual(["power-on"]);
	});

	test("closes setup after ten minutes without a visitor, and keeps trying its network", async () => {
		const board = boardAt();
		board.networksInRange = false;
		board.configure(saved);
		board.start();
		await board.time.advance(15.1 * minute);
		expect(board.isOpen).toBe(true);
		await board.time.advance(10.1 * minute);
		expect(board.isOpen).toBe(false);
		await board.time.advance(15.1 * minute);
		expect(board.isOpen).toBe(true);
		expect(board.starts).toEqual(["power-on", "deep sleep", "deep sleep", "deep sleep"]);
	});

	test("tries its networks without a client, and stops with one", async () => {
		const board = boardAt();
		board.networksInRange = false;
		board.configure(saved);
		board.start();
		await board.time.advance(15.1 * minute);
		board.radio.changeStationCount(1);
		board.networksInRange = true;
		await board.time.advance(60 * minute);
		expect([board.isOpen, board.radio.joined]).toEqual([true, undefined]);
		board.radio.changeStationCount(-1);
		await board.time.advance(1.9 * minute);
		expect(board.isOpen).toBe(true);
		await board.time.advance(0.3 * minute);
		expect(board.isOpen).toBe(false);
	});

	test("stays in setup as long as a client requests the page", async () => {
		const board = boardAt();
		board.networksInRange = false;
		board.configure(saved);
		board.start();
		await board.time.advance(15.1 * minute);
		for (let visits = 0; visits < 10; visits++) {
			board.visit();
			await board.time.advance(9 * minute);
		}
		expect([board.isOpen, board.starts.length]).toEqual([true, 2]);
		await board.time.advance(1.1 * minute);
		expect(board.isOpen).toBe(false);
	});

	test("on battery never opens it by itself", async () => {
		const board = boardAt();
		board.networksInRange = false;
		board.configure({ ...saved, power: "battery" });
		board.start();
		for (let hours = 0; hours < 6; hours++) {
			await board.time.advance(60 * minute);
			expect(board.isOpen).toBe(false);
		}
	});
});

test("readings continue through setup and back, in one boot, each numbered once", async () => {
	const board = boardAt();
	board.networksInRange = false;
	board.configure({ ...saved, interval: 60 });
	board.start();
	await board.time.advance(60 * minute);
	const numbers = board.logLines.flatMap((line) => /^reading (\d+):/.exec(line)?.[1] ?? []).map(Number);
	expect(numbers).toEqual(numbers.map((_, index) => index + 1));
	// A start takes a reading at once, so there are a few more than minutes, and never fewer.
	expect(numbers.length).toBeGreaterThanOrEqual(60);
	expect(numbers.length).toBeLessThanOrEqual(66);
	expect(board.logLines.filter((line) => line.startsWith("dakkio-esp32"))).toHaveLength(1);
});

test("the password is in the setup instructions, and nowhere else", async () => {
	const board = boardAt();
	board.start();
	await board.time.advance(minute);
	const password = /password (\S+),/.exec(
		board.logLines.find((line) => line.startsWith("setup: join")) ?? "",
	)?.[1];
	expect(password).toMatch(/^[a-z2-9]{12}$/);
	expect(board.logLines.filter((line) => line.includes(password ?? ""))).toHaveLength(1);
	expect(board.radio.accessPoint).toMatchObject({ SSID: "Dakkio-B2C3", password });
});

test("where the radio cannot be an access point, the board does its usual work", async () => {
	const board = boardAt();
	board.configure(saved);
	board.radio.accessPointFails = true;
	board.start();
	await board.time.advance(minute);
	board.app?.openSetup();
	await board.time.advance(minute);
	expect([board.isOpen, board.radio.joined?.ssid]).toEqual([false, "Home"]);
	expect(board.logLines).toContainEqual(expect.stringMatching(/^setup: cannot open/));
});
