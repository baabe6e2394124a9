/**
 * Which name stands for which field of which sensor. It is kept, because a name must not pass from one sensor to another
 * by the order in which they are plugged in, or because one of them is not there today.
 */

/** The names of one sensor's fields. */
export interface NamedSensor {
	/** Kind and place: `BME280 at 0x76`. */
	readonly sensor: string;
	/** By what the sensor itself calls the field. */
	readonly names: ReadonlyMap<string, string>;
}

/** All that were ever found, in that order. */
export type NameBook = readonly NamedSensor[];

/** Sensors that a book holds. */
export const mostNamed = 32;

/**
 * The book with names for these fields of a sensor; the same book when it has them all. The first field of a name keeps
 * it plain; a sensor for which any is taken has a number that all of those get: `temperature_2`, `humidity_2`. `reserved`:
 * names that stand for something else.
 */
export function nameFields(
	book: NameBook,
	sensor: string,
	fields: readonly string[],
	reserved: readonly string[] = [],
): NameBook {
	const own = book.find((named) => named.sensor === sensor);
	const unnamed = [...new Set(fields)].filter((field) => own?.names.has(field) !== true);
	if (unnamed.length === 0) return book;
	const taken = new Set(reserved);
	for (const { names } of book) for (const name of names.values()) taken.add(name);
	const names = new Map(own?.names);
	const give = (field: string, name: string) => {
		names.set(field, name);
		taken.add(name);
	};
	const doubles = unnamed.filter((field) => taken.has(field));
	for (const field of unnamed) if (!taken.has(field)) give(field, field);
	const number = numberOf(own) ?? freeNumber(doubles, taken);
	for (const field of doubles) {
		const name = numbered(field, number);
		give(field, taken.has(name) ? numbered(field, freeNumber([field], taken)) : name);
	}
	const entry = { sensor, names };
	return own === undefined ? [...book, entry] : book.map((named) => (named === own ? entry : named));
}

/** The book without some of its sensors. Their names are free again. */
export function forgetNames(book: NameBook, forgotten: (sensor: string) => boolean): NameBook {
	return book.filter(({ sensor }) => !forgotten(sensor));
}

/** The number that the sensor's fields have got already. */
function numberOf(named: NamedSensor | undefined): number | undefined {
	if (named === undefined) return undefined;
	for (const [field, name] of named.names) {
		if (name.startsWith(`${field}_`)) return Number(name.slice(field.length + 1));
	}
	return undefined;
}

/** The least number, from 2, with which none of these fields is taken. */
function freeNumber(fields: readonly string[], taken: ReadonlySet<string>): number {
	let number = 2;
	while (fields.some((field) => taken.has(numbered(field, number)))) number++;
	return number;
}

function numbered(field: string, number: number): string {
	return `${field}_${number}`;
}
