import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inputPins, pinCare } from "../../page/pins";
import { platforms } from "../../scripts/platforms";
import { root } from "../../scripts/sdk";
import { chipPins } from "../../simulator/hardware/pins";
import { type ChipPins, pinProblem } from "../../src/boards/pin-problem";

interface PinConfiguration {
	readonly chip: string;
	readonly i2c: { readonly data: number; readonly clock: number };
	readonly pins: ChipPins;
}

const manifest: {
	readonly config: PinConfiguration;
	readonly platforms: Readonly<Record<string, { readonly config?: PinConfiguration }>>;
} = JSON.parse(readFileSync(join(root, "src/boards/esp32/manifest.json"), "utf8"));

describe.each(platforms)("the pins offered on %s", (platform) => {
	const { chip, i2c, pins } = manifest.platforms[platform]?.config ?? manifest.config;
	const inputs = inputPins(chip, false);

	test("are pins that the chip has, each once, without those of the flash memory", () => {
		expect(inputs.filter((pin) => pinProblem(pins, pin, "input") !== undefined)).toEqual([]);
		expect([...new Set(inputs)].sort((one, other) => one - other)).toEqual(inputs);
		expect(inputs).toEqual(expect.arrayContaining([i2c.data, i2c.clock]));
	});

	test("for a voltage are those that the board measures one at", () => {
		const analog = inputPins(chip, true);
		expect(analog).toEqual(inputs.filter((pin) => pinProblem(pins, pin, "analog") === undefined));
		expect(analog.length).toBeGreaterThan(4);
	});
});

test.each([
	["esp32", 12, false, "boot"],
	["esp32", 34, false, "noPull"],
	["esp32", 34, true, undefined],
	["esp32", 27, false, undefined],
	["esp32", 1, false, "serial"],
	["esp32c3", 9, false, "boot"],
	["esp32c3", 2, true, "boot"],
	["esp32c3", 4, true, undefined],
	["esp32s3", 19, false, "usb"],
	["esp32s3", 35, false, "psram"],
] as const)("%s pin %i (analog: %s) needs care: %s", (chip, pin, analog, reason) => {
	expect(pinCare(chip, pin, analog)).toBe(reason);
});

test("a simulated board has the pins of an ESP32", () => {
	expect(inputPins("node", false)).toEqual(inputPins("esp32", false));
	expect(manifest.config.pins).toMatchObject(chipPins);
});
