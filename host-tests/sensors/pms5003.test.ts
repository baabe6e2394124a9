import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type PMS5003Fault, PMS5003Port } from "../../simulator/chips/pms5003";
import { pms5003 } from "../../src/sensors/drivers/pms5003";
import { SerialDevice } from "../../src/sensors/drivers/serial-device";
import { BenchSensor, SensorBench } from "./sensor-bench";
import { SensorBoard } from "./sensor-board";

/**
 * Data manual, version 2.5, appendix I, which has no worked example: the start, 28 bytes, 13 words, and the sum of all
 * bytes before it. In the air: PM1 5, PM2.5 8, PM10 9.
 */
const bytes = [...Buffer.from("424d001c000100020003000500080009" + "0402013c00480006000200029700", "hex")];
const sum = bytes.reduce((total, byte) => total + byte, 0);
const valid = [...bytes, sum >> 8, sum & 0xff];

function sensorFor(chunks: readonly (readonly number[])[]): BenchSensor {
	const left = [...chunks];
	const port = {
		read: () => {
			const next = left.shift();
			return next === undefined || next.length === 0 ? undefined : Uint8Array.from(next).buffer;
		},
		close: () => {},
	};
	return new BenchSensor(pms5003, "PMS5003 at pin 16", () => new SerialDevice(port, "PMS5003 at pin 16"));
}

function values(chunks: readonly (readonly number[])[]) {
	return new SensorBench().measure(sensorFor([[], ...chunks]));
}

test("a frame is read, in one piece, in many, and after bytes of another", () => {
	expect(values([valid])).toEqual([5, 8, 9]);
	expect(values([valid.slice(0, 7), valid.slice(7, 20), valid.slice(20)])).toEqual([5, 8, 9]);
	expect(values([[0x42, 0x4d, 0, ...valid]])).toEqual([5, 8, 9]);
	expect(values([[...valid.slice(11), ...valid, 0x42]])).toEqual([5, 8, 9]);
});

test("a frame with any wrong byte is not a value, and what was buffered before the measurement is not one", () => {
	fc.assert(
		fc.property(fc.nat(31), fc.integer({ min: 1, max: 255 }), (at, change) => {
			const wrong = valid.map((byte, index) => (index === at ? byte ^ change : byte));
			expect(() => values([wrong])).toThrow(/what it sends is not valid/);
		}),
	);
	expect(() => new SensorBench().measure(sensorFor([valid]))).toThrow(/it sends nothing/);
});

test("a frame that is cut at any byte, by a loss of supply or a loose wire, is not a value; the next frame is", () => {
	for (let length = 1; length < valid.length; length++) {
		const cut = valid.slice(0, length);
		expect(() => values([cut])).toThrow(/what it sends is not valid/);
		expect(values([cut, valid])).toEqual([5, 8, 9]);
		expect(() => values([cut, [], valid.slice(length + 1)])).toThrow(/what it sends is not valid/);
		expect(values([valid.slice(length), valid])).toEqual([5, 8, 9]);
	}
});

test("a line that is stuck in the middle of a frame is not a value", () => {
	for (const level of [0x00, 0xff])
		for (let length = 0; length < valid.length; length++) {
			const stuck = valid.map((byte, at) => (at < length ? byte : level));
			expect(() => values([stuck]), `${level} from ${length}`).toThrow(/what it sends is not valid/);
		}
});

describe("on a board", () => {
	let board: SensorBoard;
	let port: PMS5003Port;
	beforeEach(() => {
		board = new SensorBoard();
		port = new PMS5003Port({ ticks: () => board.time.ticks(), environment: () => board.surroundings });
		board.pins.serialPorts.set(16, port);
	});

	test("it is measured, named and logged like the others", async () => {
		board.plugIn("sps30");
		board.start({ serialPin: 16 });
		expect(await board.sample()).toMatchObject({ pm1: 4.2, pm2_5: 6.1, pm1_2: 4, pm2_5_2: 6, pm10_2: 7 });
		expect(board.logLines).toContain("sensor: PMS5003 at pin 16 (pm1_2, pm2_5_2, pm10_2)");
		expect(await board.sample()).toMatchObject({ pm1_2: 4, pm10_2: 7 });
	});

	test.each<[PMS5003Fault, string]>([
		["silent", "it sends nothing. Check its supply of 5 V, and that its TX is at this pin."],
		["wrong sum", "what it sends is not valid. Check its wiring; another device may be at this pin."],
		["noise", "what it sends is not valid. Check its wiring; another device may be at this pin."],
		["idle", "what it sends is not valid. Check its wiring; another device may be at this pin."],
	])("%s is one clear error, and it recovers", async (fault, sentence) => {
		board.start({ serialPin: 16 });
		await board.sample();
		port.fault = fault;
		expect(await board.sample()).toEqual({ pm1: undefined, pm2_5: undefined, pm10: undefined });
		await board.sample();
		expect(board.logLines.slice(1)).toEqual([`sensor: PMS5003 at pin 16: ${sentence}`]);
		port.fault = undefined;
		expect(await board.sample()).toEqual({ pm1: 4, pm2_5: 6, pm10: 7 });
	});

	test("a pin without a sensor costs its values only", async () => {
		board.plugIn("bme280");
		board.start({ serialPin: 17 });
		expect(await board.sample()).toMatchObject({ temperature: 22.48, pm10: undefined });
	});
});
