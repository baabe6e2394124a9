import type { KeyValue } from "../boards/ecma419";
import { crc32 } from "../clock/crc32";
import { decode } from "../text/utf8";
import { checkSettings, withoutPresets } from "./settings";
import { SettingsStore } from "./settings-store";

export const plantedKey = "planted";

/**
 * Keeps the settings that a development build brings along, once: what is set on the board afterwards stays, until
 * a build with other settings is flashed. `hex`: their JSON in UTF-8, two hexadecimal digits a byte, as
 * `npm run flash -- --settings FILE` puts it into the image.
 */
export function plantSettings(storage: KeyValue, hex: string): void {
	const bytes = fromHex(hex);
	const mark = crc32(bytes);
	const planted = storage.read(plantedKey);
	if (planted?.byteLength === 4 && new DataView(planted).getUint32(0) === mark) return;
	const given: unknown = JSON.parse(decode(bytes));
	if (typeof given !== "object" || given === null) return;
	const { settings } = checkSettings({ ...given });
	new SettingsStore(storage).save(withoutPresets(settings));
	const kept = new Uint8Array(4);
	new DataView(kept.buffer).setUint32(0, mark);
	// Last, so that a power cut between the two plants them again.
	storage.write(plantedKey, kept);
}

function fromHex(hex: string): Uint8Array {
	const bytes = new Uint8Array(hex.length / 2);
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}
