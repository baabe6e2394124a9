import SDKFlash from "embedded:storage/flash";
import SDKKeyValue from "embedded:storage/key-value";
import FFI from "mc/ffi";
import type { SleepMemory } from "../board";
import type { FlashStorage, KeyValue, KeyValueStorage } from "../ecma419";

type SDKDomain = ReturnType<typeof SDKKeyValue.open>;

/** Flash partitions by their name in the partition table. */
export const flashStorage: FlashStorage = Object.freeze({
	open({ path, mode = "r+" }: Parameters<FlashStorage["open"]>[0]) {
		return SDKFlash.open({ path, mode });
	},
});

class NvsDomain implements KeyValue {
	private readonly domain: SDKDomain;

	constructor(domain: SDKDomain) {
		this.domain = domain;
	}

	read(key: string): ArrayBuffer | undefined {
		const value = this.domain.read(key);
		return value instanceof ArrayBuffer ? value : undefined;
	}

	write(key: string, value: Uint8Array): void {
		this.domain.write(key, value);
	}

	delete(key: string): void {
		this.domain.delete(key);
	}

	close(): void {
		this.domain.close();
	}
}

/** NVS. A write is atomic: the old value stays until the new one is complete. */
export const keyValueStorage: KeyValueStorage = Object.freeze({
	open({ path }: Parameters<KeyValueStorage["open"]>[0]): KeyValue {
		return new NvsDomain(SDKKeyValue.open({ path, format: "buffer" }));
	},
});

/** As in `sleep-memory.c`, which checks it. */
const maxTextBytes = 3072;

/** RTC memory. */
export const sleepMemory: SleepMemory = Object.freeze({
	take() {
		const bytes = new ArrayBuffer(maxTextBytes);
		const length = new FFI().sleep_text_take(bytes, maxTextBytes);
		return length === 0 ? undefined : String.fromArrayBuffer(bytes.slice(0, length));
	},
	keep(text: string) {
		const bytes = ArrayBuffer.fromString(text);
		new FFI().sleep_text_keep(bytes, bytes.byteLength);
		return bytes.byteLength <= maxTextBytes;
	},
});

/**
 * NVS only marks overwritten and deleted values as invalid until it needs their page. So the whole partition is erased,
 * which closes NVS with all open domains, and NVS is started again.
 */
export function eraseKeyValue(): void {
	const ffi = new FFI();
	for (const error of [ffi.nvs_flash_erase(), ffi.nvs_flash_init()])
		if (error !== 0) throw new Error(`NVS could not be erased (ESP-IDF error ${error})`);
}
