import { beforeEach, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { WiFiConnection } from "../../src/boards/ecma419";
import type { SavedNetwork } from "../../src/settings/saved-networks";
import { WifiStation, type WifiStationOptions } from "../../src/wifi/wifi-station";
import { Radio } from "./test-radio";

const home: SavedNetwork = { ssid: "Home", password: "12345678" };
const garden: SavedNetwork = { ssid: "Garden", password: "" };

let time: VirtualTime;
let events: string[];
let lines: string[];
beforeEach(() => {
	time = new VirtualTime();
	events = [];
	lines = [];
});

function options(...networks: SavedNetwork[]): WifiStationOptions {
	return {
		board: { time, log: (line) => lines.push(line), network: { WiFi: Radio } },
		settings: { networks },
		onNetworkJoined: () => events.push("connected"),
		onNetworkLost: () => events.push("disconnected"),
		random: () => 0.5,
	};
}

function station(...networks: SavedNetwork[]): WifiStation {
	return new WifiStation(options(...networks));
}

test("it is connected once there is an address, and reports it once", () => {
	const wifi = station(home);
	wifi.start();
	Radio.last.becomes(WiFiConnection.associated);
	expect(wifi.isConnected).toBe(false);
	Radio.last.becomes(WiFiConnection.connected);
	Radio.last.becomes(WiFiConnection.connected);
	expect(wifi.isConnected).toBe(true);
	expect(wifi.signalStrength).toBe(-61);
	expect(events).toEqual(["connected"]);
});

test("a network that gives no address within 30 s is left for the next one", async () => {
	station(home, garden).start();
	Radio.last.becomes(WiFiConnection.associated);
	await time.advance(30_000);
	// The platform may report the end of the first one now.
	Radio.last.becomes(WiFiConnection.idle);
	await time.advance(500);
	expect(Radio.last.attempts).toEqual(["Home 12345678", "Garden open"]);
});

test("after a round through all networks it waits, longer each time, up to five minutes, and never gives up", async () => {
	station(home).start();
	const starts: number[] = [0];
	let seen = 1;
	for (let second = 0; second < 3600; second++) {
		await time.advance(1000);
		if (Radio.last.attempts.length > seen) starts.push(time.ticks());
		seen = Radio.last.attempts.length;
	}
	const pauses = starts.slice(1).map((start, index) => (start - (starts[index] ?? 0) - 30_000) / 1000);
	expect(pauses.slice(0, 7)).toEqual([4, 8, 15, 30, 60, 120, 225]);
	expect(Math.max(...pauses)).toBeLessThanOrEqual(300);
});

test("a lost connection is reported, and joined again at once", () => {
	const wifi = station(home);
	wifi.start();
	Radio.last.becomes(WiFiConnection.connected);
	Radio.last.becomes(WiFiConnection.idle);
	expect(wifi.isConnected).toBe(false);
	expect(wifi.signalStrength).toBeUndefined();
	expect(events).toEqual(["connected", "disconnected"]);
	expect(Radio.last.attempts).toEqual(["Home 12345678", "Home 12345678"]);
});

test("rejoin leaves the network and joins it again", async () => {
	const wifi = station(home);
	wifi.start();
	Radio.last.becomes(WiFiConnection.connected);
	wifi.rejoin();
	expect(events).toEqual(["connected", "disconnected"]);
	await time.advance(500);
	Radio.last.becomes(WiFiConnection.connected);
	expect(events).toEqual(["connected", "disconnected", "connected"]);
	expect(Radio.last.attempts).toEqual(["Home 12345678", "Home 12345678"]);
});

test.each<[why: string, fail: () => Promise<void> | void]>([
	["no address", () => Radio.last.becomes(WiFiConnection.associated)],
	["network not found or password rejected", () => {}],
	[
		"wrong password",
		async () => {
			await time.advance(2_000);
			Radio.last.passwordRefused = true;
			Radio.last.becomes(WiFiConnection.idle);
		},
	],
])("a network that cannot be joined is logged with the reason: %s", async (why, fail) => {
	station(home).start();
	await fail();
	await time.advance(30_000);
	expect(lines[0]).toBe(`Wi-Fi: could not join "Home": ${why}`);
});

test("a radio that fails is logged with its message, and tried again", async () => {
	class DeafRadio extends Radio {
		override connect(): void {
			throw new Error("no memory");
		}
	}
	const common = options(home);
	const wifi = new WifiStation({ ...common, board: { ...common.board, network: { WiFi: DeafRadio } } });
	wifi.start();
	expect(lines).toEqual(['Wi-Fi: could not join "Home": no memory']);
	await time.advance(5_000);
	expect(lines).toHaveLength(2);
});

test("without a saved network it logs that and does nothing", () => {
	station().start();
	expect(lines).toEqual(["Wi-Fi: no network is set"]);
	expect(time.pending).toBe(0);
});

test("a password is never logged, and a network name cannot pass for a log line", async () => {
	const wifi = station({ ssid: "Evil\r\nsent 1 point", password: "opensesame" });
	wifi.start();
	await time.advance(30_000);
	Radio.last.becomes(WiFiConnection.connected);
	expect(lines.join("")).not.toContain("opensesame");
	expect(lines.join("")).not.toMatch(/[\r\n]/);
});

test("stop clears all timers", () => {
	const wifi = station(home);
	wifi.start();
	wifi.stop();
	expect(time.pending).toBe(0);
	expect(Radio.last.connection).toBe(WiFiConnection.idle);
});
