import { isJsonObject, parseJson, toJson } from "../common/json";
import { isSecret, type SettingProblem, type Settings, withoutDefaults } from "./settings";

/** Format version; incremented when files of the previous version could be misread. */
const fileVersion = 1;

/**
 * The settings that differ from their defaults as a JSON file. Without secrets, a network has only its name. A key is exported
 * with its service address even if that is the default: the importing board may have another.
 */
export function formatSettingsFile(settings: Settings, secrets: boolean): string {
	const exported: Record<string, unknown> = { version: fileVersion };
	const { key: apiKey, server, rootCertificate } = settings;
	const destination = secrets && apiKey !== "" ? { server, rootCertificate } : {};
	for (const [key, value] of Object.entries({ ...withoutDefaults(settings), ...destination }))
		if (secrets || !isSecret(key)) exported[key] = value;
	if (!secrets && settings.networks.length > 0)
		exported.networks = settings.networks.map(({ ssid }) => ({ ssid }));
	return `${toJson(exported, "\t")}\n`;
}

/** The settings in a file, unchecked; or the problem with it. Ignores a byte order mark, and zeros at the end. */
export function parseSettingsFile(text: string): {
	readonly given: Readonly<Record<string, unknown>>;
	readonly problems: readonly SettingProblem[];
} {
	const file = parseJson(withoutPadding(text));
	if (isJsonObject(file)) return stripVersion(file);
	const problem = "This is not a settings file: it must contain one JSON object.";
	return { given: {}, problems: [{ key: "file", problem }] };
}

/** Removes the version, which is optional; an unknown version is a problem. */
export function stripVersion(file: Readonly<Record<string, unknown>>): {
	readonly given: Readonly<Record<string, unknown>>;
	readonly problems: readonly SettingProblem[];
} {
	const { version: given = fileVersion, ...settings } = file;
	if (given === fileVersion) return { given: settings, problems: [] };
	const problem = `This settings file has version ${JSON.stringify(given)}; this firmware supports version ${fileVersion}.`;
	return { given: settings, problems: [{ key: "version", problem }] };
}

/** Removes a leading byte order mark and trailing zeros. */
function withoutPadding(text: string): string {
	const start = text.startsWith("\ufeff") ? 1 : 0;
	const zeros = text.indexOf("\0");
	const isPadded = zeros >= 0 && text.slice(zeros).replaceAll("\0", "") === "";
	return text.slice(start, isPadded ? zeros : text.length);
}
