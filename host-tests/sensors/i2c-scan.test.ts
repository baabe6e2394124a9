import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import type { I2CBus } from "../../src/boards/ecma419";
import type { I2CDriver } from "../../src/sensors/drivers/all-drivers";
import {
	planProbes,
	planProbesAt,
	scanDriverAddresses,
	scanOtherAddresses,
} from "../../src/sensors/pipeline/i2c-scan";

type Identity = "this" | "other" | "absent";

let bus: I2CBus;
/** The address at which a device was opened last. */
let current: number;
let probed: string[];
beforeEach(() => {
	const simulated = new SimulatedI2CBus();
	for (const address of [1, 2, 0x40]) simulated.attach(address, { write: () => {}, read: () => {} });
	bus = { io: recordAddress(simulated.SMBus), data: 21, clock: 22, hz: 100_000 };
	probed = [];
});

function recordAddress(SMBus: I2CBus["io"]): I2CBus["io"] {
	return class extends SMBus {
		constructor(options: ConstructorParameters<I2CBus["io"]>[0]) {
			super(options);
			current = options.address;
		}
	};
}

/** A driver that finds this at an address, whatever is there. */
function driver(name: string, addresses: number[], identity: (address: number) => Identity): I2CDriver {
	return {
		name,
		addresses,
		fields: [],
		matches(chip) {
			probed.push(`${name} ${current}`);
			if (identity(current) === "absent") throw new Error("no acknowledge");
			chip.read(1);
			return identity(current) === "this";
		},
		start: () => {
			throw new Error("detection must not measure");
		},
		read: () => undefined,
	};
}

test("each address is probed by its drivers, in their order, until one recognizes the chip", () => {
	const one = driver("A", [1, 2], (address) => (address === 2 ? "this" : "other"));
	const two = driver("B", [2, 1], (address) => (address === 1 ? "this" : "other"));
	const three = driver("C", [1], () => "this");
	const { chips, unknown } = scanDriverAddresses(bus, [one, two, three], planProbes([one, two, three]));
	expect(chips.map((chip) => `${chip.driver.name} ${chip.address}`)).toEqual(["B 1", "A 2"]);
	expect(unknown).toEqual([]);
	expect(probed).toEqual(["A 1", "B 1", "A 2"]);
});

test.each<[string, Identity[], number, number]>([
	["no chip is there", ["absent", "absent"], 0, 0],
	["no driver recognizes it", ["other", "other"], 0, 1],
	["one driver gets no answer, and another does", ["absent", "other"], 0, 1],
	["the first driver gets no answer, and the second recognizes it", ["absent", "this"], 1, 0],
	["both would recognize it", ["this", "this"], 1, 0],
])("%s", (_, identities, chips, unknown) => {
	const drivers = identities.map((identity, index) => driver(String(index), [0x40], () => identity));
	const result = scanDriverAddresses(bus, drivers, planProbes(drivers));
	expect(result.chips).toHaveLength(chips);
	expect(result.unknown).toHaveLength(unknown);
});

test("only the addresses given are probed", () => {
	const one = driver("A", [1, 2], () => "this");
	expect(scanDriverAddresses(bus, [one], planProbesAt([2], [one])).chips).toEqual([
		{ driver: one, address: 2 },
	]);
	expect(probed).toEqual(["A 2"]);
});

test("addresses to skip are not probed", () => {
	const one = driver("A", [1, 2], () => "this");
	expect(scanDriverAddresses(bus, [one], planProbes([one]), [1]).chips).toEqual([
		{ driver: one, address: 2 },
	]);
	expect(probed).toEqual(["A 2"]);
});

test("each driver is planned at each of its addresses, in the order of addresses and drivers", () => {
	const planned = planProbes([
		driver("A", [0x77, 0x10], () => "absent"),
		driver("B", [0x10], () => "absent"),
	]);
	expect([...planned]).toEqual([0x1000, 0x1001, 0x7700]);
});

describe("at an address where one driver with registers gets no answer", () => {
	const identities = (first: Identity): [string, Identity, true?][] => [
		["A", first, true],
		["B", "absent", true],
		["C", "absent"],
		["D", "this", true],
	];

	function probe(first: Identity) {
		const drivers = identities(first).map(([name, identity, hasRegisters]) => ({
			...driver(name, [0x40], () => identity),
			...(hasRegisters && { hasRegisters }),
		}));
		return scanDriverAddresses(bus, drivers, planProbes(drivers));
	}

	test("only those without are tried, too", () => {
		expect(probe("absent")).toEqual({ chips: [], unknown: [] });
		expect(probed).toEqual(["A 64", "C 64"]);
	});

	test("all are tried, if any driver got one before", () => {
		expect(probe("other").chips).toHaveLength(1);
		expect(probed).toEqual(["A 64", "B 64", "C 64", "D 64"]);
	});
});

test("unknown chips at other addresses are found without a write", () => {
	const simulated = new SimulatedI2CBus();
	const written: number[] = [];
	for (const address of [0x07, 0x08, 0x3c, 0x76, 0x77, 0x78])
		simulated.attach(address, { write: () => written.push(address), read: (into) => into.fill(0) });
	const known = driver("A", [0x76], () => "this");
	expect(scanOtherAddresses({ ...bus, io: simulated.SMBus }, [known])).toEqual([
		expect.stringMatching("I2C address 0x08: "),
		expect.stringMatching("I2C address 0x3c: "),
		expect.stringMatching("I2C address 0x77: "),
	]);
	expect(written).toEqual([]);
	expect(simulated.inUse).toBe(false);
});
