import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Time } from "../../src/boards/board";
import type { FlashStorage, KeyValueStorage, WiFiConstructor } from "../../src/boards/ecma419";
import { makeSharedWiFiState, type SharedWiFiState } from "../../src/boards/esp32/shared-wifi-state";
import { chipModule } from "./chip-module";

/** The chip's classes over stand-ins for the SDK's, which behave as the SDK's do where that bites. */

interface SDKTimer {
	callback(timer: SDKTimer): void;
	delay: number;
	repeat: number;
	cleared: boolean;
}

const sdk = vi.hoisted(() => ({
	stations: [] as { onChanged(property: string): void; closed: boolean }[],
	timers: [] as SDKTimer[],
	opened: [] as unknown[],
	kept: new Map<string, unknown>(),
	errors: [0, 0],
	channelsKept: 0,
	keepsChannel: true,
	traced: [] as string[],
}));

vi.mock("embedded:network/interface/wifi", () => ({
	default: class {
		private readonly state: { onChanged(property: string): void; closed: boolean };
		constructor({ onChanged }: { onChanged(property: string): void }) {
			this.state = { onChanged, closed: false };
			sdk.stations.push(this.state);
		}
		get connection() {
			if (this.state.closed) throw new Error("closed");
			return 500;
		}
		get RSSI() {
			if (this.state.closed) throw new Error("closed");
			return -61;
		}
		connect() {
			if (this.state.closed) throw new Error("closed");
		}
		disconnect() {
			if (this.state.closed) throw new Error("closed");
		}
		close() {
			if (this.state.closed) throw new Error("closed");
			this.state.closed = true;
		}
	},
}));

vi.mock("timer", () => {
	const schedule = (timer: SDKTimer, delay: number, repeat = 0) => {
		for (const ms of [delay, repeat])
			if (ms > 0x7fff_ffff || ms !== Math.trunc(ms)) throw new Error("no 32 bits");
		Object.assign(timer, { delay, repeat });
	};
	return {
		default: {
			set(callback: SDKTimer["callback"], delay: number, repeat?: number) {
				const timer = { callback, delay: 0, repeat: 0, cleared: false };
				schedule(timer, delay, repeat);
				sdk.timers.push(timer);
				return timer;
			},
			schedule,
			clear(timer: SDKTimer) {
				timer.cleared = true;
			},
		},
	};
});

vi.mock("time", () => ({ default: { set() {} } }));

vi.mock("embedded:storage/flash", () => ({
	default: {
		open(options: unknown) {
			sdk.opened.push(options);
			return {};
		},
	},
}));

vi.mock("embedded:storage/key-value", () => ({
	default: {
		open(options: unknown) {
			sdk.opened.push(options);
			return { read: (key: string) => sdk.kept.get(key), write() {}, delete() {}, close() {} };
		},
	},
}));

vi.mock("mc/ffi", () => ({
	default: class {
		known_channel_keep() {
			if (!sdk.keepsChannel) throw new Error("no channel");
			sdk.channelsKept++;
		}
		nvs_flash_erase() {
			return sdk.errors[0];
		}
		nvs_flash_init() {
			return sdk.errors[1];
		}
	},
}));

const { installAbortHook } = await chipModule<{ installAbortHook(): void }>("abort-hook");
const {
	eraseKeyValue,
	flashStorage: flash,
	keyValueStorage: keyValue,
} = await chipModule<{
	eraseKeyValue(): void;
	readonly flashStorage: FlashStorage;
	readonly keyValueStorage: KeyValueStorage;
}>("storage");
const { SDKTime } = await chipModule<{
	readonly SDKTime: new (clock: () => number, elapsed?: number) => Time;
}>("time");
const { makeWiFi } = await chipModule<{ makeWiFi(radio: SharedWiFiState): WiFiConstructor }>("wifi");

beforeEach(() => {
	vi.stubGlobal("trace", (line: string) => sdk.traced.push(line));
	for (const list of [sdk.stations, sdk.timers, sdk.opened, sdk.traced]) list.length = 0;
	sdk.errors = [0, 0];
	sdk.channelsKept = 0;
	sdk.keepsChannel = true;
});

