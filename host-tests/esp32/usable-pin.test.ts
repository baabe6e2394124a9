import { expect, test, vi } from "vitest";
import type { PinRole } from "../../src/boards/pin-problem";
import { chipModule } from "./chip-module";

const sdk = vi.hoisted(() => ({
	config: {
		chip: "esp32",
		pins: { last: 39, absent: "24 28 29 30 31", flash: [6, 11], lastOutput: 33, analog: [32, 39] },
	},
	package: 0,
}));

vi.mock("mc/config", () => ({ default: sdk.config }));
vi.mock("mc/ffi", () => ({
	default: class {
		esp_efuse_get_pkg_ver() {
			return sdk.package;
		}
	},
}));

const { assertUsablePin } = await chipModule<{ assertUsablePin(pin: number, role?: PinRole): void }>(
	"usable-pin",
);

/** An ESP32's but for its flash's. */
const without = (...absent: number[]) =>
	Array.from({ length: 40 }, (_, pin) => pin).filter((pin) => (pin < 6 || pin > 11) && !absent.includes(pin));

/** Pins that may be used. */
const usable = (role?: PinRole) =>
	Array.from({ length: 49 }, (_, pin) => pin).filter((pin) => {
		try {
			assertUsablePin(pin, role);
			return true;
		} catch {
			return false;
		}
	});

test.each([0, 1, 3])("an ESP32 of package %i has its flash at six pins", (chipPackage) => {
	sdk.package = chipPackage;
	expect(usable()).toEqual(without(24, 28, 29, 30, 31));
	expect(usable("output")).toEqual(usable().filter((pin) => pin < 34));
	expect(usable("analog")).toEqual([32, 33, 34, 35, 36, 37, 38, 39]);
});

test.each([2, 4, 5, 6, 7])(
	"an ESP32 of package %i has memory inside, at pins 16 and 17, too",
	(chipPackage) => {
		sdk.package = chipPackage;
		expect(usable()).toEqual(without(16, 17, 24, 28, 29, 30, 31));
		expect(() => assertUsablePin(16)).toThrow("the flash memory is at this pin");
	},
);

test("another chip is not asked for its package", () => {
	sdk.config.chip = "esp32c3";
	sdk.config.pins = { last: 21, absent: "", flash: [12, 17], lastOutput: 21, analog: [0, 4] };
	expect(usable()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 18, 19, 20, 21]);
	expect(usable("analog")).toEqual([0, 1, 2, 3, 4]);
});
