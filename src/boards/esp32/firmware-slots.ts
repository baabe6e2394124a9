import config from "mc/config";
import FFI from "mc/ffi";
import { decodeHex } from "../../common/hex";
import type { FirmwareSlots } from "../board";
import { flashStorage } from "./storage";
import { firmwareCrypto } from "./tls/firmware-crypto";

/** `esp_partition_type_t` of an image, and `esp_partition_subtype_t` of the first slot. */
const appType = 0;
const firstSlot = 0x10;
/** `ESP_OTA_IMG_PENDING_VERIFY`. */
const pendingVerify = 1;
const keyBytes = 64;

/** ESP-IDF's application rollback; partitions are pointers as numbers. `undefined`: the flash has one slot. */
export function openFirmwareSlots(): FirmwareSlots | undefined {
	const ffi = new FFI();
	const slots = [0, 1].map((slot) => ffi.esp_partition_find_first(appType, firstSlot + slot, 0));
	const [, second = 0] = slots;
	if (second === 0) return undefined;
	const running = ffi.esp_ota_get_running_partition() === second ? 1 : 0;
	const other = 1 - running;
	const state = new Uint32Array(1);
	// Without an entry for the slot, it is not on trial.
	let isOnTrial =
		ffi.esp_ota_get_state_partition(slots[running] ?? 0, state.buffer) === 0 && state[0] === pendingVerify;
	// A wake would start this slot whatever happens to it meanwhile.
	if (isOnTrial) ffi.bootloader_common_reset_rtc_retain_mem();
	return {
		...firmwareCrypto,
		releaseKey: readKey(config.releaseKey),
		running,
		get isOnTrial() {
			return isOnTrial;
		},
		openOther() {
			if (isOnTrial) throw new Error("the other slot holds what a rollback starts");
			// The SDK's name for the slot that does not run; by their own names it finds partitions of data only.
			return flashStorage.open({ path: "nextota" });
		},
		activate() {
			check(ffi.esp_ota_set_boot_partition(slots[other] ?? 0));
			ffi.bootloader_common_reset_rtc_retain_mem();
		},
		keep() {
			check(ffi.esp_ota_mark_app_valid_cancel_rollback());
			isOnTrial = false;
		},
		rollBack: () => check(ffi.esp_ota_mark_app_invalid_rollback_and_reboot()),
	};
}

function check(error: number): void {
	if (error !== 0) throw new Error(`ESP-IDF error ${error}`);
}

/** Two hexadecimal digits for each byte. */
function readKey(hex: string | undefined): Uint8Array | undefined {
	return hex?.length === 2 * keyBytes ? decodeHex(hex) : undefined;
}
