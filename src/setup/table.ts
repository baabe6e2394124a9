import { type Setting, settingsTable } from "../settings/settings";
import type { SettingDescription } from "./api";

/** The settings table as a form needs it. */
export function describeTable(): readonly SettingDescription[] {
	return Object.entries<Setting<unknown>>(settingsTable).map(
		([key, { label, help, preset, unit, secret, rule }]) => ({
			key,
			label,
			help,
			preset,
			...(rule.form ?? { kind: "object" }),
			...(unit === undefined ? {} : { unit }),
			...(secret === undefined ? {} : { secret }),
		}),
	);
}
