import { checkEnteredSettings } from "../src/settings/entered-settings";
import type { DefaultPins } from "../src/settings/pin-conflicts";
import { checkSettings, type SettingProblem, type Settings } from "../src/settings/settings";
import { parseSettingsFile } from "../src/settings/settings-file";

/** Checks the text of a settings file for a board that has no settings, as its setup page does with an import. */
export function checkSettingsFile(
	text: string,
	defaultPins?: DefaultPins,
): {
	readonly given: Readonly<Record<string, unknown>>;
	readonly settings: Settings;
	readonly problems: readonly SettingProblem[];
} {
	const { given, problems: ofFile } = parseSettingsFile(text);
	const { settings, problems } = checkEnteredSettings(given, checkSettings({}).settings, defaultPins);
	return { given, settings, problems: [...ofFile, ...problems] };
}

const serviceSettings = ["server", "bucketId", "dataSourceId", "rootCertificate"] as const;

/** One sentence about the settings of a file that are for a service, if it has no key for that: they are not used then. */
export function describeUnusedService(file: string, settings: Partial<Settings>): string | undefined {
	if (settings.key !== undefined) return undefined;
	const unused = serviceSettings.filter((name) => settings[name] !== undefined);
	if (unused.length === 0) return undefined;
	return `${unused.join(", ")} of ${file}: not used, because without a key in it the board posts to the embedded Dakkio`;
}
