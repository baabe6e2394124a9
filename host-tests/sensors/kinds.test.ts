import { beforeEach, describe, expect, test } from "vitest";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { NotAcknowledgedError } from "../../simulator/hardware/i2c-bus";
import type { Value } from "../../src/reading/reading";
import { aht20 } from "../../src/sensors/drivers/aht20";
import { allDrivers } from "../../src/sensors/drivers/all-drivers";
import { bh1750 } from "../../src/sensors/drivers/bh1750";
import { bme680 } from "../../src/sensors/drivers/bme680";
import type { Driver } from "../../src/sensors/drivers/driver";
import { scd4x } from "../../src/sensors/drivers/scd4x";
import { sht3x } from "../../src/sensors/drivers/sht3x";
import { sht4x } from "../../src/sensors/drivers/sht4x";
import { SensorBench } from "./sensor-bench";

/** Which kind each chip is. */
const kindOf: Readonly<Record<string, string>> = {
	bme280: "BME280",
	bmp280: "BMP280",
	bme680: "BME680",
	sht31: "SHT3x",
	sht41: "SHT4x",
	aht20: "AHT20",
	tmp117: "TMP117",
	scd40: "SCD4x",
	scd41: "SCD4x",
	bh1750: "BH1750",
	ina219: "INA219",
	ads1115: "ADS1115",
};

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** Every chip at every address that it can have. */
const places = Object.entries(chipCatalogue).flatMap(([name, { addresses }]) =>
	addresses.map((address) => [name, address, `0x${address.toString(16)}`] as const),
);

function claim(address: number): readonly Driver[] {
	return allDrivers.filter(({ addresses }) => addresses.includes(address));
}

/** The values of a sensor after so many measurements: the SCD4x has its first one late. */
function values(kind: Driver, address: number): readonly Value[] {
	const sensor = bench.make(kind, address);
	bench.measure(sensor);
	bench.ticks += 5000;
	const read = bench.measure(sensor);
	sensor.close();
	return read;
}

test("no chip of the catalogue is left out of this test, and no kind", () => {
	expect(Object.keys(kindOf).sort()).toEqual(Object.keys(chipCatalogue).sort());
	expect([...new Set(Object.values(kindOf))].sort()).toEqual(allDrivers.map(({ name }) => name).sort());
});

describe("a chip is of exactly one kind, whoever is asked and in whatever order, and works afterwards", () => {
	test.each(places)("%s at %i (%s)", (name, address) => {
		for (const asked of [claim(address), [...claim(address)].reverse()]) {
			bench = new SensorBench();
			bench.plugIn(name, address);
			const identities = asked.map((kind) => [kind.name, kind.identify(bench.i2cBus, address)]);
			expect(identities.filter(([, identity]) => identity === "this")).toEqual([[kindOf[name], "this"]]);
			const kind = asked.find((each) => each.name === kindOf[name]);
			if (kind === undefined || kind === bme680) continue;
			const found = values(kind, address);
			expect(found).toHaveLength(kind.fields?.length ?? 0);
			expect(found.every((value) => typeof value === "number")).toBe(true);
			// It has been used since: it is what it was.
			expect(kind.identify(bench.i2cBus, address)).toBe("this");
		}
	});
});

test("at an address where nobody is, all kinds say so", () => {
	for (const kind of allDrivers)
		for (const address of kind.addresses) expect(kind.identify(bench.i2cBus, address)).toBe("absent");
});

test("who takes what is written and never answers is another chip, not nobody", () => {
	for (const kind of [sht3x, sht4x, aht20, scd4x, bh1750]) {
		const address = kind.addresses[0] ?? 0;
		bench.bus.attach(address, {
			write: () => {},
			read: () => {
				throw new NotAcknowledgedError();
			},
		});
		expect(kind.identify(bench.i2cBus, address)).toBe("other");
	}
});

test("on a bus that is held low, all kinds say that nobody is there, and are themselves again afterwards", () => {
	for (const [name, address] of places) {
		bench = new SensorBench();
		bench.plugIn(name, address);
		bench.bus.holdLow();
		const held = claim(address).map((kind) => kind.identify(bench.i2cBus, address));
		expect(new Set(held)).toEqual(new Set(["absent"]));
		for (let pulse = 0; pulse < 9; pulse++) bench.bus.clockPulse();
		expect(claim(address).map((kind) => kind.identify(bench.i2cBus, address))).toContain("this");
	}
});

test("a BME680 is told by its name, and is not taken for a BME280", () => {
	bench.plugIn("bme680", 0x77);
	expect(() => bench.make(bme680, 0x77)).toThrow("BME680 at 0x77: this firmware cannot use it.");
	for (const kind of claim(0x77).filter((each) => each !== bme680))
		expect(() => bench.make(kind, 0x77)).toThrow(/another chip answers there/);
});

test("kinds cannot be changed", () => {
	expect(Object.isFrozen(allDrivers)).toBe(true);
	for (const kind of allDrivers) {
		expect(Object.isFrozen(kind)).toBe(true);
		expect(Object.isFrozen(kind.addresses)).toBe(true);
		expect(kind.fields === undefined || Object.isFrozen(kind.fields)).toBe(true);
	}
});

test("the fields of a kind are those of its sensors", () => {
	for (const [name, address] of places) {
		const kind = allDrivers.find((each) => each.name === kindOf[name]);
		if (kind === undefined || kind === bme680) continue;
		bench = new SensorBench();
		bench.plugIn(name, address);
		const sensor = bench.make(kind, address);
		expect(sensor.fields).toEqual(kind.fields);
		expect(sensor.name).toBe(`${kind.name} at 0x${address.toString(16)}`);
	}
});
