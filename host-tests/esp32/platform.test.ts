import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ChipPins } from "../../src/boards/pin-problem";
import { resetReasons } from "../../src/boards/reset-reason";

/** What the chips are built with: the promises that only the build's configuration keeps. */

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Manifest {
	readonly creation: Readonly<Record<string, unknown>>;
	readonly defines?: unknown;
	readonly config?: Readonly<Record<string, unknown>>;
	readonly platforms: Readonly<
		Record<string, { readonly creation?: unknown; readonly ffi?: unknown; readonly config?: Config }>
	>;
}

interface Config {
	readonly chip: string;
	readonly pins: ChipPins;
}

const whole: Manifest = JSON.parse(read("manifest.json"));
const chips: Manifest & { readonly config: Config } = JSON.parse(read("src/boards/esp32/manifest.json"));

test("only a loop that blocks for a minute restarts the chip", () => {
	const lines = read("sdkconfig/sdkconfig.defaults").split("\n");
	for (const line of [
		"CONFIG_ESP_TASK_WDT_EN=y",
		"CONFIG_ESP_TASK_WDT_INIT=y",
		"CONFIG_ESP_TASK_WDT_PANIC=y",
		"CONFIG_ESP_SYSTEM_PANIC_PRINT_REBOOT=y",
		"CONFIG_ESP_TASK_WDT_TIMEOUT_S=60",
		"CONFIG_ESP_TASK_WDT_CHECK_IDLE_TASK_CPU0=n",
		"CONFIG_ESP_TASK_WDT_CHECK_IDLE_TASK_CPU1=n",
	])
		expect(lines).toContain(line);
});

test("a network's IPv6 address, for which the SDK waits, is valid at once", () => {
	const lines = read("sdkconfig/sdkconfig.defaults").split("\n");
	expect(lines).not.toContain("CONFIG_LWIP_IPV6=n");
	// Without neighbours, a search for duplicates never ends.
	if (lines.includes("CONFIG_LWIP_ND6=n")) expect(lines).toContain("CONFIG_LWIP_IPV6_DUP_DETECT_ATTEMPTS=0");
});

test("the bootloader verifies the image at each start but a wake", () => {
	const lines = read("sdkconfig/sdkconfig.defaults").split("\n");
	expect(lines).toContain("CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS=n");
	expect(lines.filter((line) => /SKIP_VALIDATE.*=y/.test(line))).toEqual([
		"CONFIG_BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP=y",
	]);
});

test("the abort hook is called for an unhandled exception before XS ends", () => {
	expect(whole.defines).toMatchObject({ xs: { abortHook: 1 } });
	expect(read("src/main.ts")).toMatch(/^installAbortHook\(\);\ntry \{\n\tconst board = new EspBoard\(\);$/m);
});

test("XS has its memory in pieces that each chip has in one, which do not grow, and a bounded stack", () => {
	expect(chips.creation).toMatchObject({
		static: 0,
		chunk: { initial: 45_056, incremental: 0 },
		heap: { initial: 4_032, incremental: 0 },
	});
	expect(whole.creation.stack).toBe(576);
	for (const { creation } of Object.values(chips.platforms)) expect(creation).toBeUndefined();
});

test("the SDK's startup joins no network and waits for none", () => {
	for (const config of [whole.config ?? {}, chips.config]) expect(config).not.toHaveProperty("ssid");
});

test("each chip keeps the pins of its flash to itself", () => {
	const others = Object.values(chips.platforms).flatMap(({ config }) =>
		config === undefined ? [] : [config],
	);
	expect(
		[chips.config, ...others].map(({ chip, pins }) => [
			chip,
			pins.last,
			pins.absent,
			pins.flash,
			pins.lastOutput,
		]),
	).toEqual([
		["esp32", 39, "24 28 29 30 31", [6, 11], 33],
		["esp32c3", 21, "", [12, 17], 21],
		["esp32c3", 21, "", [12, 17], 21],
		["esp32c6", 30, "", [24, 30], 30],
		["esp32c6", 30, "", [24, 30], 30],
		["esp32s3", 48, "22 23 24 25", [26, 32], 48],
	]);
});

test("a board whose pins are not known is refused, and not built as an ESP32", () => {
	// The SDK takes the first that fits.
	const names = Object.keys(chips.platforms);
	expect(names.at(-1)).toBe("esp32/*");
	expect(chips.platforms["esp32/*"]).toHaveProperty("error");
	for (const name of names.slice(1, -1)) expect(chips.platforms[name]?.config?.chip).toMatch(/^esp32[cs]\d$/);
});

test("the chips that can watch a pin in their sleep do, and the other one is not asked to", () => {
	const watching = Object.entries(chips.platforms)
		.filter(([, { ffi }]) => JSON.stringify(ffi ?? {}).includes("esp_sleep_enable_ext0_wakeup"))
		.map(([name]) => name);
	expect(watching).toEqual(["esp32", "esp32/esp32s3"]);
});

describe("why a board started", () => {
	test.each([
		[1, "power-on"],
		[3, "restart"],
		[4, "panic"],
		[6, "task watchdog"],
		[8, "deep sleep"],
		[9, "brown-out"],
	])("ESP-IDF's number %i is %s", (number, reason) => {
		expect(resetReasons[number]).toBe(reason);
	});
});
