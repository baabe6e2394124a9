import type { KeyValue } from "../boards/ecma419";
import { crc32 } from "../common/crc32";
import type { PersistentKey } from "../common/persistent-values";
import { decodeUtf8 } from "../common/utf8";
import { checkSettings, withoutDefaults } from "./settings";
import { SettingsStore } from "./settings-store";

const builtInSettingsKey: PersistentKey = "planted";

/**
 * Keeps the settings that a development build brings along, once: what is set on the board afterwards stays, until
 * a build with other settings is flashed. `hex`: their JSON in UTF-8, two hexadecimal digits a byte, as
 * `npm run flash -- --settings FILE` puts it into the image.
 */
export function installBuiltInSettings(storage: KeyValue, hex: string): void {
	const bytes = fromHex(hex);
	const checksum = crc32(bytes);
	const installed = storage.read(builtInSettingsKey);
	if (installed?.byteLength === 4 && new DataView(installed).getUint32(0) === checksum) return;
	const given: unknown = JSON.parse(decodeUtf8(bytes));
	if (typeof given !== "object" || given === null) return;
	const { settings } = checkSettings({ ...given });
	new SettingsStore(storage).save(withoutDefaults(settings));
	const kept = new Uint8Array(4);
	new DataView(kept.buffer).setUint32(0, checksum);
	// Last, so that a power cut between the two plants them again.
	storage.write(builtInSettingsKey, kept);
}

function fromHex(hex: string): Uint8Array {
	const bytes = new Uint8Array(hex.length / 2);
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}
