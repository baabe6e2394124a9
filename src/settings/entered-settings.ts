import { toJson } from "../common/json";
import { utf8Bytes } from "../common/utf8";
import type { DefaultPins } from "./pin-conflicts";
import { withSavedPasswords } from "./saved-networks";
import { parseServiceAddress } from "./service-address";
import { checkSettings, isGiven, type SettingProblem, type Settings, withoutDefaults } from "./settings";

/**
 * Of all settings together, as JSON: as in a request, but they add up over several. A board saves them
 * twice, and has memory for them beside those saved before.
 */
const maxSettingsBytes = 8_192;

/**
 * Checks settings as a user or a file gives them, over the board's `own`: what is not given stays. A saved key stays only
 * for the service that it was entered for: with another address, or a root certificate that it was not entered with, it
 * must be entered again. Removing the root certificate trusts fewer services, and so asks for nothing.
 */
export function checkEnteredSettings(
	given: Readonly<Record<string, unknown>>,
	own: Settings,
	defaultPins?: DefaultPins,
	now?: number,
): ReturnType<typeof checkSettings> {
	// A map, because assignment to an object would interpret a given key `__proto__`.
	const merged = new Map<string, unknown>(Object.entries(own));
	for (const [key, value] of Object.entries(given))
		if (isGiven(given, key))
			merged.set(key, key === "networks" ? withSavedPasswords(value, own.networks) : value);
	const checked = withinMaxSize(checkSettings(Object.fromEntries(merged), defaultPins, now));
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

function withinMaxSize(checked: ReturnType<typeof checkSettings>): ReturnType<typeof checkSettings> {
	let total = 0;
	let longest = { key: "", bytes: 0 };
	for (const [key, value] of Object.entries(withoutDefaults(checked.settings))) {
		const bytes = key.length + utf8Bytes(toJson(value));
		total += bytes;
		if (bytes > longest.bytes) longest = { key, bytes };
	}
	if (total <= maxSettingsBytes) return checked;
	const { key, bytes } = longest;
	const problem = `All settings together take ${total} bytes, these ${bytes} of them; a board has room for ${maxSettingsBytes}.`;
	return { ...checked, problems: [...checked.problems, { key, problem } satisfies SettingProblem] };
}

type ServiceSettings = Pick<Settings, "server" | "rootCertificate">;

function changedDestination(to: ServiceSettings, from: ServiceSettings): string | undefined {
	if (!["", from.rootCertificate].includes(to.rootCertificate)) return "root certificate";
	return isSameService(to.server, from.server) ? undefined : "service address";
}

/** An address that cannot be used is the same as none. */
function isSameService(one: string, other: string): boolean {
	const a = parseServiceAddress(one);
	const b = parseServiceAddress(other);
	return "host" in a && "host" in b && a.host === b.host && a.port === b.port;
}
