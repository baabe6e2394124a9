import SDKFlash from "embedded:storage/flash";
import SDKKeyValue from "embedded:storage/key-value";
import type { FlashStorage, KeyValue, KeyValueStorage } from "../ecma419";

/** Flash partitions by their name in the partition table. */
export const flash: FlashStorage = Object.freeze({
	open({ path, mode = "r+" }: Parameters<FlashStorage["open"]>[0]) {
		return SDKFlash.open({ path, mode });
	},
});

/** NVS. A write is atomic for its key: the old value stays until the new one is whole. */
export const keyValue: KeyValueStorage = Object.freeze({
	open({ path }: Parameters<KeyValueStorage["open"]>[0]): KeyValue {
		const domain = SDKKeyValue.open({ path, format: "buffer" });
		return {
			read(key) {
				const value = domain.read(key);
				return value instanceof ArrayBuffer ? value : undefined;
			},
			write: (key, value) => domain.write(key, value),
			delete: (key) => domain.delete(key),
			close: () => domain.close(),
		};
	},
});
