import type { KeyValue } from "../boards/ecma419";
import { crc32 } from "../common/crc32";
import { areBytesEqual } from "../common/equal-bytes";
import { decodeHex } from "../common/hex";
import { isJsonObject } from "../common/json";
import { type PersistentKey, writeValue } from "../common/persistent-values";
import { decodeUtf8 } from "../common/utf8";
import { checkSettings, withoutDefaults } from "./settings";
import { SettingsStore } from "./settings-store";

const builtInSettingsKey: PersistentKey = "planted";

/**
 * Saves the settings that a development build contains, once: later changes on the board stay until a build with other
 * settings is flashed. `hex`: their JSON in UTF-8, two hexadecimal digits per byte, as `npm run flash -- --settings FILE`
 * puts it into the image.
 */
export function installBuiltInSettings(storage: KeyValue, hex: string): void {
	const bytes = decodeHex(hex);
	const checksum = new Uint8Array(4);
	new DataView(checksum.buffer).setUint32(0, crc32(bytes));
	const installed = storage.read(builtInSettingsKey);
	if (installed !== undefined && areBytesEqual(new Uint8Array(installed), checksum)) return;
	const given: unknown = JSON.parse(decodeUtf8(bytes));
	if (!isJsonObject(given)) return;
	const { settings } = checkSettings(given);
	new SettingsStore(storage).save(withoutDefaults(settings));
	// Last: a power cut between the two writes installs them again.
	writeValue(storage, builtInSettingsKey, checksum);
}
