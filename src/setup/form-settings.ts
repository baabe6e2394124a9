import { isJsonObject } from "../common/json";
import type { SavedNetwork } from "../settings/saved-networks";
import { type Setting, type SettingKey, type Settings, settingsTable } from "../settings/settings";
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
 * The submitted settings over the board's own. An absent setting and an empty secret keep the board's value, and a
 * network without a password the one saved for its name. The result is not checked.
 */
export function mergeSubmitted(
	submitted: Readonly<Record<string, unknown>>,
	own: Settings,
): Readonly<Record<string, unknown>> {
	// A map, because assignment to an object would interpret a submitted key `__proto__`.
	const merged = new Map<string, unknown>(Object.entries(own));
	for (const [key, value] of Object.entries(submitted)) {
		if (key === "networks") merged.set(key, mergeNetworks(value, own.networks));
		else if (!isSecret(key) || (value !== "" && value !== null && value !== undefined))
			merged.set(key, value);
	}
	return Object.fromEntries(merged);
}

function mergeNetworks(submitted: unknown, own: readonly SavedNetwork[]): unknown {
	if (!Array.isArray(submitted)) return submitted;
	return submitted.map((entry: unknown) => {
		if (!isJsonObject(entry) || entry.password !== undefined) return entry;
		const saved = own.find(({ ssid }) => ssid === entry.ssid);
		return { ssid: entry.ssid, password: saved?.password ?? "" };
	});
}

/** The settings as the page may show them: secrets empty, networks as `{ ssid, saved }`. */
export function redactedSettings(settings: Settings): Readonly<Record<string, unknown>> {
	const shown: Record<string, unknown> = {};
	for (const [key, value] of Object.entries(settings)) shown[key] = isSecret(key) ? "" : value;
	shown.networks = settings.networks.map(({ ssid, password }) => ({ ssid, saved: password !== "" }));
	return shown;
}

/** Keys of the secrets that have a value. */
export function secretsSet(settings: Settings): readonly string[] {
	return Object.entries(settings)
		.filter(([key, value]) => isSecret(key) && value !== "" && !(Array.isArray(value) && value.length === 0))
		.map(([key]) => key);
}

function isSecret(key: string): boolean {
	const table: Readonly<Record<string, Setting<unknown>>> = settingsTable;
	return Object.hasOwn(table, key) && table[key]?.secret === true;
}
