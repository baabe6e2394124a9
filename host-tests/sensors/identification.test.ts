import { beforeEach, describe, expect, test } from "vitest";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { NotAcknowledgedError } from "../../simulator/hardware/i2c-bus";
import type { Value } from "../../src/reading/reading";
import { aht20 } from "../../src/sensors/drivers/aht20";
import { allDrivers, type I2CDriver } from "../../src/sensors/drivers/all-drivers";
import { bh1750 } from "../../src/sensors/drivers/bh1750";
import { bme680 } from "../../src/sensors/drivers/bme680";
import { scd4x } from "../../src/sensors/drivers/scd4x";
import { sht3x } from "../../src/sensors/drivers/sht3x";
import { sht4x } from "../../src/sensors/drivers/sht4x";
import { SensorBench } from "./sensor-bench";

/** The driver of each chip. */
const driverOf: Readonly<Record<string, string>> = {
	bme280: "BME280",
	bmp280: "BMP280",
	bme680: "BME680",
	bme688: "BME680",
	sgp40: "SGP40",
	sgp41: "SGP41",
	sps30: "SPS30",
	sht31: "SHT3x",
	sht41: "SHT4x",
	hdc3022: "HDC302x",
	shtc3: "SHTC3",
	hdc1080: "HDC1080",
	lps22hb: "LPS22HB",
	veml7700: "VEML7700",
	ltr390: "LTR390",
	ina226: "INA226",
	ina228: "INA228",
	max17048: "MAX17048",
	aht20: "AHT20",
	tmp117: "TMP117",
	mcp9808: "MCP9808",
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

/** Every chip at each of its addresses. */
const places = Object.entries(chipCatalogue).flatMap(([name, { addresses }]) =>
	addresses.map((address) => [name, address, `0x${address.toString(16)}`] as const),
);

function driversAt(address: number): readonly I2CDriver[] {
	return allDrivers.filter(({ addresses }) => addresses.includes(address));
}

/** The values of the second measurement: the SCD4x has none in the first. */
function values(driver: I2CDriver, address: number): readonly Value[] {
	const sensor = bench.open(driver, address);
	bench.measure(sensor);
	bench.ticks += 5000;
	const read = bench.measure(sensor);
	sensor.close();
	return read;
}

test("this test includes every chip of the catalogue, and every driver", () => {
	expect(Object.keys(driverOf).sort()).toEqual(Object.keys(chipCatalogue).sort());
	expect([...new Set(Object.values(driverOf))].sort()).toEqual(allDrivers.map(({ name }) => name).sort());
});

describe("each chip is identified by exactly one driver, in either order of the drivers, and works afterwards", () => {
	test.each(places)("%s at %i (%s)", (name, address) => {
		for (const drivers of [driversAt(address), [...driversAt(address)].reverse()]) {
			bench = new SensorBench();
			bench.plugIn(name, address);
			const identities = drivers.map((driver) => [driver.name, bench.identify(driver, address)]);
			expect(identities.filter(([, identity]) => identity === "this")).toEqual([[driverOf[name], "this"]]);
			const driver = drivers.find((each) => each.name === driverOf[name]);
			if (driver === undefined) continue;
			const found = values(driver, address);
			expect(found).toHaveLength(driver.fields.length);
			const measured = found.filter(
				(_, index) => !/^(voc|nox)_index$/.test(driver.fields[index]?.name ?? ""),
			);
			expect(measured.every((value) => typeof value === "number")).toBe(true);
			// Use does not change the result.
			expect(bench.identify(driver, address)).toBe("this");
		}
	});
});

test("at an address without a chip, all drivers report it absent", () => {
	for (const driver of allDrivers)
		for (const address of driver.addresses) expect(bench.identify(driver, address)).toBe("absent");
});

test("a chip with registers answers every driver with registers, in whatever state its own leaves it", () => {
	const isRegisterDriver = ({ hasRegisters }: I2CDriver) => hasRegisters === true;
	const held = places.filter(([name]) =>
		allDrivers.filter(isRegisterDriver).some((driver) => driver.name === driverOf[name]),
	);
	expect(held.length).toBeGreaterThan(30);
	for (const [name, address] of held) {
		bench = new SensorBench();
		bench.plugIn(name, address);
		const drivers = driversAt(address).filter(isRegisterDriver);
		const own = drivers.find((driver) => driver.name === driverOf[name]);
		const identities = () => drivers.map((driver) => bench.identify(driver, address));
		expect(identities()).not.toContain("absent");
		if (own === undefined) continue;
		const sensor = bench.open(own, address);
		sensor.start();
		sensor.close();
		expect(identities()).not.toContain("absent");
	}
});

test("a chip that acknowledges writes but not reads is another chip, not absent", () => {
	for (const driver of [sht3x, sht4x, aht20, scd4x, bh1750]) {
		const address = driver.addresses[0] ?? 0;
		bench.bus.attach(address, {
			write: () => {},
			read: () => {
				throw new NotAcknowledgedError();
			},
		});
		expect(bench.identify(driver, address)).toBe("other");
	}
});

test("on a bus that is held low, all chips are absent, and identified again afterwards", () => {
	for (const [name, address] of places) {
		bench = new SensorBench();
		bench.plugIn(name, address);
		bench.bus.holdLow();
		const held = driversAt(address).map((driver) => bench.identify(driver, address));
		expect(new Set(held)).toEqual(new Set(["absent"]));
		for (let pulse = 0; pulse < 9; pulse++) bench.bus.clockPulse();
		expect(driversAt(address).map((driver) => bench.identify(driver, address))).toContain("this");
	}
});

test("a BME680 is not taken for a BME280", () => {
	bench.plugIn("bme680", 0x77);
	expect(bench.identify(bme680, 0x77)).toBe("this");
	for (const driver of driversAt(0x77).filter((each) => each !== bme680))
		expect(() => bench.open(driver, 0x77)).toThrow(/another chip answers there/);
});

test("drivers are immutable", () => {
	expect(Object.isFrozen(allDrivers)).toBe(true);
	for (const driver of allDrivers) {
		expect(Object.isFrozen(driver)).toBe(true);
		expect(Object.isFrozen(driver.addresses)).toBe(true);
		expect(Object.isFrozen(driver.fields)).toBe(true);
		expect(driver.fields.every((field) => Object.isFrozen(field))).toBe(true);
	}
});
