import type { KeyValue } from "../../boards/ecma419";
import { readJsonRecord, writeJsonRecord } from "../../common/json-record";

// Which name each field of each sensor has in the readings. Persisted, so that a name never passes from one
// sensor to another by the order in which they are connected, or because one is missing today.

export interface SensorFieldNames {
	/** `BME280 at 0x76`. */
	readonly sensor: string;
	/** By the driver's name of the field. */
	readonly names: ReadonlyMap<string, string>;
}

/** Of all sensors ever found, in that order. */
export type FieldNames = readonly SensorFieldNames[];

/** For more sensors, names of missing ones are dropped. */
export const maxNamedSensors = 32;

/** `undefined` if the record is damaged. */
export function loadFieldNames(storage: Pick<KeyValue, "read">): FieldNames | undefined {
	const record = readJsonRecord(storage, "names");
	if (record === undefined) return [];
	return record === "damaged" ? undefined : parseFieldNames(record.value);
}

/** Throws what the storage throws. */
export function saveFieldNames(storage: Pick<KeyValue, "read" | "write">, fieldNames: FieldNames): void {
	const entries = fieldNames.map(({ sensor, names }) => [sensor, [...names]]);
	writeJsonRecord(storage, "names", entries);
}

function parseFieldNames(entries: unknown): FieldNames | undefined {
	if (!Array.isArray(entries)) return undefined;
	const fieldNames: SensorFieldNames[] = [];
	for (const entry of entries) {
		const [sensor, pairs] = Array.isArray(entry) ? entry : [];
		if (typeof sensor !== "string" || !Array.isArray(pairs) || !pairs.every(isPair)) return undefined;
		fieldNames.push({ sensor, names: new Map(pairs) });
	}
	return fieldNames;
}

function isPair(pair: unknown): pair is [string, string] {
	return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
}

/**
 * Adds names for these fields of a sensor; returns the same object if it has them all. The first field of a name keeps
 * it plain. A sensor for which any name is taken gets one number for all taken ones: `temperature_2`, `humidity_2`.
 * `reserved`: names of inputs.
 */
export function assignFieldNames(
	fieldNames: FieldNames,
	sensor: string,
	fields: readonly string[],
	reserved: readonly string[] = [],
): FieldNames {
	const own = fieldNames.find((named) => named.sensor === sensor);
	const unnamed = [...new Set(fields)].filter((field) => own?.names.has(field) !== true);
	if (unnamed.length === 0) return fieldNames;
	const taken = new Set(reserved);
	for (const { names } of fieldNames) for (const name of names.values()) taken.add(name);
	const names = new Map(own?.names);
	const assign = (field: string, name: string) => {
		names.set(field, name);
		taken.add(name);
	};
	const takenFields = unnamed.filter((field) => taken.has(field));
	for (const field of unnamed) if (!taken.has(field)) assign(field, field);
	const number = assignedSuffix(own) ?? lowestFreeSuffix(takenFields, taken);
	for (const field of takenFields) {
		const name = withSuffix(field, number);
		assign(field, taken.has(name) ? withSuffix(field, lowestFreeSuffix([field], taken)) : name);
	}
	const entry = { sensor, names };
	return own === undefined
		? [...fieldNames, entry]
		: fieldNames.map((named) => (named === own ? entry : named));
}

/** Without the names of some sensors, which are free again. */
export function removeFieldNames(fieldNames: FieldNames, isRemoved: (sensor: string) => boolean): FieldNames {
	return fieldNames.filter(({ sensor }) => !isRemoved(sensor));
}

/** The number that the sensor's fields have already. */
function assignedSuffix(named: SensorFieldNames | undefined): number | undefined {
	if (named === undefined) return undefined;
	for (const [field, name] of named.names) {
		if (name.startsWith(`${field}_`)) return Number(name.slice(field.length + 1));
	}
	return undefined;
}

/** The lowest number, from 2, with which the names of all these fields are free. */
function lowestFreeSuffix(fields: readonly string[], taken: ReadonlySet<string>): number {
	let number = 2;
	while (fields.some((field) => taken.has(withSuffix(field, number)))) number++;
	return number;
}

function withSuffix(field: string, number: number): string {
	return `${field}_${number}`;
}
