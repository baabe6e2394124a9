import type { Time } from "../../boards/board";
import type { KeyValue } from "../../boards/ecma419";
import type { Field, Value } from "../../reading/reading";
import { maxFields } from "../../reading/reading-decoder";
import type { Settings } from "../../settings/settings";
import type { Candidate } from "../candidate";
import { derivedFields, deriveValues } from "./derived-values";
import { fieldSettings, planFieldLayout, type ReadingField, sensorSettings } from "./field-layout";
import { FieldNameStore } from "./field-name-store";
import { assignFieldNames, type FieldNames, maxNamedSensors, removeFieldNames } from "./field-names";
import { SensorSlot } from "./sensor-slot";

export type SensorRegistrySettings = Pick<Settings, "sensors" | "derived" | "altitude">;

export interface SensorRegistryOptions {
	readonly time: Time;
	readonly storage: Pick<KeyValue, "read" | "write">;
	readonly settings: SensorRegistrySettings;
	/** Minimum and maximum are stored, too. */
	readonly statistics: boolean;
	/** Names that stand for inputs. */
	readonly reservedNames: readonly string[];
	log(line: string): void;
}

/** A sensor as a person wants to see it. */
export interface SensorState {
	/** `BME280 at 0x76`. */
	readonly name: string;
	/** A sentence when it is not well. */
	readonly problem?: string;
	/** It was there before, and is not now. */
	readonly missing?: true;
	readonly values: readonly {
		readonly name: string;
		readonly unit: string;
		readonly value?: number | boolean | string;
	}[];
}

/** The sensors that are measured, the names of their fields, and those that were there before. */
export class SensorRegistry {
	private readonly options: SensorRegistryOptions;
	private readonly nameStore: FieldNameStore;
	private fieldNames: FieldNames;
	private _slots: readonly SensorSlot[] = [];
	private readingFields: readonly ReadingField[] = [];
	private _fields: readonly Field[] = [];
	private loggedProblems = "";

	constructor(options: SensorRegistryOptions) {
		this.options = options;
		this.nameStore = new FieldNameStore(options.storage);
		const book = this.nameStore.load();
		if (book === undefined)
			options.log("sensor: the kept names of the fields are damaged; they are given anew.");
		this.fieldNames = book ?? [];
	}

	get slots(): readonly SensorSlot[] {
		return this._slots;
	}

	/** The fields of a reading; the same object until they change. */
	get fields(): readonly Field[] {
		return this._fields;
	}

	/** All sensors that were ever found. */
	get known(): ReadonlySet<string> {
		return new Set(this.fieldNames.map(({ sensor }) => sensor));
	}

	/** Those that were found once, and are not there. */
	get missing(): readonly string[] {
		return this.fieldNames
			.map(({ sensor }) => sensor)
			.filter((sensor) => !this.isPresent(sensor) && !this.isDisabled(sensor));
	}

	/** Takes up what is new among what was found. Whether there was any. */
	register(candidates: readonly Candidate[]): boolean {
		const found = candidates.filter(({ sensor }) => !this.isPresent(sensor)).sort(bySortKey);
		this.assignNames(found);
		const admitted = found.filter(({ sensor }) => !this.isDisabled(sensor));
		if (admitted.length === 0) return false;
		// A sensor that has failed may have given its place to one of another kind.
		const places = new Set(admitted.map(({ place }) => place));
		const left = this._slots.filter(({ candidate }) => !places.has(candidate.place));
		for (const slot of this._slots) if (!left.includes(slot)) slot.close();
		this._slots = [...left, ...admitted.map((candidate) => this.openSlot(candidate))].sort((one, other) =>
			bySortKey(one.candidate, other.candidate),
		);
		this.updateLayout();
		for (const { sensor } of admitted) this.logSensor(sensor);
		return true;
	}

	/** The names of sensors that are not there are free again. Returns those sensors. */
	forgetMissing(): readonly string[] {
		const { missing } = this;
		if (missing.length === 0) return missing;
		this.saveNames(removeFieldNames(this.fieldNames, (sensor) => missing.includes(sensor)));
		this.updateLayout();
		return missing;
	}

	/** What was measured since this was asked the last time, in the order of the fields. */
	takeValues(): readonly Value[] {
		const values = this.readingFields.map(({ sourceIndex, fieldIndex, statistic, field }) => {
			const aggregate = this._slots[sourceIndex]?.aggregates[fieldIndex];
			return roundTo(aggregate?.[statistic], field.decimals);
		});
		for (const { aggregates } of this._slots) for (const aggregate of aggregates) aggregate.clear();
		return values;
	}

