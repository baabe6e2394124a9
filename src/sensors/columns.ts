import type { Field } from "../reading/reading";
import type { FieldSettings, SensorSettings, SensorsSettings } from "../settings/sensor-settings";
import type { Aggregation } from "./aggregate";
import type { NameBook } from "./names";

/** A field as its sensor has it. */
export interface SourceField extends Field {
	readonly aggregation: Aggregation;
}

/** A sensor that is there. */
export interface Source {
	/** Kind and place: `BME280 at 0x76`. */
	readonly sensor: string;
	readonly fields: readonly SourceField[];
	/** Its fields have the names that the owner gave them, and are in no book. */
	readonly named?: true | undefined;
}

/** What a column holds of its field's values. */
export type Part = "value" | "least" | "most";

/** One field of the readings, and where its values come from. */
export interface Column {
	readonly field: Field;
	/** Index in the sources, and in the fields of that source. */
	readonly source: number;
	readonly index: number;
	readonly part: Part;
}

export interface ColumnOptions {
	/** Those that are there, in the order of the fields. */
	readonly sources: readonly Source[];
	/** Names of all that were ever found; of those there, complete. */
	readonly book: NameBook;
	readonly settings: SensorsSettings;
	/** Minimum and maximum are stored, too. */
	readonly statistics: boolean;
	/** Fields that a reading holds. */
	readonly most: number;
}

export interface Columns {
	readonly columns: readonly Column[];
	/** Sentences: what could not be done as it was wished. */
	readonly problems: readonly string[];
}

/** The fields of the readings, with the names that the owner gave them and without those that are off. */
export function planColumns(options: ColumnOptions): Columns {
	const { sources, most } = options;
	const { names, problems } = finalNames(options);
	const all: Column[] = [];
	sources.forEach(({ sensor, fields }, source) => {
		fields.forEach((field, index) => {
			const name = names.get(sensor)?.get(field.name);
			if (name !== undefined) all.push(...columnsOf(field, name, source, index, options.statistics));
		});
	});
	const used = new Set<string>();
	const columns: Column[] = [];
	const double: string[] = [];
	// What was measured goes before its minimum and maximum, in names as in room.
	for (const column of [...all.filter(isValue), ...all.filter((other) => !isValue(other))]) {
		if (used.has(column.field.name)) double.push(column.field.name);
		else columns.push(column);
		used.add(column.field.name);
	}
	const kept = new Set(columns.slice(0, most));
	return {
		columns: all.filter((column) => kept.has(column)),
		problems: [...misnamed(options), ...problems, ...told(double, columns.slice(most), most)],
	};
}

/** Settings for sensors that were never found, and for fields that a sensor does not have. */
function misnamed({ book, settings }: ColumnOptions): string[] {
	const named = (wanted: string) => book.find(({ sensor }) => sensor === wanted);
	const problems: string[] = [];
	const unknown = Object.keys(settings).filter((sensor) => named(sensor) === undefined);
	if (unknown.length > 0) {
		const known = book.length === 0 ? "" : ` There are ${book.map(({ sensor }) => sensor).join(", ")}.`;
		problems.push(`the settings name ${unknown.join(", ")}: no such sensor was ever found.${known}`);
	}
	for (const { sensor, names } of book) {
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
interface Wish {
	readonly sensor: string;
	readonly field: string;
	readonly given: string;
	/** The given one comes from the owner. */
	readonly named: boolean;
	wish: string;
}

/** Names of the fields that are not off, by sensor and then by what it calls them; also of sensors that are not there. */
function finalNames({ sources, book, settings }: ColumnOptions) {
	const wishes = [...wishesOf(sources), ...wishesIn(book, settings)];
	const problems: string[] = [];
	const another = (one: Wish) => wishes.some((other) => other !== one && other.wish === one.wish);
	// A name must not pass to another field because somebody wishes it for that: of two, the wish gives way. That may
	// free or take another one, so it is looked at again; each time one wish less is left.
	for (;;) {
		const refused = wishes.find((one) => one.wish !== one.given && another(one));
		if (refused === undefined) break;
		const { sensor, field, wish, given } = refused;
		problems.push(
			`${sensor}: ${field} cannot be called ${wish}, which another field is; it is called ${given}.`,
		);
		refused.wish = given;
	}
	const names = new Map<string, Map<string, string>>();
	for (const one of wishes) {
		const { sensor, field, wish } = one;
		if (one.named && another(one))
			problems.push(`${sensor}: it cannot be called ${wish}, which another field is.`);
		else names.set(sensor, (names.get(sensor) ?? new Map<string, string>()).set(field, wish));
	}
	return { names, problems };
}

function wishesOf(sources: readonly Source[]): Wish[] {
	return sources
		.filter(({ named }) => named === true)
		.flatMap(({ sensor, fields }) =>
			fields.map(({ name }) => ({ sensor, field: name, given: name, named: true, wish: name })),
		);
}

function wishesIn(book: NameBook, settings: SensorsSettings): Wish[] {
	const wishes: Wish[] = [];
	for (const { sensor, names } of book) {
		if (sensorSettings(settings, sensor).off === true) continue;
		for (const [field, given] of names) {
			const { name: wish = given, off } = fieldSettings(settings, sensor, field);
			if (off !== true) wishes.push({ sensor, field, given, named: false, wish });
		}
	}
	return wishes;
}

/** What the owner wants of a sensor. */
export function sensorSettings(settings: SensorsSettings, sensor: string): SensorSettings {
	return Object.hasOwn(settings, sensor) ? (settings[sensor] ?? {}) : {};
}

/** What the owner wants of one of its fields. */
export function fieldSettings(settings: SensorsSettings, sensor: string, field: string): FieldSettings {
	const { fields = {} } = sensorSettings(settings, sensor);
	return Object.hasOwn(fields, field) ? (fields[field] ?? {}) : {};
}

function columnsOf(
	{ unit, decimals, type, aggregation }: SourceField,
	name: string,
	source: number,
	index: number,
	statistics: boolean,
): Column[] {
	const column = (part: Part, suffix: string): Column => ({
		field: { name: `${name}${suffix}`, unit, decimals, ...(type === undefined ? {} : { type }) },
		source,
		index,
		part,
	});
	const value = column("value", "");
	if (!statistics || aggregation !== "mean") return [value];
	return [value, column("least", "_min"), column("most", "_max")];
}

function isValue({ part }: Column): boolean {
	return part === "value";
}

function told(double: readonly string[], without: readonly Column[], most: number): string[] {
	const problems: string[] = [];
	if (double.length > 0) problems.push(`left out, because another field has the name: ${double.join(", ")}.`);
	if (without.length > 0)
		problems.push(
			`left out, because a reading holds ${most} fields: ${without.map(({ field }) => field.name).join(", ")}. Turn off fields that are not needed.`,
		);
	return problems;
}
