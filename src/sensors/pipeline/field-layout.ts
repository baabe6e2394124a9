import type { Field } from "../../reading/reading";
import type { FieldSettings, SensorSettings, SensorSettingsByName } from "../../settings/sensor-settings";
import type { Aggregation } from "./aggregate";
import type { FieldNames } from "./field-names";

/** A field as its sensor has it. */
export interface SourceField extends Field {
	readonly aggregation: Aggregation;
}

/** A sensor that is there. */
export interface FieldSource {
	/** Kind and place: `BME280 at 0x76`. */
	readonly sensor: string;
	readonly fields: readonly SourceField[];
	/** Its fields have the names that the owner gave them, and are in no book. */
	readonly hasUserNames?: true | undefined;
}

/** What a column holds of its field's values. */
export type Statistic = "value" | "min" | "max";

/** One field of the readings, and where its values come from. */
export interface ReadingField {
	readonly field: Field;
	/** Index in the sources, and in the fields of that source. */
	readonly sourceIndex: number;
	readonly fieldIndex: number;
	readonly statistic: Statistic;
}

export interface FieldLayoutOptions {
	/** Those that are there, in the order of the fields. */
	readonly sources: readonly FieldSource[];
	/** Names of all that were ever found; of those there, complete. */
	readonly fieldNames: FieldNames;
	readonly settings: SensorSettingsByName;
	/** Minimum and maximum are stored, too. */
	readonly statistics: boolean;
	/** Fields that a reading holds. */
	readonly maxFields: number;
}

export interface FieldLayout {
	readonly readingFields: readonly ReadingField[];
	/** Sentences: what could not be done as it was wished. */
	readonly problems: readonly string[];
}

/** The fields of the readings, with the names that the owner gave them and without those that are off. */
export function planFieldLayout(options: FieldLayoutOptions): FieldLayout {
	const { sources, maxFields } = options;
	const { names, problems } = resolveNames(options);
	const all: ReadingField[] = [];
	sources.forEach(({ sensor, fields }, source) => {
		fields.forEach((field, index) => {
			const name = names.get(sensor)?.get(field.name);
			if (name !== undefined) all.push(...readingFieldsOf(field, name, source, index, options.statistics));
		});
	});
	const used = new Set<string>();
	const columns: ReadingField[] = [];
	const duplicates: string[] = [];
	// What was measured goes before its minimum and maximum, in names as in room.
	for (const column of [...all.filter(isValue), ...all.filter((other) => !isValue(other))]) {
		if (used.has(column.field.name)) duplicates.push(column.field.name);
		else columns.push(column);
		used.add(column.field.name);
	}
	const kept = new Set(columns.slice(0, maxFields));
	return {
		readingFields: all.filter((column) => kept.has(column)),
		problems: [
			...unknownSettingNames(options),
			...problems,
			...omissionProblems(duplicates, columns.slice(maxFields), maxFields),
		],
	};
}

/** Settings for sensors that were never found, and for fields that a sensor does not have. */
function unknownSettingNames({ fieldNames, settings }: FieldLayoutOptions): string[] {
	const named = (wanted: string) => fieldNames.find(({ sensor }) => sensor === wanted);
	const problems: string[] = [];
	const unknown = Object.keys(settings).filter((sensor) => named(sensor) === undefined);
	if (unknown.length > 0) {
		const known =
			fieldNames.length === 0 ? "" : ` There are ${fieldNames.map(({ sensor }) => sensor).join(", ")}.`;
		problems.push(`the settings name ${unknown.join(", ")}: no such sensor was ever found.${known}`);
	}
	for (const { sensor, names } of fieldNames) {
		const fields = Object.keys(sensorSettings(settings, sensor).fields ?? {});
		const without = fields.filter((field) => !names.has(field));
		if (without.length > 0)
			problems.push(
				`${sensor}: the settings name ${without.join(", ")}, which it does not measure; it measures ${[...names.keys()].join(", ")}.`,
			);
	}
	return problems;
}

/** A field, the name that it was given, and the one that it shall have. */
interface NameRequest {
	readonly sensor: string;
	readonly field: string;
	readonly assignedName: string;
	/** The given one comes from the owner. */
	readonly isUserNamed: boolean;
	requestedName: string;
}

