import { expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import { VirtualTime } from "../../simulator/virtual-time";
import { Clock } from "../../src/clock/clock";
import type { TimedReading } from "../../src/dakkio/point";
import { ReadingLog } from "../../src/store/reading-log";
import { planBatch } from "../../src/upload/batch";
import { mainsBoard } from "../clock/mains-board";
import { MemoryKeyValue } from "../memory-key-value";
import { context, destination, start } from "./uploader-fixture";

test("a sync that arrives while a batch is being sent changes no byte of it, and none of its resend", async () => {
	const time = new VirtualTime();
	const clock = new Clock({ ...mainsBoard, time, boot: 1, storage: new MemoryKeyValue(), log: () => {} });
	const readings = new ReadingLog(new NorFlash({ blocks: 4, blockLength: 4096 }));
	const sync = (utc: number) =>
		clock.applyMeasurement({ utc, ticks: time.ticks(), roundTripMs: 20, server: "test" });
	const sample = async (count: number) => {
		for (let i = 0; i < count; i++) {
			readings.append({ time: clock.sampleTime(), values: [20 + i] }, context);
			await time.advance(60_000);
		}
	};
	await sample(10);
	sync(start);
	await sample(10);

	function* timed(from: number | undefined): Generator<TimedReading> {
		for (const reading of readings.pending(from)) {
			const at = clock.resolve(reading.time);
			if (at === undefined) return;
			yield { reading, ...at };
		}
	}
	const batch = planBatch(timed, destination, { maxPoints: 1000, maxBytes: 1_000_000 });
	const whole = new Uint8Array(100_000);
	const length = batch?.body().read(whole) ?? 0;
	expect(batch?.pointCount).toBe(20);

	const body = batch?.body();
	const sent = new Uint8Array(100_000);
	const half = body?.read(sent.subarray(0, length >> 1)) ?? 0;
	sync(start + 10 * 60_000 + 700);
	const rest = body?.read(sent.subarray(half)) ?? 0;
	expect(half + rest).toBe(length);
	expect(Buffer.compare(sent, whole)).toBe(0);
	const again = new Uint8Array(100_000);
	batch?.body().read(again);
	expect(Buffer.compare(again, whole)).toBe(0);
});
