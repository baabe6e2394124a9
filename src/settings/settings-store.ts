import type { KeyValue } from "../boards/ecma419";
import { byteLength, decode, encodeInto } from "../text/utf8";
import { checkSettings, type SettingProblem, type Settings } from "./settings";

const key = "settings";

/** The settings as the board keeps them: one value, so that a power cut leaves the old ones or the new ones. */
export class SettingsStore {
	readonly #storage: KeyValue;

	constructor(storage: KeyValue) {
		this.#storage = storage;
	}

	/** The kept settings; what is missing, unreadable or no longer valid has its preset, and is told. */
	load(): { readonly settings: Settings; readonly problems: readonly SettingProblem[] } {
		const bytes = this.#storage.read(key);
		if (bytes === undefined) return checkSettings({});
		const given = parse(new Uint8Array(bytes));
		if (given !== undefined) return checkSettings(given);
		const { settings } = checkSettings({});
		return {
			settings,
			problems: [{ key, problem: "The kept settings could not be read; set the board up again." }],
		};
	}

	/** Keeps the settings that were given; presets are not written, so that a later version's presets hold. */
	save(given: Readonly<Partial<Settings>>): void {
		const text = JSON.stringify(given);
		const bytes = new Uint8Array(byteLength(text));
		encodeInto(text, bytes, 0);
		this.#storage.write(key, bytes);
	}
}

function parse(bytes: Uint8Array): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(decode(bytes, 0, bytes.length));
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}
