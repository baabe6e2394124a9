import { isJsonObject } from "../common/json";
import type { SavedNetwork } from "../settings/saved-networks";
import { type Setting, type Settings, settingsTable } from "../settings/settings";

/**
 * What a person has filled in together with what the board has: a setting that is left out stays, an empty secret
 * stays, and a network without a password keeps the one that is saved for its name. Unchecked.
 */
export function mergeSubmitted(
	given: Readonly<Record<string, unknown>>,
	kept: Settings,
): Readonly<Record<string, unknown>> {
	// As entries, not by assignment: a stranger may have called one `__proto__`.
	const merged = new Map<string, unknown>(Object.entries(kept));
	for (const [key, value] of Object.entries(given)) {
		if (key === "networks") merged.set(key, mergeNetworks(value, kept.networks));
		else if (!isSecret(key) || (value !== "" && value !== null && value !== undefined))
			merged.set(key, value);
	}
	return Object.fromEntries(merged);
}

function mergeNetworks(given: unknown, kept: readonly SavedNetwork[]): unknown {
	if (!Array.isArray(given)) return given;
	return given.map((entry: unknown) => {
		if (!isJsonObject(entry) || entry.password !== undefined) return entry;
		const saved = kept.find(({ ssid }) => ssid === entry.ssid);
		return { ssid: entry.ssid, password: saved?.password ?? "" };
	});
}

/** The settings as they may be shown: secrets are empty, of a network only its name and whether it has a password. */
export function redactedSettings(settings: Settings): Readonly<Record<string, unknown>> {
	const shown: Record<string, unknown> = {};
	for (const [key, value] of Object.entries(settings)) shown[key] = isSecret(key) ? "" : value;
	shown.networks = settings.networks.map(({ ssid, password }) => ({ ssid, saved: password !== "" }));
	return shown;
}

/** Keys of the secrets that are set. */
export function secretsSet(settings: Settings): readonly string[] {
	return Object.entries(settings)
		.filter(([key, value]) => isSecret(key) && value !== "" && !(Array.isArray(value) && value.length === 0))
		.map(([key]) => key);
}

function isSecret(key: string): boolean {
	const table: Readonly<Record<string, Setting<unknown>>> = settingsTable;
	return Object.hasOwn(table, key) && table[key]?.secret === true;
}
