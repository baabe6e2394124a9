import type { KeyValue } from "../boards/ecma419";
import { type CheckedRecord, decodeCheckedRecord, encodeCheckedRecord } from "../common/checked-record";
import { isDeepEqual, isJsonObject, toJson } from "../common/json";
import type { PersistentKey } from "../common/persistent-values";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";
import type { DefaultPins } from "./pin-conflicts";
import {
	checkSettings,
	completeSettings,
	type SettingProblem,
	type Settings,
	settingsTable,
} from "./settings";

/** Two slots, written in turn: the old settings stay until the new ones are complete. */
const settingsKeys = Object.freeze(["settings_a", "settings_b"] as const satisfies readonly PersistentKey[]);
type SettingsSlot = (typeof settingsKeys)[number];

/** The saved settings, in one record: a power cut leaves the old ones or the new ones. */
export class SettingsStore {
	private readonly storage: KeyValue;

	constructor(storage: KeyValue) {
		this.storage = storage;
	}

	/**
	 * Settings that are missing or invalid have their defaults. `defaultPins`: those of the board. `checked`: the stamp of
	 * settings that need not be checked again; it is returned if nothing about them is to be reported.
	 */
	load(
		defaultPins?: DefaultPins,
		checked?: string,
	): {
		readonly settings: Settings;
		readonly problems: readonly SettingProblem[];
		readonly stamp?: string;
	} {
		const stored = settingsKeys.map((slot) => this.storage.read(slot));
		// The end of a record is its checksum.
		const stamp = stored.map((bytes) => bytes && new Uint8Array(bytes).subarray(-4).join()).join();
		const isChecked = stamp === checked;
		const { newest, damaged } = this.findNewest(stored, isChecked);
		const given = newest === undefined ? undefined : parseObject(newest.record.body);
		const unreadable = damaged || (newest !== undefined && given === undefined);
		if (isChecked)
			return given === undefined
				? this.load(defaultPins)
				: { settings: completeSettings(given), problems: [], stamp };
		const { settings, problems } = checkSettings(given ?? {}, defaultPins);
		const isAsSaved = problems.length === 0 && isDeepEqual(settings, completeSettings(given ?? {}));
		if (!unreadable) return { settings, problems, ...(isAsSaved && { stamp }) };
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

	/** `isIntact`: the checksums need not be verified. */
	private findNewest(
		stored = settingsKeys.map((slot) => this.storage.read(slot)),
		isIntact = false,
	): {
		newest: { slot: SettingsSlot; record: CheckedRecord } | undefined;
		damaged: boolean;
	} {
		let newest: { slot: SettingsSlot; record: CheckedRecord } | undefined;
		let damaged = false;
		for (const [index, slot] of settingsKeys.entries()) {
			const bytes = stored[index];
			if (bytes === undefined) continue;
			const record = decodeCheckedRecord(new Uint8Array(bytes), isIntact);
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
