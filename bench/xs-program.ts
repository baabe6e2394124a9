import type { Flash } from "../src/boards/ecma419";
import { batchPoint } from "../src/dakkio/point";
import { FlashQueue } from "../src/queue/flash-queue";
import type { SampleContext } from "../src/reading/reading";
import { ReadingLog } from "../src/store/reading-log";
import { planBatch } from "../src/upload/batch";

/** What runs on XS: bundled, evaluated there once, and then called by name. */

const blocks = 256;
const blockLength = 4096;

/** Flash without a model of anything, so that the meter counts the queue and not the flash. */
class BareFlash implements Flash {
	readonly #image = new Uint8Array(blocks * blockLength).fill(0xff);

	read(buffer: Uint8Array, byteOffset: number): number {
		buffer.set(this.#image.subarray(byteOffset, byteOffset + buffer.length));
		return buffer.length;
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		this.#image.set(buffer, byteOffset);
	}

	eraseBlock(start: number, end: number): void {
		this.#image.fill(0xff, start * blockLength, end * blockLength);
	}

	status() {
		return { size: blocks * blockLength, blockLength, blocks };
	}

	close(): void {}
}

const context: SampleContext = {
	boot: 1,
	deviceId: "ESP32-A1B2C3",
	location: "Balcony",
	firmwareVersion: "0.1.0",
	fields: [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "humidity", unit: "percent", decimals: 1 },
		{ name: "pressure", unit: "hPa", decimals: 2 },
	],
};

const record = new Uint8Array(96).fill(0x5a);
const recordFlash = new BareFlash();
let queue = new FlashQueue({ flash: recordFlash });
const readingFlash = new BareFlash();
let log = new ReadingLog({ flash: readingFlash });
let readings = 0;
const socketBuffer = new Uint8Array(1024);
/** Read by nobody: it keeps what it refers to from being collected. */
let held: unknown;
const key = { bucketId: "", dataSourceId: "507f1f77bcf86cd799439012" };

function appendOne(): void {
	const i = readings++;
	const values = [20 + (i % 7) / 100, 45.5 - (i % 5) / 10, 1013.25 + (i % 3) / 100];
	log.append({ time: { utc: 1.79e12 + i * 60_000 }, values, signalStrength: -60 - (i % 4) }, context);
}

const works = {
	nothing(): void {},
	push(count: number): void {
		for (let i = 0; i < count; i++) queue.push(record);
	},
	read(count: number): void {
		let left = count;
		for (const _ of queue.records()) if (--left === 0) return;
	},
	acknowledge(count: number): void {
		queue.acknowledge((queue.oldest ?? 1) + count - 1);
	},
	mount(): void {
		queue = new FlashQueue({ flash: recordFlash });
		queue.records().next();
	},
	append(count: number): void {
		for (let i = 0; i < count; i++) appendOne();
	},
	/** What a board does all its life. */
	live(rounds: number): void {
		for (let i = 0; i < rounds; i++) {
			works.push(50);
			works.read(50);
			works.acknowledge(50);
		}
	},
	/** Throws unless a reading comes back as it was stored, text in any script included. */
	roundTrip(): void {
		const told: SampleContext = {
			...context,
			location: "Küche \u{1f321} 温室 \ud800",
			fields: [...context.fields, { name: "state", unit: "", decimals: 0 }],
		};
		const values = [21.53, -7, 1013.25, "läuft \u{1f600}"];
		const reading = { time: { utc: 1.79e12 }, values, batteryLevel: 87, signalStrength: -61 };
		const own = new ReadingLog({ flash: new BareFlash() });
		own.append(reading, told);
		own.append(reading, told);
		for (const back of own.waiting())
			if (JSON.stringify(back.values) !== JSON.stringify(values) || back.context.location !== told.location)
				throw new Error(JSON.stringify(back));
	},
	/** Read back and written as the API's JSON. */
	tell(count: number): void {
		let left = count;
		for (const reading of log.waiting()) {
			const { time } = reading;
			batchPoint({ reading, utc: "utc" in time ? time.utc : 0, estimated: false }, key);
			if (--left === 0) return;
		}
	},
	/** Half of a batch of 1,000 points has been handed to the socket; what that holds in memory stays. */
	holdBatch(): void {
		const source = function* (from: number | undefined) {
			for (const reading of log.waiting(from)) {
				const { time } = reading;
				yield { reading, utc: "utc" in time ? time.utc : 0, estimated: false };
			}
		};
		const batch = planBatch(source, key, { points: 1_000, bytes: 384 * 1024 });
		if (batch?.points !== 1_000) throw new Error(`${batch?.points} points instead of 1,000`);
		const body = batch.body();
		for (let sent = 0; sent < body.length / 2; sent += socketBuffer.length) body.read(socketBuffer);
		held = { batch, body };
	},
	letGo(): void {
		held = undefined;
	},
	mountLog(): void {
		log = new ReadingLog({ flash: readingFlash });
		appendOne();
	},
};

export type Work = keyof typeof works;

Object.assign(globalThis, { work: works, held: () => held });
