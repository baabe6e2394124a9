import { beforeEach, describe, expect, test, vi } from "vitest";
import { chipModule } from "./chip-module";

/** The chip's deep sleep, with stand-ins for what the SDK and ESP-IDF do: the slow oscillator is the test's. */

const chip = vi.hoisted(() => ({
	slow: 0,
	calls: [] as (readonly [string, ...unknown[]])[],
	kept: new Map<string, Uint8Array>(),
	writes: 0,
	full: false,
	/** Whether the chip can watch pins while it sleeps. */
	watches: true,
}));

vi.mock("mc/ffi", () => ({
	default: class {
		readonly rtc_gpio_pullup_en = call("rtc_gpio_pullup_en");
		readonly rtc_gpio_deinit = call("rtc_gpio_deinit");
		readonly esp_sleep_enable_ext0_wakeup = call("esp_sleep_enable_ext0_wakeup");
		readonly esp_wifi_stop = always("esp_wifi_stop");
		readonly esp_sleep_enable_timer_wakeup = always("esp_sleep_enable_timer_wakeup");
		readonly esp_deep_sleep_start = always("esp_deep_sleep_start");
		esp_rtc_get_time_us(): bigint {
			return BigInt(chip.slow);
		}
	},
}));

vi.mock("embedded:storage/key-value", () => ({
	default: {
		open: ({ path }: { path: string }) => {
			if (path.length > 15) throw new Error("invalid path");
			// NVS keeps a note of each domain.
			if (chip.full && chip.kept.size === 0) throw new Error("no room");
			return {
				read: (key: string) => chip.kept.get(key)?.slice().buffer,
				write: (key: string, value: Uint8Array) => {
					if (key.length > 15) throw new Error("invalid key");
					if (chip.full) throw new Error("no room");
					chip.writes++;
					chip.kept.set(key, value.slice());
				},
				close() {},
			};
		},
	},
}));

vi.mock("timer", () => ({ default: {} }));

function always(name: string) {
	return (...args: unknown[]) => {
		chip.calls.push([name, ...args]);
		return 0;
	};
}

function call(name: string) {
	return chip.watches ? always(name) : undefined;
}

interface Sleep {
	readonly resumed: boolean;
	readonly elapsedMs: number;
	enter(milliseconds: number, ticks: number, wakePin?: number): void;
}

const { DeepSleep, releaseSleepPin } = await chipModule<{
	readonly DeepSleep: new (woken: boolean) => Sleep;
	releaseSleepPin(pin: number): void;
}>("deep-sleep");

const second = 1_000_000;

beforeEach(() => {
	vi.stubGlobal("trace", () => {});
	Object.assign(chip, {
		slow: 5 * second,
		calls: [],
		kept: new Map(),
		writes: 0,
		full: false,
		watches: true,
	});
});

/** Sleeps, and wakes so many microseconds of the slow clock later. */
function over(sleep: Sleep, ticks: number, microseconds: number): Sleep {
	sleep.enter(60_000, ticks);
	chip.slow += microseconds;
	return new DeepSleep(true);
}

test("it sleeps for the given time, with the radio off, and does not return", () => {
	new DeepSleep(false).enter(60_000.4, 1_000);
	expect(chip.calls).toEqual([
		["esp_wifi_stop"],
		["esp_sleep_enable_timer_wakeup", 60_000_400n],
		["esp_deep_sleep_start"],
	]);
});

test("the boot continues after it: its ticks are those before plus those of the slow clock", () => {
	const first = new DeepSleep(false);
	expect([first.resumed, first.elapsedMs]).toEqual([false, 0]);
	chip.slow += 10 * second;
	const woken = over(first, 10_000, 60 * second);
	expect(woken.resumed).toBe(true);
	expect(woken.elapsedMs).toBeCloseTo(70_000, 3);
});

test("what the fast clock counted while the board was awake is made good, and else nothing is written", () => {
	const first = new DeepSleep(false);
	// An hour awake, in which the slow clock is 1 % slow.
	chip.slow += 3564 * second;
	const woken = over(first, 3_600_000, 60 * second);
	expect(woken.elapsedMs).toBeCloseTo(3_660_000, 0);
	expect(chip.writes).toBe(1);
	const again = over(woken, woken.elapsedMs, 60 * second);
	expect(again.elapsedMs).toBeCloseTo(3_720_000, 0);
	expect(chip.writes).toBe(1);
	// Another hour awake.
	chip.slow += 3564 * second;
	expect(over(again, again.elapsedMs + 3_600_000, 60 * second).elapsedMs).toBeCloseTo(7_380_000, 0);
	expect(chip.writes).toBe(2);
});

describe("a new boot begins", () => {
	test("after any other start", () => {
		over(new DeepSleep(false), 0, second);
		expect(new DeepSleep(false)).toMatchObject({ resumed: false, elapsedMs: 0 });
	});

	test("where nothing was kept, or what was kept cannot be", () => {
		expect(new DeepSleep(true)).toMatchObject({ resumed: false, elapsedMs: 0 });
		over(new DeepSleep(false), 0, second);
		chip.slow = 1;
		expect(new DeepSleep(true)).toMatchObject({ resumed: false, elapsedMs: 0 });
		chip.kept.set("bootStart", new Uint8Array(3));
		expect(new DeepSleep(true)).toMatchObject({ resumed: false, elapsedMs: 0 });
	});
});

test("a storage that is full does not prevent sleep", () => {
	chip.full = true;
	const first = new DeepSleep(false);
	first.enter(1000, 0);
	expect(chip.calls.at(-1)).toEqual(["esp_deep_sleep_start"]);
	expect(over(first, 0, second)).toMatchObject({ resumed: false, elapsedMs: 0 });
});

describe("the button", () => {
	test("ends the sleep where the chip can watch its pin, pulled up and low when pressed", () => {
		new DeepSleep(false).enter(1000, 0, 0);
		expect(chip.calls).toContainEqual(["rtc_gpio_pullup_en", 0]);
		expect(chip.calls).toContainEqual(["esp_sleep_enable_ext0_wakeup", 0, 0]);
		releaseSleepPin(0);
		expect(chip.calls.at(-1)).toEqual(["rtc_gpio_deinit", 0]);
	});

	test("is left alone on a chip that cannot", () => {
		chip.watches = false;
		new DeepSleep(false).enter(1000, 0, 9);
		releaseSleepPin(9);
		expect(chip.calls.map(([name]) => name)).toEqual([
			"esp_wifi_stop",
			"esp_sleep_enable_timer_wakeup",
			"esp_deep_sleep_start",
		]);
	});
});
