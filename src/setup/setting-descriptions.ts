import { type Setting, type SettingKey, settingsTable } from "../settings/settings";
import type { SettingDescription } from "./api";

/** The settings table as a form needs it. */
export function describeSettings(): readonly SettingDescription[] {
	return Object.entries<Setting<unknown>>(settingsTable).map(
		([key, { defaultValue, unit, secret, rule }]) => ({
			key: key as SettingKey,
			defaultValue,
			...(rule.inputType ?? { kind: "object" }),
			...(unit === undefined ? {} : { unit }),
			...(secret === undefined ? {} : { secret }),
		}),
	);
}
