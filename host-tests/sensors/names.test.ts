import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PowerCycle, SimulatedKeyValue } from "../../simulator/life/powered-storage";
import { FieldNameStore } from "../../src/sensors/pipeline/field-name-store";
import { assignFieldNames, type FieldNames, removeFieldNames } from "../../src/sensors/pipeline/field-names";

const air = ["temperature", "humidity", "pressure"];
const carbonDioxide = ["co2", "temperature", "humidity"];

/** The names of a sensor's fields, in the order of its fields. */
function namesOf(book: FieldNames, sensor: string, fields: readonly string[]) {
	const named = book.find((entry) => entry.sensor === sensor);
	return fields.map((field) => named?.names.get(field));
}

describe("the first keeps the plain name, a second gets a number for what is taken", () => {
	const first = assignFieldNames([], "BME280 at 0x76", air);
	const second = assignFieldNames(first, "BME280 at 0x77", air);
	const third = assignFieldNames(second, "SCD4x at 0x62", carbonDioxide);

	test("each sensor has one number", () => {
		expect(namesOf(third, "BME280 at 0x76", air)).toEqual(air);
		expect(namesOf(third, "BME280 at 0x77", air)).toEqual(["temperature_2", "humidity_2", "pressure_2"]);
		expect(namesOf(third, "SCD4x at 0x62", carbonDioxide)).toEqual(["co2", "temperature_3", "humidity_3"]);
	});

	test("also for a field that it measures only from a later version on", () => {
		const later = assignFieldNames(assignFieldNames(third, "SHT4x at 0x44", ["dew_point"]), "SCD4x at 0x62", [
			"dew_point",
		]);
		expect(namesOf(later, "SCD4x at 0x62", ["dew_point"])).toEqual(["dew_point_3"]);
	});

	test("a sensor that is not there today keeps its names", () => {
		expect(assignFieldNames(third, "BME280 at 0x77", air)).toBe(third);
	});

	test("forgotten names are free again", () => {
		const without = removeFieldNames(third, (sensor) => sensor === "BME280 at 0x76");
		const moved = assignFieldNames(without, "BME280 at 0x70", air);
		expect(namesOf(moved, "BME280 at 0x70", air)).toEqual(air);
		expect(namesOf(moved, "BME280 at 0x77", air)).toEqual(["temperature_2", "humidity_2", "pressure_2"]);
	});
});

test("a name that stands for something else is not given", () => {
	expect(namesOf(assignFieldNames([], "BME280 at 0x76", air, ["pressure"]), "BME280 at 0x76", air)).toEqual([
		"temperature",
		"humidity",
		"pressure_2",
	]);
});

test("fields that look numbered by themselves meet no others", () => {
	const first = assignFieldNames([], "INA219 at 0x40", ["voltage"]);
	const second = assignFieldNames(first, "ADS1115 at 0x48", ["voltage", "voltage_2"]);
	expect(namesOf(second, "ADS1115 at 0x48", ["voltage", "voltage_2"])).toEqual(["voltage_3", "voltage_2"]);
});

test("whatever is plugged in, in whatever order: no name twice, and none ever changes", () => {
	const sensor = fc.record({
		sensor: fc.constantFrom("a", "b", "c", "d", "e"),
		fields: fc.array(fc.constantFrom("x", "y", "x_2", "y_2", "x_3", "z"), { maxLength: 5 }),
	});
	fc.assert(
		fc.property(fc.array(sensor, { maxLength: 12 }), (found) => {
			let book: FieldNames = [];
			const given = new Map<string, string>();
			for (const { sensor, fields } of found) {
				book = assignFieldNames(book, sensor, fields);
				const all = book.flatMap(({ names }) => [...names.values()]);
				expect(new Set(all).size).toBe(all.length);
				for (const entry of book) {
					for (const [field, name] of entry.names) {
						const key = `${entry.sensor} ${field}`;
						expect(given.get(key) ?? name).toBe(name);
						given.set(key, name);
					}
				}
				for (const field of fields) expect(given.has(`${sensor} ${field}`)).toBe(true);
			}
		}),
	);
});

describe("names are kept", () => {
	const storage = () =>
		new SimulatedKeyValue().storage(new PowerCycle(() => {})).open({ path: "dakkio", format: "buffer" });

	test("and come back as they were", () => {
		const kept = storage();
		const book = assignFieldNames(
			assignFieldNames([], "BME280 at 0x76", air),
			"SCD4x at 0x62",
			carbonDioxide,
		);
		new FieldNameStore(kept).save(book);
		expect(new FieldNameStore(kept).load()).toEqual(book);
	});

	test("where none are, there are none", () => {
		expect(new FieldNameStore(storage()).load()).toEqual([]);
	});

	test("what is damaged is told from what is not there, whichever byte it is", () => {
		const kept = storage();
		new FieldNameStore(kept).save(assignFieldNames([], "BME280 at 0x76", air));
		const whole = new Uint8Array(kept.read("names") ?? new ArrayBuffer(0));
		for (let at = 0; at < whole.length; at++) {
			kept.write(
				"names",
				whole.map((byte, index) => (index === at ? byte ^ 0x10 : byte)),
			);
			expect(new FieldNameStore(kept).load()).toBeUndefined();
		}
	});
});
