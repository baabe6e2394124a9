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
