/*
 * The SDK as the project-wide type check sees it: the published typings, and what they lack. Builds with the SDK use
 * the SDK's own.
 */

/// <reference types="@moddable/typings/xs" />
/// <reference types="@moddable/typings/embedded_io/socket/tcp" />
/// <reference types="@moddable/typings/embedded_io/socket/udp" />
/// <reference types="@moddable/typings/embedded_io/socket/listener" />
/// <reference types="@moddable/typings/embedded_io/analog" />
/// <reference types="@moddable/typings/embedded_io/digital" />
/// <reference types="@moddable/typings/embedded_io/i2c" />
/// <reference types="@moddable/typings/embedded_io/serial" />
/// <reference types="@moddable/typings/embedded_io/smbus" />
/// <reference types="@moddable/typings/debug" />
/// <reference types="@moddable/typings/file" />
/// <reference types="@moddable/typings/instrumentation" />
/// <reference types="@moddable/typings/net" />
/// <reference types="@moddable/typings/time" />
/// <reference types="@moddable/typings/timer" />
/// <reference types="@moddable/typings/wifi" />

/** Functions in C that the manifests name. */
declare module "mc/ffi" {
	export default class FFI {
		/** The next ones are in `tls/public-key.c`: 1 if valid or successful, else 0. */
		ecdsa_verify(curve: number, key: ArrayBuffer, hash: ArrayBuffer, signature: ArrayBuffer): number;
		ec_is_point(curve: number, point: ArrayBuffer): number;
		ecdh_agree(
			curve: number,
			point: ArrayBuffer,
			key: ArrayBuffer,
			own: ArrayBuffer,
			shared: ArrayBuffer,
		): number;
		rsa_power(
			result: ArrayBuffer,
			base: ArrayBuffer,
			exponent: ArrayBuffer,
			exponentLength: number,
			modulus: ArrayBuffer,
			length: number,
		): number;
		/** `known-channel.c`. */
		known_channel_keep(): void;
		/** 1: an attempt has begun. */
		known_channel_connect(
			ssid: ArrayBuffer,
			ssidLength: number,
			password: ArrayBuffer,
			passwordLength: number,
		): number;
		sleep_memory_read(into: ArrayBuffer, count: number): void;
		sleep_memory_write(from: ArrayBuffer, count: number): void;
		/** Returns the length of the text. */
		sleep_text_take(into: ArrayBuffer, size: number): number;
		sleep_text_keep(from: ArrayBuffer, length: number): void;
		esp_fill_random(buffer: ArrayBuffer, length: number): void;
		esp_efuse_mac_get_default(address: ArrayBuffer): number;
		esp_restart(): void;
		/** The package of the chip. */
		esp_efuse_get_pkg_ver(): number;
		/** `esp_err_t`, as {@link nvs_flash_init}. */
		nvs_flash_erase(): number;
		nvs_flash_init(): number;
		/** `esp_reset_reason_t`. */
		esp_reset_reason(): number;
		/** Bytes. */
		esp_get_free_heap_size(): number;
		/** Partitions are pointers, 0 for none; errors are `esp_err_t`, 0 for none. */
		esp_partition_find_first(type: number, subtype: number, label: number): number;
		esp_ota_get_running_partition(): number;
		/** `state`: 32 bits of `esp_ota_img_states_t`. */
		esp_ota_get_state_partition(partition: number, state: ArrayBuffer): number;
		/** Verifies the image first. */
		esp_ota_set_boot_partition(partition: number): number;
		esp_ota_mark_app_valid_cancel_rollback(): number;
		/** Returns only if it fails. */
		esp_ota_mark_app_invalid_rollback_and_reboot(): number;
		/** Makes the next wake from deep sleep choose and verify the slot like any other start. */
		forget_verified_image(): void;
		/** Microseconds of the slow clock, which deep sleep does not stop. */
		esp_rtc_get_time_us(): bigint;
		/** Microseconds. */
		esp_sleep_enable_timer_wakeup(time: bigint): number;
		esp_deep_sleep_start(): void;
		/** ESP-IDF asks for it before deep sleep; without Wi-Fi it does nothing. */
		esp_wifi_stop(): number;
		/** `wifi_interface_t`, `wifi_config_t`; returns `esp_err_t`, 0 for success. */
		esp_wifi_get_config(which: number, config: ArrayBuffer): number;
		esp_wifi_set_config(which: number, config: ArrayBuffer): number;
		sigignore(signal: number): number;
		getentropy(buffer: ArrayBuffer, length: number): number;
		/** Of `boards/qemu/emulator.c`. */
		emulator_start_ethernet(): number;
		emulator_ethernet_state(address: ArrayBuffer): number;
		emulator_collect(): void;
		emulator_memory(figures: ArrayBuffer): void;
		emulator_slots(counts: ArrayBuffer): void;
		emulator_panic(): void;
		emulator_begin(): void;
		emulator_count(isOn: number): void;
		emulator_mark(kind: number): void;
		emulator_sleep(bootMs: number, sleepMs: number): void;
		emulator_slept(): number;
	}
}

