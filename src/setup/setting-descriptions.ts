import { type Setting, settingsTable } from "../settings/settings";
import type { SettingDescription } from "./api";

/** The settings table as a form needs it. */
export function describeSettings(): readonly SettingDescription[] {
	return Object.entries<Setting<unknown>>(settingsTable).map(
		([key, { label, help, defaultValue, unit, secret, rule }]) => ({
			key,
			label,
			help,
			defaultValue,
			...(rule.inputType ?? { kind: "object" }),
			...(unit === undefined ? {} : { unit }),
			...(secret === undefined ? {} : { secret }),
		}),
	);
}
