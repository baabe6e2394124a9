import type { KeyValue } from "../boards/ecma419";
import { type CheckedRecord, decodeCheckedRecord, encodeCheckedRecord } from "../common/checked-record";
import { toJson } from "../common/json";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";
import type { DefaultPins } from "./pin-conflicts";
import { checkSettings, type SettingProblem, type Settings } from "./settings";

/** Two places, written in turn: the old settings stay until the new ones are whole. */
export const settingsKeys = Object.freeze(["settings_a", "settings_b"] as const);
type SettingsSlot = (typeof settingsKeys)[number];

/** The settings as the board keeps them: all in one record, so that a power cut leaves the old ones or the new ones. */
export class SettingsStore {
	private readonly storage: KeyValue;

	constructor(storage: KeyValue) {
		this.storage = storage;
	}

	/**
	 * The kept settings; what is missing, unreadable or no longer valid has its preset, and is told. `usual`: the board's
	 * pins.
	 */
	load(usual?: DefaultPins): { readonly settings: Settings; readonly problems: readonly SettingProblem[] } {
		const { newest, damaged } = this.findNewest();
		const given = newest === undefined ? undefined : parseObject(newest.record.body);
		const unreadable = damaged || (newest !== undefined && given === undefined);
		const { settings, problems } = checkSettings(given ?? {}, usual);
		if (!unreadable) return { settings, problems };
		const what = given === undefined ? "The kept settings" : "The settings that were kept last";
		const remedy = given === undefined ? "set the board up again" : "those from before are used";
		return {
			settings,
			problems: [{ key: "settings", problem: `${what} are damaged; ${remedy}.` }, ...problems],
		};
	}

	/** Whether any were ever kept, damaged or not. */
	get isEmpty(): boolean {
		return settingsKeys.every((place) => this.storage.read(place) === undefined);
	}

	/** Keeps the settings that were given; presets are not written, so that a later version's presets hold. */
	save(given: Readonly<Partial<Settings>>): void {
		const body = encodeUtf8(toJson(given));
		const { newest } = this.findNewest();
		const place = newest?.place === settingsKeys[0] ? settingsKeys[1] : settingsKeys[0];
		const counter = (newest?.record.counter ?? 0) + 1;
		this.storage.write(place, encodeCheckedRecord({ counter, body }));
	}

	private findNewest(): {
		newest: { place: SettingsSlot; record: CheckedRecord } | undefined;
		damaged: boolean;
	} {
		let newest: { place: SettingsSlot; record: CheckedRecord } | undefined;
		let damaged = false;
		for (const place of settingsKeys) {
			const bytes = this.storage.read(place);
			if (bytes === undefined) continue;
			const record = decodeCheckedRecord(new Uint8Array(bytes));
			if (record === undefined) damaged = true;
			else if (newest === undefined || record.counter > newest.record.counter) newest = { place, record };
		}
		return { newest, damaged };
	}
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(decodeUtf8(bytes, 0, bytes.length));
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}
