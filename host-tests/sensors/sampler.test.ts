import { beforeEach, expect, test } from "vitest";
import { SimulatedBus } from "../../simulator/bus";
import { BME280Chip } from "../../simulator/chips/bme280";
import { VirtualTime } from "../../simulator/virtual-time";
import { Sampler } from "../../src/sensors/sampler";

let time: VirtualTime;
let bus: SimulatedBus;
let lines: string[];
beforeEach(() => {
	time = new VirtualTime();
	bus = new SimulatedBus();
	lines = [];
});

function plugIn(address: number, id = 0x60): void {
	const environment = () => ({ temperature: 22.479999542236328, humidity: 45.23, pressure: 101_325.4 });
	bus.attach(address, new BME280Chip({ ticks: () => time.ticks(), environment, id }));
}

function sampler(): Sampler {
	return new Sampler({
		bus: { io: bus.SMBus, data: 21, clock: 22, hz: 100_000 },
		time,
		log: (line) => lines.push(line),
	});
}

async function sample(from: Sampler) {
	const result = from.sample();
	await time.advance(1000);
	return result;
}

test("what is on the bus is found by its id, and its values come with the field's decimals", async () => {
	plugIn(0x77);
	const { fields, values } = await sample(sampler());
	expect(fields.map(({ name, unit, decimals }) => [name, unit, decimals])).toEqual([
		["temperature", "celsius", 2],
		["humidity", "percent", 1],
		["pressure", "hPa", 2],
	]);
	expect(values).toEqual([22.48, 45.2, 1013.25]);
	expect(lines).toEqual(["sensor: BME280 at 0x77 (temperature, humidity, pressure)"]);
});

test("an empty bus is told once, and a sensor that is plugged in later is found", async () => {
	const empty = sampler();
	expect(await sample(empty)).toEqual({ fields: [], values: [] });
	expect(await sample(empty)).toEqual({ fields: [], values: [] });
	expect(lines).toHaveLength(1);
	expect(lines[0]).toMatch(/none found/);
	plugIn(0x76);
	expect((await sample(empty)).values).toHaveLength(3);
});

test("a sensor that is pulled out leaves its values out, is told once, and is back when it is plugged in again", async () => {
	plugIn(0x76);
	const running = sampler();
	await sample(running);
	bus.detach(0x76);
	expect((await sample(running)).values).toEqual([undefined, undefined, undefined]);
	expect((await sample(running)).values).toEqual([undefined, undefined, undefined]);
	expect(lines.slice(1)).toEqual([
		"sensor: BME280 at 0x76: it does not answer. Check its wiring and address.",
	]);
	plugIn(0x76);
	expect((await sample(running)).values).toEqual([22.48, 45.2, 1013.25]);
	expect(lines.at(-1)).toBe("sensor: BME280 at 0x76 is back");
});

test("a chip that is put in the place of a broken one is read with its own calibration", async () => {
	plugIn(0x76);
	const running = sampler();
	await sample(running);
	bus.detach(0x76);
	await sample(running);
	const calibration = {
		T: [28009, 25654, 50],
		P: [39145, -10750, 3024, 5831, 20, -7, 12300, -12000, 5000],
		H: [75, 370, 0, 313, 50, 30],
	} as const;
	const environment = () => ({ temperature: 7.5, humidity: 80, pressure: 99_000 });
	bus.attach(0x76, new BME280Chip({ ticks: () => time.ticks(), environment, calibration }));
	const { values } = await sample(running);
	expect(values).toEqual([7.5, 80, 990]);
});

test.each([
	["0x58", /a BMP280, which this firmware cannot use yet/],
	["0x61", /a BME680, which this firmware cannot use yet/],
	["0x12", /does not know \(id 0x12\)/],
])("a chip with the id %s is named, and does not stop the one beside it", async (id, expected) => {
	plugIn(0x76, Number(id));
	plugIn(0x77);
	const { values } = await sample(sampler());
	expect(values).toHaveLength(3);
	expect(lines.join("\n")).toMatch(expected);
});

test("closed while it waits, it does no harm", async () => {
	plugIn(0x76);
	const running = sampler();
	const result = running.sample();
	running.close();
	await time.advance(1000);
	expect((await result).values).toEqual([]);
});
