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

test("built-in settings are installed at the first boot", () => {
	const kept = storage();
	installBuiltInSettings(kept, image({ key, interval: 30, location: "Küche" }));
	expect(new SettingsStore(kept).load()).toMatchObject({
		settings: { key, interval: 30, location: "Küche" },
		problems: [],
	});
});

test("settings changed on the board stay over a restart, until other settings are flashed", () => {
	const kept = storage();
	const store = new SettingsStore(kept);
	installBuiltInSettings(kept, image({ interval: 30 }));
	store.save({ interval: 300 });
	installBuiltInSettings(kept, image({ interval: 30 }));
	expect(store.load().settings.interval).toBe(300);
	installBuiltInSettings(kept, image({ interval: 31 }));
	expect(store.load().settings.interval).toBe(31);
});

test("after a power cut between the writes, the next boot installs them again", () => {
	const kept = storage(1);
	expect(() => installBuiltInSettings(kept, image({ interval: 30 }))).toThrow("power");
	expect(new SettingsStore(kept).load().settings.interval).toBe(30);
});
