import type { Field } from "../../reading/reading";
import type { FieldSettings, SensorSettings, SensorSettingsByName } from "../../settings/sensor-settings";
import type { SensorField } from "../drivers/driver";
import type { FieldNames } from "./field-names";

/** A sensor that is present. */
export interface FieldSource {
	/** `BME280 at 0x76`. */
	readonly sensor: string;
	readonly fields: readonly SensorField[];
	/** Its fields have the names from the settings; none are assigned. */
	readonly hasUserNames?: true | undefined;
}

/** Which aggregate of a field a reading field holds. */
export type Statistic = "value" | "min" | "max";

/** A field of the readings, and where its values come from. */
export interface ReadingField<Source extends FieldSource = FieldSource> {
	readonly field: Field;
	readonly source: Source;
	/** In the fields of the source. */
	readonly fieldIndex: number;
	readonly statistic: Statistic;
}

export interface FieldLayoutOptions<Source extends FieldSource = FieldSource> {
	/** In the order of the reading fields. */
	readonly sources: readonly Source[];
	/** Of all sensors ever found; complete for those present. */
	readonly fieldNames: FieldNames;
	readonly settings: SensorSettingsByName;
	/** Minima and maxima are stored, too. */
	readonly statistics: boolean;
	readonly maxFields: number;
}

export interface FieldLayout<Source extends FieldSource = FieldSource> {
	readonly readingFields: readonly ReadingField<Source>[];
	/** Sentences: settings that could not be applied. */
	readonly problems: readonly string[];
	/** Of these, those of inputs that are left out, by input; `undefined` if there are none. */
	readonly leftOut: ReadonlyMap<string, string> | undefined;
}

/** The fields of the readings, with the names from the settings and without fields that are off. */
export function planFieldLayout<Source extends FieldSource>(
	options: FieldLayoutOptions<Source>,
): FieldLayout<Source> {
	const { sources, maxFields } = options;
	const { names, problems, leftOut } = resolveNames(options);
	const all: ReadingField<Source>[] = [];
	for (const source of sources) {
		source.fields.forEach((field, index) => {
			const name = names.get(source.sensor)?.get(field.name);
			if (name !== undefined) all.push(...readingFieldsOf(field, name, source, index, options.statistics));
		});
	}
	const used = new Set<string>();
	const unique: ReadingField<Source>[] = [];
	const duplicates: string[] = [];
	// Values take precedence over minima and maxima, both for names and for places.
	for (const one of [...all.filter(isValue), ...all.filter((other) => !isValue(other))]) {
		if (used.has(one.field.name)) duplicates.push(one.field.name);
		else unique.push(one);
		used.add(one.field.name);
	}
	const kept = new Set(unique.slice(0, maxFields));
	return {
		readingFields: all.filter((one) => kept.has(one)),
		problems: [
			...unknownSettingNames(options),
			...problems,
			...omissionProblems(duplicates, unique.slice(maxFields), maxFields),
		],
		leftOut,
	};
}

/** Settings for sensors that were never found and for fields that a sensor does not have. */
function unknownSettingNames({ fieldNames, settings }: FieldLayoutOptions): string[] {
	const known = fieldNames.map(({ sensor }) => sensor);
	const unknown = Object.keys(settings).filter((sensor) => !known.includes(sensor));
	const problems: string[] = [];
	if (unknown.length > 0)
		problems.push(
			`the settings name ${unknown.join(", ")}: no such sensor was ever found.${known.length === 0 ? "" : ` Known sensors: ${known.join(", ")}.`}`,
		);
	for (const { sensor, names } of fieldNames) {
		const fields = Object.keys(sensorSettings(settings, sensor).fields ?? {});
		const unknownFields = fields.filter((field) => !names.has(field));
		if (unknownFields.length > 0)
			problems.push(
				`${sensor}: the settings name ${unknownFields.join(", ")}, which it does not measure; it measures ${[...names.keys()].join(", ")}.`,
			);
	}
	return problems;
}

