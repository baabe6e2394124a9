import { beforeEach, expect, test, vi } from "vitest";
import { chipModule } from "./chip-module";

/**
 * A wake from deep sleep starts the slot that ran before without looking, unless the bootloader's note of it was cleared: after
 * an update was activated, and while one is on trial, it must choose again.
 */

const chip = vi.hoisted(() => ({ state: 2, calls: [] as string[], error: 0 }));

vi.mock("mc/config", () => ({ default: { releaseKey: undefined } }));
vi.mock("mc/ffi", () => ({
	default: class {
		esp_partition_find_first = (_type: number, subtype: number) => subtype;
		esp_ota_get_running_partition = () => 0x10;
		esp_ota_get_state_partition(_partition: number, state: ArrayBuffer) {
			new Uint32Array(state)[0] = chip.state;
			return 0;
		}
		esp_ota_set_boot_partition = (partition: number) => {
			chip.calls.push(`boot ${partition.toString(16)}`);
			return chip.error;
		};
		esp_ota_mark_app_valid_cancel_rollback = () => 0;
		forget_verified_image = () => {
			chip.calls.push("forget");
		};
	},
}));
vi.mock("crypt", () => ({ Digest: class {} }));
vi.mock("embedded:storage/flash", () => ({ default: {} }));
vi.mock("embedded:storage/key-value", () => ({ default: {} }));

const { openFirmwareSlots } = await chipModule<{
	openFirmwareSlots(): { activate(): void; keep(): void; readonly isOnTrial: boolean };
}>("firmware-slots");

beforeEach(() => {
	chip.state = 2;
	chip.calls = [];
	chip.error = 0;
});

test("firmware that is kept is what a wake starts", () => {
	expect(openFirmwareSlots().isOnTrial).toBe(false);
	expect(chip.calls).toEqual([]);
});

test("after an update was activated, a wake looks which slot to start", () => {
	openFirmwareSlots().activate();
	expect(chip.calls).toEqual(["boot 11", "forget"]);
});

test("an update that could not be activated changes nothing", () => {
	chip.error = 0x102;
	expect(() => openFirmwareSlots().activate()).toThrow("ESP-IDF error 258");
	expect(chip.calls).toEqual(["boot 11"]);
});

test("on trial, a wake goes back as any other start does", () => {
	chip.state = 1;
	const slots = openFirmwareSlots();
	expect(chip.calls).toEqual(["forget"]);
	slots.keep();
	expect(slots.isOnTrial).toBe(false);
});