declare module "embedded:storage/flash" {
	interface Flash {
		close(): void;
		eraseBlock(start: number, end?: number): void;
		read(buffer: Uint8Array, byteOffset: number): number;
		write(buffer: Uint8Array, byteOffset: number): void;
		status(): { size: number; blockLength: number; blocks: number };
	}
	const FlashStorage: { open(options: { path: string; mode?: "r" | "r+" }): Flash };
	export default FlashStorage;
}

declare module "embedded:storage/key-value" {
	interface Storage {
		close(): void;
		delete(key: string): void;
		read(key: string): ArrayBuffer | string | number | bigint;
		write(key: string, value: Uint8Array): void;
	}
	const KeyValueStorage: { open(options: { path: string; format?: "buffer" }): Storage };
	export default KeyValueStorage;
}

declare module "embedded:network/interface/wifi" {
	export default class WiFi {
		constructor(options: { onChanged?: (property: "connection" | "address") => void });
		close(): void;
		connect(options: { SSID: string; password?: string }): void;
		disconnect(): void;
		readonly connection: number;
		readonly address: string | undefined;
		readonly MAC: string | undefined;
		readonly SSID: string | undefined;
		readonly RSSI: number | undefined;
	}
}

declare module "crypt" {
	export class Digest {
		constructor(name: string);
		write(data: ArrayBuffer | string): void;
		close(): ArrayBuffer;
	}
}

/** What the manifests put under `config`, and the command line of mcconfig. */
declare module "mc/config" {
	const config: {
		/** The chip: `esp32`, `esp32c3` and so on. */
		readonly chip: string;
		/** Pins of the sensors' bus. */
		readonly i2c: { readonly data: number; readonly clock: number };
		/** Light and button of common boards with this chip; empty for none. */
		readonly pins: {
			readonly led: string;
			readonly button: string;
			/** As `ChipPins` in `src/boards/pin-problem`. */
			readonly last: number;
			readonly absent: string;
			readonly flash: readonly [number, number];
			readonly analog: readonly [number, number];
			readonly lastOutput: number;
		};
		/** The password of the setup page's network: `own` for one that each board makes itself, empty for none. */
		readonly setup: { readonly password: string };
		/** Public half of the key that signs updates, x and y in hexadecimal digits. */
		readonly releaseKey?: string;
		/** In a development build: settings to begin with, as `src/settings/built-in-settings` takes them. */
		readonly settings?: string;
		/** In the simulator: the directory that stands for the board's flash. */
		readonly state: string;
		/** In the simulator: what is wired to the board, as `npm start -- --sensors` takes it. */
		readonly sensors?: string;
	};
	export default config;
}

declare module "onewire" {
	export default class OneWire {
		constructor(dictionary: { pin: number });
		close(): void;
		read(count: number): number | Uint8Array;
		write(data: number | Uint8Array): void;
		search(): Uint8Array[];
		reset(): boolean;
	}
}
