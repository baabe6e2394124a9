import { toJson } from "../common/json";
import { isSecret, type SettingProblem, type Settings, withoutDefaults } from "./settings";

/** Format version; incremented when files of the previous version could be misread. */
const fileVersion = 1;

/**
 * The settings that differ from their defaults as a JSON file, in parts of one setting each, as the whole text takes too much
 * memory. Without secrets, a network has only its name, and whether it is open. A key is exported with its service address
 * even if that is the default: the importing board may have another.
 */
export function* formatSettingsFile(settings: Settings, secrets: boolean): Generator<string> {
	const exported: Record<string, unknown> = { version: fileVersion };
	const { key: apiKey, server, rootCertificate } = settings;
	const destination = secrets && apiKey !== "" ? { server, rootCertificate } : {};
	for (const [key, value] of Object.entries({ ...withoutDefaults(settings), ...destination }))
		if (secrets || !isSecret(key)) exported[key] = value;
	if (settings.networks.length > 0)
		exported.networks = settings.networks.map(({ ssid, password }) =>
			password === "" ? { ssid, open: true } : secrets ? { ssid, password } : { ssid },
		);
	let start = "{";
	for (const [key, value] of Object.entries(exported)) {
		yield start + toJson({ [key]: value }, "\t").slice(1, -2);
		start = ",";
	}
	yield "\n}\n";
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
