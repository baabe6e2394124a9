import { expect, test } from "vitest";
import { installBuiltInSettings } from "../../src/settings/built-in-settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { MemoryKeyValue } from "../memory-key-value";

const key = `dakkio_w_${"a".repeat(32)}`;
const image = (settings: object) => Buffer.from(JSON.stringify(settings)).toString("hex");

/** Loses power after so many writes. */
function storage(writes = Number.POSITIVE_INFINITY): MemoryKeyValue {
	return Object.assign(new MemoryKeyValue(), { changesUntilPowerCut: writes });
}

test("a development build's settings are the board's at its first start", () => {
	const kept = storage();
	installBuiltInSettings(kept, image({ key, interval: 30, location: "Küche" }));
	expect(new SettingsStore(kept).load()).toMatchObject({
		settings: { key, interval: 30, location: "Küche" },
		problems: [],
	});
});

test("what is set on the board afterwards stays over a restart, until other settings are flashed", () => {
	const kept = storage();
	const store = new SettingsStore(kept);
	installBuiltInSettings(kept, image({ interval: 30 }));
	store.save({ interval: 300 });
	installBuiltInSettings(kept, image({ interval: 30 }));
	expect(store.load().settings.interval).toBe(300);
	installBuiltInSettings(kept, image({ interval: 31 }));
	expect(store.load().settings.interval).toBe(31);
});

test("a power cut in the middle loses nothing: the next start plants them again", () => {
	const kept = storage(1);
	expect(() => installBuiltInSettings(kept, image({ interval: 30 }))).toThrow("power");
	expect(new SettingsStore(kept).load().settings.interval).toBe(30);
});
