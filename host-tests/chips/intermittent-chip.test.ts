import { expect, test } from "vitest";
import { type WiredFault, wiredFaults } from "../../simulator/chips/intermittent-chip";
import { SensorBoard } from "../sensors/sensor-board";

/** A chip with the fault, and its log line; `undefined` where the fault cannot be detected. */
const rows: Readonly<Record<WiredFault, readonly [name: string, address: number, line: RegExp | undefined]>> =
	{
		unplugged: ["bme280", 0x76, /^sensor: BME280 at 0x76: it does not answer/],
		silent: ["tmp117", 0x48, /^sensor: TMP117 at 0x48: it does not answer/],
		"held low": ["bh1750", 0x23, /^sensor: I2C bus: a chip held the data line low; the bus is recovered/],
		"wrong checksum": ["sht31", 0x44, /^sensor: SHT3x at 0x44: wrong checksum/],
		frozen: ["bme280", 0x76, undefined],
		"never ready": ["aht20", 0x38, /^sensor: AHT20 at 0x38: its measurement did not end in time/],
		slow: ["ina219", 0x40, /^sensor: INA219 at 0x40: its measurement did not end in time/],
		"out of range": ["bmp280", 0x76, /^sensor: BMP280 at 0x76: its temperature is out of range/],
	};

test.each(wiredFaults)("a chip with the fault %s has it every other minute", async (fault) => {
	const [name, address, expected] = rows[fault];
	const board = new SensorBoard();
	board.station.plugIn({ name, address, fault });
	board.start();
	for (const minute of [0, 1, 2, 3]) {
		const from = board.logLines.length;
		for (let i = 0; i < 3; i++) {
			const { values } = await board.sampleAsIs(20_000);
			const works = minute % 2 === 0 || expected === undefined || fault === "held low";
			expect(values.every((value) => value !== undefined)).toBe(works);
		}
		const lines = board.logLines.slice(from).filter((line) => expected?.test(line) === true);
		expect(lines).toHaveLength(expected === undefined || minute % 2 === 0 ? 0 : 1);
	}
});

test("a frozen chip keeps its value until the minute is over", async () => {
	const board = new SensorBoard();
	board.station.plugIn({ name: "ads1115", address: 0x48, fault: "frozen" });
	board.start();
	const seen = new Set<string>();
	for (let minute = 0; minute < 8; minute++) {
		seen.clear();
		for (let i = 0; i < 6; i++) seen.add(JSON.stringify((await board.sampleAsIs(10_000)).values));
		expect(seen.size === 1).toBe(minute % 2 === 1);
	}
});
