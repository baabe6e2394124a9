import { linFiles } from "../../boards/lin/files";
import { FileKeyValueStorage } from "../../boards/shared/file-key-value";
import { toJson } from "../../src/common/json";
import { installBuiltInSettings } from "../../src/settings/built-in-settings";
import { checkSettings as judge, withoutDefaults } from "../../src/settings/settings";
import { formatSettingsFile } from "../../src/settings/settings-file";
import { SettingsStore } from "../../src/settings/settings-store";
import { describeSettings } from "../../src/setup/form-settings";
import { check, expectSame } from "./report";

/** The settings' validation and storage. */
export async function checkSettingsRules(directory: string): Promise<void> {
	linFiles.makeDirectory(`${directory}/settings`);
	const storage = new FileKeyValueStorage(`${directory}/settings`, linFiles).open({
		path: "dakkio",
		format: "buffer",
	});
	const store = new SettingsStore(storage);
	await check("saved settings are loaded, and all others have their defaults", () => {
		store.save({ location: "Küche", interval: 30, networks: [{ ssid: "Zuhause", password: "geheim123" }] });
		const { settings, problems } = store.load();
		expectSame(problems, []);
		expectSame([settings.location, settings.interval, settings.networks[0]?.ssid], ["Küche", 30, "Zuhause"]);
		expectSame(settings.server, "https://api.dakkio.io");
	});
	await check("the newer of two records is used, or the older one if the newer is damaged", () => {
		store.save({ interval: 40 });
		expectSame(store.load().settings.interval, 40);
		storage.write("settings_b", Uint8Array.of(0x7b, 0x22, 0xff));
		const { settings, problems } = store.load();
		expectSame(problems.length, 1);
		expectSame(settings.interval, 30);
	});
	await check(
		"defaults, which are in the image, can be saved, compared and exported like other values",
		() => {
			const { settings } = judge({ location: "Küche" });
			store.save(settings);
			expectSame(store.load().settings.ntpServers.length, 3);
			expectSame(withoutDefaults(settings), { location: "Küche" });
			expectSame(JSON.parse([...formatSettingsFile(settings, true)].join("")), {
				version: 1,
				location: "Küche",
			});
			expectSame(toJson(describeSettings()).length > 1000, true);
		},
	);
	await check("a development build's settings are saved", () => {
		installBuiltInSettings(storage, "7b22696e74657276616c223a33317d");
		expectSame(store.load().settings.interval, 31);
	});
	await check("if both records are damaged, that is reported and defaults are used", () => {
		for (const place of ["settings_a", "settings_b"]) storage.write(place, Uint8Array.of(0x7b, 0x22, 0xff));
		const { settings, problems } = store.load();
		expectSame(problems.length, 1);
		expectSame(settings.interval, 60);
	});
	await check("every invalid value is reported with its key, all at once", () => {
		const { problems } = judge({ interval: "4", key: "dakkio_r_x", server: "http://x", surprise: 1 });
		expectSame(problems.map(({ key }) => key).sort(), ["interval", "key", "server", "surprise"]);
	});
}