	/** All that are there, then those that are missing. */
	get states(): readonly SensorState[] {
		const there = this._slots.map((slot, source) => ({
			name: slot.sensor,
			...(slot.problem === undefined ? {} : { problem: slot.problem }),
			values: this.readingFields
				.filter((column) => column.sourceIndex === source && column.statistic === "value")
				.map(({ fieldIndex, field: { name, unit, decimals } }) => {
					const value = roundTo(slot.latestValues[fieldIndex], decimals);
					return { name, unit, ...(value === undefined ? {} : { value }) };
				}),
		}));
		const missing = this.missing.map((name) => ({
			name,
			problem: `${name}: it was there before, and is not now.`,
			missing: true as const,
			values: [],
		}));
		return [...there, ...missing];
	}

	close(): void {
		for (const slot of this._slots) slot.close();
		this._slots = [];
		this.readingFields = [];
		this._fields = [];
	}

	private isPresent(sensor: string): boolean {
		return this._slots.some((slot) => slot.sensor === sensor);
	}

	private isDisabled(sensor: string): boolean {
		return sensorSettings(this.options.settings.sensors, sensor).off === true;
	}

	private assignNames(found: readonly Candidate[]): void {
		const { settings, reservedNames } = this.options;
		let book = this.fieldNames;
		for (const { sensor, fields, hasUserNames } of found) {
			if (hasUserNames === true) continue;
			const names = [...fields, ...derivedFields(fields, settings.derived)].map(({ name }) => name);
			book = assignFieldNames(book, sensor, names, reservedNames);
		}
		// The oldest of those that are gone make room.
		const gone = book.find(({ sensor }) => this.missing.includes(sensor));
		if (book.length > maxNamedSensors && gone !== undefined)
			book = removeFieldNames(book, (sensor) => sensor === gone.sensor);
		if (book !== this.fieldNames) this.saveNames(book);
	}

	private saveNames(book: FieldNames): void {
		this.fieldNames = book;
		try {
			this.nameStore.save(book);
		} catch (error) {
			const reason = error instanceof Error ? ` (${error.message})` : "";
			this.options.log(`sensor: the names of the fields could not be kept${reason}.`);
		}
	}

	private openSlot(candidate: Candidate): SensorSlot {
		const { time, settings } = this.options;
		const { derived, altitude, sensors } = settings;
		const { sensor, fields } = candidate;
		const more = derivedFields(fields, derived).map((field) => ({ ...field, aggregation: "mean" as const }));
		const calibrations = fields.map(({ name }) => fieldSettings(sensors, sensor, name));
		return new SensorSlot({
			candidate,
			fields: [...fields, ...more],
			time,
			processValues: (read) => {
				const values = calibrations.map(({ scale = 1, offset = 0 }, index) => {
					const value = read[index];
					return typeof value === "number" ? value * scale + offset : value;
				});
				return [...values, ...deriveValues(fields, values, derived, altitude)];
			},
			onProblem: (problem) => this.options.log(`sensor: ${problem ?? `${sensor} is back`}`),
		});
	}

	private updateLayout(): void {
		const { settings, statistics, log } = this.options;
		const { readingFields, problems } = planFieldLayout({
			sources: this._slots,
			fieldNames: this.fieldNames,
			settings: settings.sensors,
			statistics,
			maxFields,
		});
		this.readingFields = readingFields;
		this._fields = readingFields.map(({ field }) => field);
		if (problems.join() !== this.loggedProblems) for (const problem of problems) log(`sensor: ${problem}`);
		this.loggedProblems = problems.join();
	}

	private logSensor(sensor: string): void {
		const { log } = this.options;
		const source = this._slots.findIndex((slot) => slot.sensor === sensor);
		const names = this.readingFields
			.filter((column) => column.sourceIndex === source)
			.map(({ field }) => field.name);
		log(`sensor: ${sensor} (${names.join(", ")})`);
		this.logNameHolder(sensor);
	}

	/** Somebody who has put a new sensor in the place of an old one wonders where the plain names are. */
	private logNameHolder(sensor: string): void {
		const { missing } = this;
		const own = this.fieldNames.find((named) => named.sensor === sensor)?.names ?? new Map<string, string>();
		for (const [field, name] of own) {
			if (name === field) continue;
			const holder = this.fieldNames.find(({ names }) => [...names.values()].includes(field))?.sensor;
			if (holder === undefined || !missing.includes(holder)) continue;
			this.options.log(
				`sensor: ${field} still stands for ${holder}, which is not there; the setup page can forget it.`,
			);
			return;
		}
	}
}

function bySortKey(one: Candidate, other: Candidate): number {
	return one.sortKey < other.sortKey ? -1 : 1;
}

/** The one place where a value gets its field's decimals: 22.48, not 22.479999542236328. */
function roundTo(value: Value, decimals: number): Value {
	return typeof value === "number" ? Number(value.toFixed(decimals)) : value;
}
