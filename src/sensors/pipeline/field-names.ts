/**
 * Which name stands for which field of which sensor. It is kept, because a name must not pass from one sensor to another
 * by the order in which they are plugged in, or because one of them is not there today.
 */

/** The names of one sensor's fields. */
export interface SensorFieldNames {
	/** Kind and place: `BME280 at 0x76`. */
	readonly sensor: string;
	/** By what the sensor itself calls the field. */
	readonly names: ReadonlyMap<string, string>;
}

/** All that were ever found, in that order. */
export type FieldNames = readonly SensorFieldNames[];

/** Sensors that a book holds. */
export const maxNamedSensors = 32;

/**
 * The book with names for these fields of a sensor; the same book when it has them all. The first field of a name keeps
 * it plain; a sensor for which any is taken has a number that all of those get: `temperature_2`, `humidity_2`. `reserved`:
 * names that stand for something else.
 */
export function assignFieldNames(
	book: FieldNames,
	sensor: string,
	fields: readonly string[],
	reserved: readonly string[] = [],
): FieldNames {
	const own = book.find((named) => named.sensor === sensor);
	const unnamed = [...new Set(fields)].filter((field) => own?.names.has(field) !== true);
	if (unnamed.length === 0) return book;
	const taken = new Set(reserved);
	for (const { names } of book) for (const name of names.values()) taken.add(name);
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
	return own === undefined ? [...book, entry] : book.map((named) => (named === own ? entry : named));
}

/** The book without some of its sensors. Their names are free again. */
export function removeFieldNames(book: FieldNames, forgotten: (sensor: string) => boolean): FieldNames {
	return book.filter(({ sensor }) => !forgotten(sensor));
}

/** The number that the sensor's fields have got already. */
function assignedSuffix(named: SensorFieldNames | undefined): number | undefined {
	if (named === undefined) return undefined;
	for (const [field, name] of named.names) {
		if (name.startsWith(`${field}_`)) return Number(name.slice(field.length + 1));
	}
	return undefined;
}

/** The least number, from 2, with which none of these fields is taken. */
function lowestFreeSuffix(fields: readonly string[], taken: ReadonlySet<string>): number {
	let number = 2;
	while (fields.some((field) => taken.has(withSuffix(field, number)))) number++;
	return number;
}

function withSuffix(field: string, number: number): string {
	return `${field}_${number}`;
}
