import type { Settings } from "../../src/settings/settings";
import { formatSettingsFile } from "../../src/settings/settings-file";

/** The whole settings file. */
export function settingsFileText(settings: Settings, secrets: boolean): string {
	return [...formatSettingsFile(settings, secrets)].join("");
}
