import type { KeyValue } from "../boards/ecma419";
import { type CheckedRecord, decodeCheckedRecord, encodeCheckedRecord } from "../common/checked-record";
import { isJsonObject, toJson } from "../common/json";
import type { PersistentKey } from "../common/persistent-values";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";
import type { DefaultPins } from "./pin-conflicts";
import { checkSettings, type SettingProblem, type Settings, settingsTable } from "./settings";

/** Two slots, written in turn: the old settings stay until the new ones are complete. */
const settingsKeys = Object.freeze(["settings_a", "settings_b"] as const satisfies readonly PersistentKey[]);
type SettingsSlot = (typeof settingsKeys)[number];

/** The saved settings, in one record: a power cut leaves the old ones or the new ones. */
export class SettingsStore {
	private readonly storage: KeyValue;

	constructor(storage: KeyValue) {
		this.storage = storage;
	}

	/** Settings that are missing or invalid have their defaults. `defaultPins`: those of the board. */
	load(defaultPins?: DefaultPins): {
		readonly settings: Settings;
		readonly problems: readonly SettingProblem[];
	} {
		const { newest, damaged } = this.findNewest();
		const given = newest === undefined ? undefined : parseObject(newest.record.body);
		const unreadable = damaged || (newest !== undefined && given === undefined);
		const { settings, problems } = checkSettings(given ?? {}, defaultPins);
		if (!unreadable) return { settings, problems };
		const what = given === undefined ? "The saved settings" : "The settings saved last";
		const remedy = given === undefined ? "set the board up again" : "the previous ones are used";
		return {
			settings,
			problems: [{ key: "settings", problem: `${what} are damaged; ${remedy}.` }, ...problems],
		};
	}

	/** Whether no settings, not even damaged ones, are stored. */
	get isEmpty(): boolean {
		return settingsKeys.every((slot) => this.storage.read(slot) === undefined);
	}

	/**
	 * Saves the settings given, see {@link withoutDefaults}. Those that this firmware does not know stay as they are: a later
	 * one has saved them, and runs again after the next update. Throws what the storage throws.
	 */
	save(given: Readonly<Partial<Settings>>): void {
		const { newest } = this.findNewest();
		const saved = newest === undefined ? undefined : parseObject(newest.record.body);
		const unknown = Object.entries(saved ?? {}).filter(([key]) => !Object.hasOwn(settingsTable, key));
		const body = encodeUtf8(toJson({ ...Object.fromEntries(unknown), ...given }));
		const slot = newest?.slot === settingsKeys[0] ? settingsKeys[1] : settingsKeys[0];
		const counter = (newest?.record.counter ?? 0) + 1;
		this.storage.write(slot, encodeCheckedRecord({ counter, body }));
	}

	private findNewest(): {
		newest: { slot: SettingsSlot; record: CheckedRecord } | undefined;
		damaged: boolean;
	} {
		let newest: { slot: SettingsSlot; record: CheckedRecord } | undefined;
		let damaged = false;
		for (const slot of settingsKeys) {
			const bytes = this.storage.read(slot);
			if (bytes === undefined) continue;
			const record = decodeCheckedRecord(new Uint8Array(bytes));
			if (record === undefined) damaged = true;
			else if (newest === undefined || record.counter > newest.record.counter) newest = { slot, record };
		}
		return { newest, damaged };
	}
}

/** Without the limits of `parseJson`: the board wrote it. */
function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
	try {
		const value: unknown = JSON.parse(decodeUtf8(bytes));
		return isJsonObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}