interface NameRequest {
	readonly sensor: string;
	/** The driver's name of the field. */
	readonly field: string;
	readonly assignedName: string;
	/** The assigned name is from the settings. */
	readonly isUserNamed: boolean;
	requestedName: string;
}

/**
 * Names of the fields that are not off, by sensor and by the driver's name; also for sensors that are
 * missing.
 */
function resolveNames({ sources, fieldNames, settings }: FieldLayoutOptions) {
	const requests = [...nameRequestsOfSources(sources), ...nameRequestsOfSettings(fieldNames, settings)];
	const problems: string[] = [];
	const isTaken = (one: NameRequest) =>
		requests.some((other) => other !== one && other.requestedName === one.requestedName);
	// The assigned name of a field takes precedence over a requested one. Refusing a request may free or take
	// another name, so the rest is checked again; it ends, because each round has one request less.
	for (;;) {
		const refused = requests.find((one) => one.requestedName !== one.assignedName && isTaken(one));
		if (refused === undefined) break;
		const { sensor, field, requestedName, assignedName } = refused;
		problems.push(
			`${sensor}: ${field} keeps the name ${assignedName}, because another field is named ${requestedName}.`,
		);
		refused.requestedName = assignedName;
	}
	const names = new Map<string, Map<string, string>>();
	let leftOut: Map<string, string> | undefined;
	for (const one of requests) {
		const { sensor, field, requestedName } = one;
		if (one.isUserNamed && isTaken(one)) {
			const problem = `${sensor}: left out, because another field is named ${requestedName}.`;
			problems.push(problem);
			leftOut = (leftOut ?? new Map<string, string>()).set(sensor, problem);
		} else names.set(sensor, (names.get(sensor) ?? new Map<string, string>()).set(field, requestedName));
	}
	return { names, problems, leftOut };
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

function nameRequestsOfSettings(fieldNames: FieldNames, settings: SensorSettingsByName): NameRequest[] {
	const requests: NameRequest[] = [];
	for (const { sensor, names } of fieldNames) {
		if (sensorSettings(settings, sensor).off === true) continue;
		for (const [field, assignedName] of names) {
			const { name: requestedName = assignedName, off } = fieldSettings(settings, sensor, field);
			if (off !== true) requests.push({ sensor, field, assignedName, isUserNamed: false, requestedName });
		}
	}
	return requests;
}

/** The settings of one sensor; empty if there are none. */
export function sensorSettings(settings: SensorSettingsByName, sensor: string): SensorSettings {
	return Object.hasOwn(settings, sensor) ? (settings[sensor] ?? {}) : {};
}

/** The settings of one field; empty if there are none. */
export function fieldSettings(settings: SensorSettingsByName, sensor: string, field: string): FieldSettings {
	const { fields = {} } = sensorSettings(settings, sensor);
	return Object.hasOwn(fields, field) ? (fields[field] ?? {}) : {};
}

function readingFieldsOf<Source extends FieldSource>(
	{ unit, decimals, type, aggregation = "mean" }: SensorField,
	name: string,
	source: Source,
	fieldIndex: number,
	statistics: boolean,
): ReadingField<Source>[] {
	const readingField = (statistic: Statistic, suffix: string): ReadingField<Source> => ({
		field: { name: `${name}${suffix}`, unit, decimals, ...(type === undefined ? {} : { type }) },
		source,
		fieldIndex,
		statistic,
	});
	const value = readingField("value", "");
	if (!statistics || aggregation !== "mean") return [value];
	return [value, readingField("min", "_min"), readingField("max", "_max")];
}

function isValue({ statistic }: ReadingField): boolean {
	return statistic === "value";
}

function omissionProblems(
	duplicates: readonly string[],
	omitted: readonly ReadingField[],
	maxFields: number,
): string[] {
	const problems: string[] = [];
	if (duplicates.length > 0)
		problems.push(`left out, because another field has the same name: ${duplicates.join(", ")}.`);
	if (omitted.length > 0)
		problems.push(
			`left out, because a reading has at most ${maxFields} fields: ${omitted.map(({ field }) => field.name).join(", ")}. Turn off fields that are not needed.`,
		);
	return problems;
}
