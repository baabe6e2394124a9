import type { KeyValue } from "../../boards/ecma419";
import { isJsonObject } from "../../common/json";
import { readJsonRecord, writeJsonRecord } from "../../common/json-record";
import type { SensorSettingsByName } from "../../settings/sensor-settings";
import type { Recalibration } from "../drivers/driver";

/**
 * Which forced recalibrations of the settings are done. Persisted, because each is an action, not a state. One that is
 * no longer in the settings is forgotten, so that it can be asked for again.
 */
export class Recalibrations {
	private readonly storage: Pick<KeyValue, "read" | "write">;
	private done: Readonly<Record<string, unknown>>;

	constructor(storage: Pick<KeyValue, "read" | "write">, settings: SensorSettingsByName) {
		this.storage = storage;
		const record = readJsonRecord(storage, "recalibrated");
		const stored = typeof record === "object" && isJsonObject(record.value) ? record.value : {};
		const entries = Object.entries(stored);
		const kept = entries.filter(([sensor, ppm]) => settings[sensor]?.recalibrate === ppm);
		this.done = Object.fromEntries(kept);
		if (kept.length !== entries.length) this.save();
	}

	/** `ppm`: from the settings. */
	of(sensor: string, ppm: number, log: (line: string) => void): Recalibration {
		return {
			ppm,
			isDone: () => this.done[sensor] === ppm,
			onDone: () => {
				this.done = { ...this.done, [sensor]: ppm };
				this.save();
				log(`sensor: ${sensor} is calibrated to ${ppm} ppm`);
			},
		};
	}

	/** If the storage fails, it is repeated after the next start. */
	private save(): void {
		try {
			writeJsonRecord(this.storage, "recalibrated", this.done);
		} catch {
			// The chip keeps its calibration anyway.
		}
	}
}
