import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PowerCycle, SimulatedKeyValue } from "../../simulator/life/powered-storage";
import {
	assignFieldNames,
	type FieldNames,
	loadFieldNames,
	removeFieldNames,
	saveFieldNames,
} from "../../src/sensors/pipeline/field-names";

const air = ["temperature", "humidity", "pressure"];
const carbonDioxide = ["co2", "temperature", "humidity"];

/** The names of a sensor's fields, in the order of its fields. */
function namesOf(fieldNames: FieldNames, sensor: string, fields: readonly string[]) {
	const named = fieldNames.find((entry) => entry.sensor === sensor);
	return fields.map((field) => named?.names.get(field));
}

describe("the first sensor has the plain names, a second one gets a number for those that are taken", () => {
	const first = assignFieldNames([], "BME280 at 0x76", air);
	const second = assignFieldNames(first, "BME280 at 0x77", air);
	const third = assignFieldNames(second, "SCD4x at 0x62", carbonDioxide);

	test("each sensor has one number", () => {
		expect(namesOf(third, "BME280 at 0x76", air)).toEqual(air);
		expect(namesOf(third, "BME280 at 0x77", air)).toEqual(["temperature_2", "humidity_2", "pressure_2"]);
		expect(namesOf(third, "SCD4x at 0x62", carbonDioxide)).toEqual(["co2", "temperature_3", "humidity_3"]);
	});

	test("also for a field that a later version adds", () => {
		const later = assignFieldNames(assignFieldNames(third, "SHT4x at 0x44", ["dew_point"]), "SCD4x at 0x62", [
			"dew_point",
		]);
		expect(namesOf(later, "SCD4x at 0x62", ["dew_point"])).toEqual(["dew_point_3"]);
	});

	test("a sensor that is missing keeps its names", () => {
		expect(assignFieldNames(third, "BME280 at 0x77", air)).toBe(third);
	});

	test("removed names are free again", () => {
		const without = removeFieldNames(third, (sensor) => sensor === "BME280 at 0x76");
		const moved = assignFieldNames(without, "BME280 at 0x70", air);
		expect(namesOf(moved, "BME280 at 0x70", air)).toEqual(air);
		expect(namesOf(moved, "BME280 at 0x77", air)).toEqual(["temperature_2", "humidity_2", "pressure_2"]);
	});
});

test("a reserved name is not assigned", () => {
	expect(namesOf(assignFieldNames([], "BME280 at 0x76", air, ["pressure"]), "BME280 at 0x76", air)).toEqual([
		"temperature",
		"humidity",
		"pressure_2",
	]);
});

test("fields whose own names end in a number do not collide", () => {
	const first = assignFieldNames([], "INA219 at 0x40", ["voltage"]);
	const second = assignFieldNames(first, "ADS1115 at 0x48", ["voltage", "voltage_2"]);
	expect(namesOf(second, "ADS1115 at 0x48", ["voltage", "voltage_2"])).toEqual(["voltage_3", "voltage_2"]);
});

test("whatever is connected, in whatever order: no name occurs twice, and none ever changes", () => {
	const sensor = fc.record({
		sensor: fc.constantFrom("a", "b", "c", "d", "e"),
		fields: fc.array(fc.constantFrom("x", "y", "x_2", "y_2", "x_3", "z"), { maxLength: 5 }),
	});
	fc.assert(
		fc.property(fc.array(sensor, { maxLength: 12 }), (found) => {
			let fieldNames: FieldNames = [];
			const assigned = new Map<string, string>();
			for (const { sensor, fields } of found) {
				fieldNames = assignFieldNames(fieldNames, sensor, fields);
				const all = fieldNames.flatMap(({ names }) => [...names.values()]);
				expect(new Set(all).size).toBe(all.length);
				for (const entry of fieldNames) {
					for (const [field, name] of entry.names) {
						const key = `${entry.sensor} ${field}`;
						expect(assigned.get(key) ?? name).toBe(name);
						assigned.set(key, name);
					}
				}
				for (const field of fields) expect(assigned.has(`${sensor} ${field}`)).toBe(true);
			}
		}),
	);
});

describe("names are persisted", () => {
	const storage = () =>
		new SimulatedKeyValue().storage(new PowerCycle(() => {})).open({ path: "dakkio", format: "buffer" });

	test("and loaded as they were", () => {
		const kept = storage();
		const fieldNames = assignFieldNames(
			assignFieldNames([], "BME280 at 0x76", air),
			"SCD4x at 0x62",
			carbonDioxide,
		);
		saveFieldNames(kept, fieldNames);
		expect(loadFieldNames(kept)).toEqual(fieldNames);
	});

	test("without a record there are none", () => {
		expect(loadFieldNames(storage())).toEqual([]);
	});

	test("damage to any byte is detected", () => {
		const kept = storage();
		saveFieldNames(kept, assignFieldNames([], "BME280 at 0x76", air));
		const whole = new Uint8Array(kept.read("names") ?? new ArrayBuffer(0));
		for (let at = 0; at < whole.length; at++) {
			kept.write(
				"names",
				whole.map((byte, index) => (index === at ? byte ^ 0x10 : byte)),
			);
			expect(loadFieldNames(kept)).toBeUndefined();
		}
	});
});