describe("the Wi-Fi station", () => {
	function open(onChanged: () => void = () => {}) {
		const radio = makeSharedWiFiState();
		return { radio, wifi: new (makeWiFi(radio))({ onChanged }) };
	}

	test("throws nowhere once it is closed, and may be closed twice", () => {
		const { wifi } = open();
		expect([wifi.connection, wifi.RSSI]).toEqual([500, -61]);
		wifi.close();
		wifi.close();
		expect([wifi.connection, wifi.address, wifi.SSID, wifi.RSSI]).toEqual([
			200,
			undefined,
			undefined,
			undefined,
		]);
		wifi.connect({ SSID: "Home" });
		wifi.disconnect();
	});

	test("keeps the channel on which it is connected, and calls back if it cannot", () => {
		let calls = 0;
		const { wifi } = open(() => calls++);
		sdk.stations[0]?.onChanged("connection");
		expect([sdk.channelsKept, calls]).toEqual([1, 1]);
		sdk.keepsChannel = false;
		sdk.stations[0]?.onChanged("connection");
		expect([sdk.channelsKept, calls]).toEqual([1, 2]);
		wifi.close();
	});

	test("calls back no more once it is closed, and lets no exception out to the SDK", () => {
		let calls = 0;
		const { wifi } = open(() => {
			calls++;
			throw new Error("from above");
		});
		sdk.stations[0]?.onChanged("connection");
		expect(calls).toBe(1);
		expect(sdk.traced.join()).toContain("from above");
		wifi.close();
		sdk.stations[0]?.onChanged("connection");
		expect(calls).toBe(1);
	});

	test("clears the rejected-password flag of the network before", () => {
		const { radio, wifi } = open();
		radio.passwordRefused = true;
		wifi.connect({ SSID: "Other", password: "12345678" });
		expect(radio.passwordRefused).toBe(false);
	});
});

describe("timers", () => {
	test("a wait of fifty days is made of several, each within the SDK's 32 bits", () => {
		let fired = 0;
		const day = 86_400_000;
		new SDKTime(() => 0).set(() => fired++, 50 * day + 0.5);
		let waited = 0;
		while (fired === 0) {
			const [timer] = sdk.timers;
			waited += timer?.delay ?? 0;
			timer?.callback(timer);
			// One that repeats would fire again.
			expect(timer?.cleared).toBe(fired > 0);
		}
		// Never before its time.
		expect(waited).toBe(50 * day + 1);
		expect(fired).toBe(1);
	});

	test("one that is cleared on its way does not fire, and clearing it twice is nothing", () => {
		const time = new SDKTime(() => 0);
		const timer = time.set(() => expect.unreachable(), 3e9);
		const [timerOfSDK] = sdk.timers;
		timerOfSDK?.callback(timerOfSDK);
		time.clear(timer);
		time.clear(timer);
		expect(timerOfSDK?.cleared).toBe(true);
	});

	test("one that has fired keeps nothing of what it called, and may be cleared", () => {
		const time = new SDKTime(() => 0);
		const kept = () => {};
		const timer = time.set(kept, 5);
		const [timerOfSDK] = sdk.timers;
		expect([timerOfSDK?.delay, timerOfSDK?.repeat, Object.values(timer).includes(kept)]).toEqual([
			5,
			0,
			true,
		]);
		timerOfSDK?.callback(timerOfSDK);
		expect(Object.values(timer)).not.toContain(kept);
		time.clear(timer);
		expect(timerOfSDK?.cleared).toBe(false);
	});

	test("let no exception out to the SDK", () => {
		new SDKTime(() => 0).set(() => {
			throw new Error("from above");
		}, 0);
		const [timer] = sdk.timers;
		timer?.callback(timer);
		expect(sdk.traced.join()).toContain("from above");
	});

	test("ticks count on from before a deep sleep, past 24.8 days and never negative", () => {
		let now = 0;
		const time = new SDKTime(() => now, 1000);
		expect(time.ticks()).toBe(1000);
		now = 2 ** 31 + 1;
		expect(time.ticks()).toBe(2 ** 31 + 1001);
	});
});

describe("storage", () => {
	test("flash is opened for writing, explicitly", () => {
		flash.open({ path: "queue" });
		expect(sdk.opened).toEqual([{ path: "queue", mode: "r+" }]);
	});

	test("a key that is not there is undefined, and so is one of another kind", () => {
		const storage = keyValue.open({ path: "dakkio", format: "buffer" });
		sdk.kept.set("text", "a string of another firmware");
		sdk.kept.set("bytes", new ArrayBuffer(3));
		expect(storage.read("missing")).toBeUndefined();
		expect(storage.read("text")).toBeUndefined();
		expect(storage.read("bytes")?.byteLength).toBe(3);
	});

	test("a failed erase is reported with ESP-IDF's error number", () => {
		eraseKeyValue();
		sdk.errors = [0, 0x110d];
		expect(() => eraseKeyValue()).toThrow("NVS could not be erased (ESP-IDF error 4365)");
	});
});

test("unhandled exceptions and rejections keep XS running, full memory does not", () => {
	installAbortHook();
	const { abort } = globalThis as { abort?: (status: string, error: unknown) => false | undefined };
	expect(abort?.("unhandled exception", new Error("lost"))).toBe(false);
	expect(abort?.("unhandled rejection", "lost, too")).toBe(false);
	expect(abort?.("memory full", undefined)).toBeUndefined();
	expect(sdk.traced.join()).toContain("lost, too");
});
