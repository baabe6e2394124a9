import { isJsonObject, parseJson, toJson } from "../common/json";
import { type Setting, type SettingProblem, type Settings, settingsTable, withoutDefaults } from "./settings";

/** Of the file's form; goes up when a file of this one could be misunderstood. */
const fileVersion = 1;

/**
 * The settings as a file (JSON): those that differ from their presets, by their keys. Without secrets, a network is
 * its name alone.
 */
export function formatSettingsFile(settings: Settings, secrets: boolean): string {
	const exported: Record<string, unknown> = { version: fileVersion };
	const table: Readonly<Record<string, Setting<unknown>>> = settingsTable;
	for (const [key, value] of Object.entries(withoutDefaults(settings)))
		if (secrets || table[key]?.secret !== true) exported[key] = value;
	if (!secrets && settings.networks.length > 0)
		exported.networks = settings.networks.map(({ ssid }) => ({ ssid }));
	return `${toJson(exported, "\t")}\n`;
}

/** The settings in a file's text, unchecked; or why there are none. */
export function parseSettingsFile(text: string): {
	readonly given: Readonly<Record<string, unknown>>;
	readonly problems: readonly SettingProblem[];
} {
	const file = parseJson(text);
	if (isJsonObject(file)) return stripVersion(file);
	const problem = "This is no settings file: it must hold one JSON object.";
	return { given: {}, problems: [{ key: "file", problem }] };
}

/** The settings in a file without its version, which may be left out; a version that is not known is a problem. */
export function stripVersion(file: Readonly<Record<string, unknown>>): {
	readonly given: Readonly<Record<string, unknown>>;
	readonly problems: readonly SettingProblem[];
} {
	const { version: given = fileVersion, ...settings } = file;
	if (given === fileVersion) return { given: settings, problems: [] };
	const problem = `These settings are of version ${JSON.stringify(given)}; this firmware knows version ${fileVersion}.`;
	return { given: settings, problems: [{ key: "version", problem }] };
}
