import { isSecret, type Setting, type SettingKey, type Settings, settingsTable } from "../settings/settings";
import type { SettingDescription } from "./api";

/** The settings table as the page's form needs it. */
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

/**
 * The settings as the page may show them: secrets empty, networks as `{ ssid, saved }`, with `unsaved` if the password is not
 * that in `saved`.
 */
export function redactedSettings(settings: Settings, saved = settings): Readonly<Record<string, unknown>> {
	const shown: Record<string, unknown> = {};
	for (const [key, value] of Object.entries(settings)) shown[key] = isSecret(key) ? "" : value;
	shown.networks = settings.networks.map(({ ssid, password }) => {
		const isSaved = saved.networks.some((other) => other.ssid === ssid && other.password === password);
		return { ssid, saved: password !== "", ...(isSaved ? {} : { unsaved: true }) };
	});
	return shown;
}

/** Keys of the secrets that have a value. */
export function secretsSet(settings: Settings): readonly string[] {
	return Object.entries(settings)
		.filter(([key, value]) => isSecret(key) && value !== "" && !(Array.isArray(value) && value.length === 0))
		.map(([key]) => key);
}
