import { makeDirectory } from "../../src/boards/lin/files";
import { FileKeyValueStorage } from "../../src/boards/lin/key-value";
import { checkSettings as judge } from "../../src/settings/settings";
import { SettingsStore } from "../../src/settings/settings-store";
import { check, same } from "./report";

/** The settings' rules and their record. */
export async function checkSettings(directory: string): Promise<void> {
	makeDirectory(`${directory}/settings`);
	const storage = new FileKeyValueStorage(`${directory}/settings`).open({ path: "dakkio", format: "buffer" });
	const store = new SettingsStore(storage);
	await check("settings that were kept are there, and the rest has its presets", () => {
		store.save({ location: "Küche", interval: 30, networks: [{ ssid: "Zuhause", password: "geheim123" }] });
		const { settings, problems } = store.load();
		same(problems, []);
		same([settings.location, settings.interval, settings.networks[0]?.ssid], ["Küche", 30, "Zuhause"]);
		same(settings.server, "https://api.dakkio.io");
	});
	await check("of two records the newer one counts; where it is damaged, the one before", () => {
		store.save({ interval: 40 });
		same(store.load().settings.interval, 40);
		storage.write("settings_b", Uint8Array.of(0x7b, 0x22, 0xff));
		const { settings, problems } = store.load();
		same(problems.length, 1);
		same(settings.interval, 30);
	});
	await check("where both are damaged it is told, and presets stand in", () => {
		storage.write("settings_a", Uint8Array.of(1));
		const { settings, problems } = store.load();
		same(problems.length, 1);
		same(settings.interval, 60);
	});
	await check("each wrong value is told with its key, all at once", () => {
		const { problems } = judge({ interval: "4", key: "dakkio_r_x", server: "http://x", surprise: 1 });
		same(problems.map(({ key }) => key).sort(), ["interval", "key", "server", "surprise"]);
	});
}