/** Names of the fields that are not off, by sensor and then by what it calls them; also of sensors that are not there. */
function resolveNames({ sources, fieldNames, settings }: FieldLayoutOptions) {
	const requests = [...nameRequestsOfSources(sources), ...nameRequestsOfSettings(fieldNames, settings)];
	const problems: string[] = [];
	const another = (one: NameRequest) =>
		requests.some((other) => other !== one && other.requestedName === one.requestedName);
	// A name must not pass to another field because somebody wishes it for that: of two, the wish gives way. That may
	// free or take another one, so it is looked at again; each time one wish less is left.
	for (;;) {
		const refused = requests.find((one) => one.requestedName !== one.assignedName && another(one));
		if (refused === undefined) break;
		const { sensor, field, requestedName, assignedName } = refused;
		problems.push(
			`${sensor}: ${field} cannot be called ${requestedName}, which another field is; it is called ${assignedName}.`,
		);
		refused.requestedName = assignedName;
	}
	const names = new Map<string, Map<string, string>>();
	for (const one of requests) {
		const { sensor, field, requestedName } = one;
		if (one.isUserNamed && another(one))
			problems.push(`${sensor}: it cannot be called ${requestedName}, which another field is.`);
		else names.set(sensor, (names.get(sensor) ?? new Map<string, string>()).set(field, requestedName));
	}
	return { names, problems };
}

function nameRequestsOfSources(sources: readonly FieldSource[]): NameRequest[] {
	return sources
		.filter(({ hasUserNames }) => hasUserNames === true)
		.flatMap(({ sensor, fields }) =>
			fields.map(({ name }) => ({
				sensor,
				field: name,
				assignedName: name,
				isUserNamed: true,
				requestedName: name,
			})),
		);
}

function nameRequestsOfSettings(book: FieldNames, settings: SensorSettingsByName): NameRequest[] {
	const wishes: NameRequest[] = [];
	for (const { sensor, names } of book) {
		if (sensorSettings(settings, sensor).off === true) continue;
		for (const [field, assignedName] of names) {
			const { name: requestedName = assignedName, off } = fieldSettings(settings, sensor, field);
			if (off !== true) wishes.push({ sensor, field, assignedName, isUserNamed: false, requestedName });
		}
	}
	return wishes;
}

/** What the owner wants of a sensor. */
export function sensorSettings(settings: SensorSettingsByName, sensor: string): SensorSettings {
	return Object.hasOwn(settings, sensor) ? (settings[sensor] ?? {}) : {};
}

/** What the owner wants of one of its fields. */
export function fieldSettings(settings: SensorSettingsByName, sensor: string, field: string): FieldSettings {
	const { fields = {} } = sensorSettings(settings, sensor);
	return Object.hasOwn(fields, field) ? (fields[field] ?? {}) : {};
}

function readingFieldsOf(
	{ unit, decimals, type, aggregation }: SourceField,
	name: string,
	sourceIndex: number,
	fieldIndex: number,
	statistics: boolean,
): ReadingField[] {
	const column = (statistic: Statistic, suffix: string): ReadingField => ({
		field: { name: `${name}${suffix}`, unit, decimals, ...(type === undefined ? {} : { type }) },
		sourceIndex,
		fieldIndex,
		statistic,
	});
	const value = column("value", "");
	if (!statistics || aggregation !== "mean") return [value];
	return [value, column("min", "_min"), column("max", "_max")];
}

function isValue({ statistic }: ReadingField): boolean {
	return statistic === "value";
}

function omissionProblems(
	duplicates: readonly string[],
	omitted: readonly ReadingField[],
	most: number,
): string[] {
	const problems: string[] = [];
	if (duplicates.length > 0)
		problems.push(`left out, because another field has the name: ${duplicates.join(", ")}.`);
	if (omitted.length > 0)
		problems.push(
			`left out, because a reading holds ${most} fields: ${omitted.map(({ field }) => field.name).join(", ")}. Turn off fields that are not needed.`,
		);
	return problems;
}
