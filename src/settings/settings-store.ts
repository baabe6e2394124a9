import type { KeyValue } from "../boards/ecma419";
import { decodeCheckedRecord, encodeCheckedRecord } from "../common/checked-record";
import { isDeepEqual, isJsonObject, toJson } from "../common/json";
import type { PersistentKey } from "../common/persistent-values";
import { decodeOwnUtf8, encodeUtf8 } from "../common/utf8";
import type { DefaultPins } from "./pin-conflicts";
import {
	checkSettings,
	completeSettings,
	type SettingProblem,
	type Settings,
	settingsTable,
} from "./settings";

/** Two slots, written alternately: the old settings stay until the new ones are complete. */
const settingsKeys = Object.freeze(["settings_a", "settings_b"] as const satisfies readonly PersistentKey[]);
type SettingsSlot = (typeof settingsKeys)[number];

/** The saved settings. Saving is atomic: a power cut leaves either the old or the new ones. */
export class SettingsStore {
	private readonly storage: KeyValue;

	constructor(storage: KeyValue) {
		this.storage = storage;
	}

	/**
	 * Missing or invalid settings get their defaults. `defaultPins`: those of the board. `checked`: stamp of settings that need
	 * not be checked again; returned if there is no problem to report.
	 */
	load(
		defaultPins?: DefaultPins,
		checked?: string,
	): {
		readonly settings: Settings;
		readonly problems: readonly SettingProblem[];
		readonly stamp?: string;
	} {
		const isChecked = checked !== undefined;
		const { newest, damaged, stamp } = this.findNewest(isChecked);
		if (isChecked && stamp !== checked) return this.load(defaultPins);
		const given = newest === undefined ? undefined : this.read(newest.slot);
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
	 * Saves the settings given, see {@link withoutDefaults}. Unknown settings, saved by a later firmware, stay for when that runs
	 * again. Throws if they are not stored, and what the storage throws.
	 */
	save(given: Readonly<Partial<Settings>>): void {
		const { newest } = this.findNewest();
		const unknown = newest === undefined ? {} : this.readUnknown(newest.slot);
		const slot = newest?.slot === settingsKeys[0] ? settingsKeys[1] : settingsKeys[0];
		const counter = (newest?.counter ?? 0) + 1;
		this.storage.write(
			slot,
			encodeCheckedRecord({ counter, body: encodeUtf8(toJson({ ...unknown, ...given })) }),
		);
		// Worn flash fails silently. The checksum shows it without a copy to compare.
		if (this.describe(slot, false)?.counter !== counter)
			throw new Error("the flash does not keep the settings");
	}

	private readUnknown(slot: SettingsSlot): Readonly<Record<string, unknown>> {
		const saved = this.read(slot) ?? {};
		// Not by assignment, which would interpret a key `__proto__`.
		let unknown: Readonly<Record<string, unknown>> = {};
		for (const key of Object.keys(saved))
			if (!Object.hasOwn(settingsTable, key)) unknown = { ...unknown, [key]: saved[key] };
		return unknown;
	}

	/** The settings in a slot that has been found intact. */
	private read(slot: SettingsSlot): Readonly<Record<string, unknown>> | undefined {
		try {
			// Without the limits of `parseJson`: the board wrote it.
			const value: unknown = JSON.parse(this.readText(slot));
			return isJsonObject(value) ? value : undefined;
		} catch {
			return undefined;
		}
	}

	private readText(slot: SettingsSlot): string {
		const record = decodeCheckedRecord(new Uint8Array(this.storage.read(slot) ?? new ArrayBuffer(0)), true);
		return record === undefined ? "" : decodeOwnUtf8(record.body);
	}

	/**
	 * Reads one record at a time, and again for its text: both records and a text together may exceed a chip's memory.
	 * `isIntact`: the checksums need not be verified. `stamp`: changes with each save.
	 */
	private findNewest(isIntact = false): {
		readonly newest: StoredSlot | undefined;
		readonly damaged: boolean;
		readonly stamp: string;
	} {
		let newest: StoredSlot | undefined;
		let damaged = false;
		const stamps: string[] = [];
		for (const slot of settingsKeys) {
			const stored = this.describe(slot, isIntact);
			stamps.push(stored?.stamp ?? "");
			if (stored === undefined) continue;
			const { counter } = stored;
			if (counter === undefined) damaged = true;
			else if (newest === undefined || counter > newest.counter) newest = { slot, counter };
		}
		return { newest, damaged, stamp: stamps.join() };
	}

	/** No counter: the record is damaged. */
	private describe(slot: SettingsSlot, isIntact: boolean): { counter?: number; stamp: string } | undefined {
		const stored = this.storage.read(slot);
		if (stored === undefined) return undefined;
		const bytes = new Uint8Array(stored);
		const record = decodeCheckedRecord(bytes, isIntact);
		// The end of a record is its checksum.
		const stamp = bytes.subarray(-4).join();
		return record === undefined ? { stamp } : { counter: record.counter, stamp };
	}
}

interface StoredSlot {
	readonly slot: SettingsSlot;
	readonly counter: number;
}
