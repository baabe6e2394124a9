import { expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Bytes } from "../../src/boards/ecma419";
import type { TimedReading } from "../../src/dakkio/point";
import { Quarantine } from "../../src/upload/quarantine";

class CountedFlash extends NorFlash {
	reads = 0;

	override read(bytes: Bytes, offset: number): number {
		this.reads++;
		return super.read(bytes, offset);
	}
}

const destination = { bucketId: "b", dataSourceId: "d" };

function timed(sequence: number): TimedReading {
	const context = {
		...{ boot: 1, deviceId: "ESP32-1", location: "", firmwareVersion: "0.2.0" },
		fields: [{ name: "temperature", unit: "celsius", decimals: 2 }],
	};
	const utc = Date.UTC(2027, 0, 1);
	return { reading: { sequence, context, time: { utc }, values: [21.5] }, utc, estimated: false };
}

const kept = (quarantine: Quarantine) => [...quarantine.points()].map(({ sequence }) => sequence);

test("keeps what it counted, and not its ring, until a point is added", () => {
	const flash = new CountedFlash({ blocks: 4, blockLength: 4096 });
	new Quarantine(flash).add(timed(7), destination, "400: no");
	const quarantine = new Quarantine(flash);
	expect(kept(quarantine)).toEqual([7]);
	const { reads } = flash;
	expect([quarantine.length, quarantine.droppedPoints]).toEqual([1, 0]);
	expect(flash.reads).toBe(reads);
	quarantine.add(timed(9), destination, "422: no");
	expect([quarantine.length, kept(quarantine)]).toEqual([2, [7, 9]]);
	quarantine.reset();
	expect([quarantine.length, kept(quarantine)]).toEqual([0, []]);
});

test("counts the same whether it is asked before it changes or after", () => {
	const flash = new NorFlash({ blocks: 4, blockLength: 4096 });
	const quarantine = new Quarantine(flash);
	expect(quarantine.length).toBe(0);
	for (let sequence = 1; sequence <= 60; sequence++)
		quarantine.add(timed(sequence), destination, "no".repeat(150));
	const again = new Quarantine(flash);
	expect(quarantine.droppedPoints).toBeGreaterThan(0);
	expect([again.length, again.droppedPoints]).toEqual([quarantine.length, quarantine.droppedPoints]);
	expect(kept(again)).toEqual(kept(quarantine));
});

test("points that are added again, as power was cut before they were acknowledged, are there once", () => {
	const flash = new NorFlash({ blocks: 4, blockLength: 4096 });
	for (let boot = 0; boot < 2; boot++) {
		const quarantine = new Quarantine(flash);
		quarantine.add(timed(7), destination, "400: no");
		quarantine.add(timed(8), destination, "400: no");
	}
	const quarantine = new Quarantine(flash);
	expect(kept(quarantine)).toEqual([7, 8]);
	quarantine.add(timed(8), destination, "422: another cause");
	expect(kept(quarantine)).toEqual([7, 8, 8]);
});
