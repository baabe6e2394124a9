import { isDeepEqual, toJson } from "../common/json";
import { utf8Bytes } from "../common/utf8";
import type { DefaultPins } from "./pin-conflicts";
import { withSavedPasswords } from "./saved-networks";
import { parseServiceAddress } from "./service-address";
import { checkSettings, isGiven, type SettingProblem, type Settings, withoutDefaults } from "./settings";

/**
 * Maximum size of all settings together, as JSON: that of a request, but several requests add up. Two copies are stored, and
 * both must fit in memory.
 */
const maxSettingsBytes = 8_192;

/**
 * Checks settings from a user or a file, merged over the board's `own`. A saved key is kept only for the service it was entered
 * for: after a change of the address or the root certificate it must be entered again. Removing the root certificate trusts
 * fewer services, so it needs no key.
 */
export function checkEnteredSettings(
	given: Readonly<Record<string, unknown>>,
	own: Settings,
	defaultPins?: DefaultPins,
	now?: number,
): ReturnType<typeof checkSettings> {
	let merged: Readonly<Record<string, unknown>> = own;
	for (const key of Object.keys(given)) {
		if (!isGiven(given, key)) continue;
		const value = key === "networks" ? withSavedPasswords(given[key], own.networks) : given[key];
		// What is as before is kept in memory once. Not by assignment, which would interpret a given key `__proto__`.
		if (!Object.hasOwn(own, key) || !isDeepEqual(value, merged[key])) merged = { ...merged, [key]: value };
	}
	const checked = withinMaxSize(checkSettings(merged, defaultPins, now), own);
	if (own.key === "" || isGiven(given, "key")) return checked;
	const changed = changedDestination(checked.settings, own);
	if (changed === undefined) return checked;
	const problem = `The ${changed} has changed: enter the key again.`;
	return {
		...checked,
		settings: { ...checked.settings, key: "" },
		problems: [...checked.problems, { key: "key", problem }],
	};
}

/** Larger settings from an earlier firmware may change as long as they do not grow. */
function withinMaxSize(
	checked: ReturnType<typeof checkSettings>,
	own: Settings,
): ReturnType<typeof checkSettings> {
	const { total, key, bytes } = sizeOf(checked.settings);
	if (total <= maxSettingsBytes || total <= sizeOf(own).total) return checked;
	const problem = `All settings together take ${total} bytes, these ${bytes} of them; a board has room for ${maxSettingsBytes}.`;
	return { ...checked, problems: [...checked.problems, { key, problem } satisfies SettingProblem] };
}

/** JSON bytes of all settings that differ from their default, and of the longest one. */
function sizeOf(settings: Settings): { total: number; key: string; bytes: number } {
	const size = { total: 0, key: "", bytes: 0 };
	for (const [key, value] of Object.entries(withoutDefaults(settings))) {
		const bytes = key.length + utf8Bytes(toJson(value));
		size.total += bytes;
		if (bytes > size.bytes) Object.assign(size, { key, bytes });
	}
	return size;
}

type ServiceSettings = Pick<Settings, "server" | "rootCertificate">;

function changedDestination(to: ServiceSettings, from: ServiceSettings): string | undefined {
	if (!["", from.rootCertificate].includes(to.rootCertificate)) return "root certificate";
	return isSameService(to.server, from.server) ? undefined : "service address";
}

/** An invalid address counts as none. */
function isSameService(one: string, other: string): boolean {
	const a = parseServiceAddress(one);
	const b = parseServiceAddress(other);
	return "host" in a && "host" in b && a.host === b.host && a.port === b.port;
}
