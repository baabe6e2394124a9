import { beforeEach, expect, test } from "vitest";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import type { I2CBus } from "../../src/boards/ecma419";
import type { Driver, IdentifyResult } from "../../src/sensors/drivers/driver";
import { scanDriverAddresses, scanOtherAddresses } from "../../src/sensors/pipeline/i2c-scan";

let bus: I2CBus;
let asked: string[];
beforeEach(() => {
	bus = { io: new SimulatedI2CBus().SMBus, data: 21, clock: 22, hz: 100_000 };
	asked = [];
});

function kind(name: string, addresses: number[], identity: (address: number) => IdentifyResult): Driver {
	return {
		name,
		addresses,
		fields: [],
		identify: (_, address) => {
			asked.push(`${name} ${address}`);
			return identity(address);
		},
		open: () => {
			throw new Error("nobody is to be set up while it is looked");
		},
	};
}

const none = () => false;

test("each address is asked of those who claim it, in their order, until one knows the chip", () => {
	const one = kind("A", [1, 2], (address) => (address === 2 ? "this" : "other"));
	const two = kind("B", [2, 1], (address) => (address === 1 ? "this" : "other"));
	const three = kind("C", [1], () => "this");
	const { chips, unknown } = scanDriverAddresses(bus, [one, two, three], none);
	expect(chips.map(({ driver, address }) => `${driver.name} ${address}`)).toEqual(["B 1", "A 2"]);
	expect(unknown).toEqual([]);
	expect(asked).toEqual(["A 1", "B 1", "A 2"]);
});

test.each<[string, IdentifyResult[], number, number]>([
	["nobody is there", ["absent", "absent"], 0, 0],
	["it is none of them", ["other", "other"], 0, 1],
	["one gets no answer to its question, and another does", ["absent", "other"], 0, 1],
	["the first gets no answer to its question, and the second knows it", ["absent", "this"], 1, 0],
	["both would know it", ["this", "this"], 1, 0],
])("%s", (_, identities, found, strange) => {
	const kinds = identities.map((identity, index) => kind(String(index), [0x40], () => identity));
	const result = scanDriverAddresses(bus, kinds, none);
	expect(result.chips).toHaveLength(found);
	expect(result.unknown).toHaveLength(strange);
});

test("an address that is to be skipped is not spoken to", () => {
	const one = kind("A", [1, 2], () => "this");
	expect(scanDriverAddresses(bus, [one], (address) => address === 1).chips).toEqual([
		{ driver: one, address: 2 },
	]);
	expect(asked).toEqual(["A 2"]);
});

test("strangers are looked for where no kind looks, without a write", () => {
	const simulated = new SimulatedI2CBus();
	const written: number[] = [];
	for (const address of [0x07, 0x08, 0x3c, 0x76, 0x77, 0x78])
		simulated.attach(address, { write: () => written.push(address), read: (into) => into.fill(0) });
	const known = kind("A", [0x76], () => "this");
	expect(scanOtherAddresses({ ...bus, io: simulated.SMBus }, [known])).toEqual([
		expect.stringMatching("I2C address 0x08: "),
		expect.stringMatching("I2C address 0x3c: "),
		expect.stringMatching("I2C address 0x77: "),
	]);
	expect(written).toEqual([]);
	expect(simulated.inUse).toBe(false);
});
