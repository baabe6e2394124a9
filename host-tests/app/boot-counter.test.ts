import { beforeEach, describe, expect, test } from "vitest";
import { countBoot, incrementBoot, markReasonReported } from "../../src/app/boot-counter";
import { formatStatus, type Status } from "../../src/app/status";
import type { ResetReason } from "../../src/boards/reset-reason";
import { Clock } from "../../src/clock/clock";
import { mainsBoard } from "../clock/mains-board";
import { MemoryKeyValue } from "../memory-key-value";

let storage: MemoryKeyValue;
beforeEach(() => {
	storage = new MemoryKeyValue();
});
const start = (reason: ResetReason, before = 0) => countBoot(storage, before, reason);

describe("the boot counter", () => {
	test("gives each boot a new number, and counts reset reasons", () => {
		expect(start("power-on")).toEqual({
			boot: 1,
			resumed: false,
			resetCounts: [["power-on", 1]],
			unreportedReason: "power-on",
		});
		expect(start("brown-out").boot).toBe(2);
		expect(start("brown-out")).toMatchObject({
			boot: 3,
			resetCounts: [
				["power-on", 1],
				["brown-out", 2],
			],
		});
	});

	test("continues the boot after deep sleep, without a write", () => {
		start("power-on");
		const { writes } = storage;
		expect(start("deep sleep")).toMatchObject({ boot: 1, resumed: true });
		expect(storage.writes).toBe(writes);
		expect(start("task watchdog")).toMatchObject({ boot: 2, resumed: false });
	});

	test("is always beyond the newest reading on flash, even if the storage was erased, even during sleep", () => {
		expect(start("power-on", 41).boot).toBe(42);
		storage.delete("boots");
		expect(start("deep sleep", 42)).toMatchObject({ boot: 43, resumed: false });
		expect(start("deep sleep", 90)).toMatchObject({ boot: 91, resumed: false });
	});

	test("is beyond each boot whose time is saved, even if the count and all readings are lost", () => {
		const clock = new Clock({ ...mainsBoard, time: { ticks: () => 0 }, boot: 41, storage, log: () => {} });
		clock.applyMeasurement({ utc: Date.UTC(2027, 2, 1), ticks: 0, roundTripMs: 20, server: "test" });
		expect(start("power-on").boot).toBe(42);
		storage.delete("boots");
		storage.write("clock", Uint8Array.of(1, 2, 3));
		expect(start("power-on").boot).toBe(1);
	});

	test("is incremented within a boot whose ticks are counted at another rate from now on", () => {
		start("power-on");
		incrementBoot(storage);
		expect(start("deep sleep")).toMatchObject({ boot: 2, resumed: true });
		expect(start("restart").boot).toBe(3);
	});

	test("reads the record of an early version, which had no reset reasons", () => {
		storage.write("boots", Uint8Array.of(0, 0, 0, 7));
		expect(start("panic")).toEqual({
			boot: 8,
			resumed: false,
			resetCounts: [["panic", 1]],
			unreportedReason: "panic",
		});
	});

	test("keeps the reset reason until it is reported, also over a sleep", () => {
		start("brown-out");
		expect(start("deep sleep").unreportedReason).toBe("brown-out");
		markReasonReported(storage);
		expect(start("deep sleep").unreportedReason).toBeUndefined();
		expect(start("restart").unreportedReason).toBe("restart");
	});

	test("does not prevent the start when storage fails", () => {
		start("power-on");
		storage.write = () => {
			throw new Error("the storage is full");
		};
		expect(start("restart", 6)).toMatchObject({ boot: 7, resumed: false });
	});

	test("stops counting a reset reason at 65,535", () => {
		const bytes = new Uint8Array(36);
		new DataView(bytes.buffer).setUint16(6, 0xffff);
		storage.write("boots", bytes);
		expect(start("power-on").resetCounts).toEqual([["power-on", 65_535]]);
	});
});

describe("the status line", () => {
	const well: Status = {
		bootInfo: {
			boot: 3,
			resumed: false,
			resetCounts: [
				["power-on", 2],
				["restart", 1],
			],
			unreportedReason: undefined,
		},
		uptimeMs: 90_061_000,
		freeMemoryBytes: 90 * 1024 + 5,
		pending: 12,
		capacity: 141_000,
		overwritten: 0,
		quarantined: 0,
		quarantineOverwritten: 0,
		uploadFault: undefined,
		damagedBytes: 0,
		signalStrength: -61,
		batteryLevel: undefined,
		failedUpdate: undefined,
	};

	test("omits counts of zero", () => {
		expect(formatStatus(well)).toBe(
			"status: up 1 d 1 h, 90 KiB free, -61 dBm, 12 pending, boots: 2 power-on, 1 restart",
		);
	});

	test("shows each count that is not zero", () => {
		const ill = {
			...well,
			overwritten: 3,
			quarantined: 2,
			damagedBytes: 4096,
			batteryLevel: 80,
			uptimeMs: 61_000,
		};
		expect(formatStatus(ill)).toBe(
			"status: up 1 min, 90 KiB free, -61 dBm, battery 80 %, 12 pending, 3 overwritten, 2 in quarantine, " +
				"4096 bytes of flash damaged, boots: 2 power-on, 1 restart",
		);
	});
});
