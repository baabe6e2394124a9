import config from "mc/config";
import FFI from "mc/ffi";
import { decodeHex } from "../../common/hex";
import type { FirmwareSlots, HashStream } from "../board";
import type { Flash } from "../ecma419";
import { flashStorage } from "./storage";
import { firmwareCrypto } from "./tls/firmware-crypto";

/** `esp_partition_type_t` of an image, and `esp_partition_subtype_t` of the first slot. */
const appType = 0;
const firstSlot = 0x10;
/** `ESP_OTA_IMG_PENDING_VERIFY`. */
const pendingVerify = 1;
const keyBytes = 64;

/** `undefined`: the flash has one slot. */
export function openFirmwareSlots(): FirmwareSlots | undefined {
	const ffi = new FFI();
	const first = ffi.esp_partition_find_first(appType, firstSlot, 0);
	const second = ffi.esp_partition_find_first(appType, firstSlot + 1, 0);
	if (second === 0) return undefined;
	return ffi.esp_ota_get_running_partition() === second
		? new EspFirmwareSlots(1, second, first)
		: new EspFirmwareSlots(0, first, second);
}

/** ESP-IDF's application rollback; partitions are pointers as numbers. */
class EspFirmwareSlots implements FirmwareSlots {
	readonly releaseKey = readKey(config.releaseKey);
	readonly running: number;
	private readonly other: number;
	private _isOnTrial: boolean;

	constructor(running: number, partition: number, other: number) {
		const ffi = new FFI();
		const state = new Uint32Array(1);
		this.running = running;
		this.other = other;
		// Without an entry for the slot, it is not on trial.
		this._isOnTrial =
			ffi.esp_ota_get_state_partition(partition, state.buffer) === 0 && state[0] === pendingVerify;
		// Otherwise a wake from deep sleep would start this slot even after a rollback.
		if (this._isOnTrial) ffi.forget_verified_image();
	}

	get isOnTrial(): boolean {
		return this._isOnTrial;
	}

	openOther(): Flash {
		if (this._isOnTrial) throw new Error("the other slot holds what a rollback starts");
		// The SDK's name for the inactive slot; by their own names it finds only data partitions.
		return flashStorage.open({ path: "nextota" });
	}

	activate(): void {
		const ffi = new FFI();
		check(ffi.esp_ota_set_boot_partition(this.other));
		ffi.forget_verified_image();
	}

	keep(): void {
		check(new FFI().esp_ota_mark_app_valid_cancel_rollback());
		this._isOnTrial = false;
	}

	rollBack(): void {
		check(new FFI().esp_ota_mark_app_invalid_rollback_and_reboot());
	}

	sha256(): HashStream {
		return firmwareCrypto.sha256();
	}

	verifySignature(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
		return firmwareCrypto.verifySignature(key, message, signature);
	}
}

function check(error: number): void {
	if (error !== 0) throw new Error(`ESP-IDF error ${error}`);
}

/** Two hexadecimal digits for each byte. */
function readKey(hex: string | undefined): Uint8Array | undefined {
	return hex?.length === 2 * keyBytes ? decodeHex(hex) : undefined;
}
