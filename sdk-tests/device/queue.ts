import { crc24, crc32 } from "checksum";
import {
	earlierBlockLength,
	earlierImage,
	earlierPending,
	earlierRecord,
} from "../../host-tests/queue/earlier-ring";
import { QueueModel, type QueueModelOptions, randomOperation } from "../../host-tests/queue/queue-model";
import { below, pick, randomFrom } from "../../host-tests/queue/seeded-random";
import { NorFlash, type Tear } from "../../simulator/hardware/nor-flash";
import { crc24 as linkedCrc24 } from "../../src/common/crc24";
import { crc32 as linkedCrc32 } from "../../src/common/crc32";
import { errorMessage } from "../../src/common/error-message";
import { FlashQueue } from "../../src/queue/flash-queue";
import type { Reading, SampleContext, Value } from "../../src/reading/reading";
import { ReadingLog } from "../../src/store/reading-log";
import { check, expectSame } from "./report";

const tears: readonly Tear[] = ["prefix", "first half", "last half", "scattered", "almost"];
const seeds = 12;
const operations = 60;

/** The checksums in C; the queue against its model, with power cuts; and the codec on the queue. */
export async function checkQueue(): Promise<void> {
	await check("the firmware's checksums are the functions in C", () => {
		if (linkedCrc24 !== crc24 || linkedCrc32 !== crc32) throw new Error("they are others");
	});
	await check("checksums of any length at any place are as specified", compareChecksums);
	await check("a checksum reads nothing but bytes of its buffer", refuseOthersThanBytes);
	await check("a ring of an earlier firmware is read", readEarlierRing);
	await check("the queue matches its model through power cuts", () => {
		for (let seed = 1; seed <= seeds; seed++) runOperations(seed);
	});
	await check("readings are the same after storing and reading", () => {
		for (let seed = 1; seed <= seeds; seed++) storeAndRead(seed);
	});
}

/** Most significant bit first, or else reflected; a bit at a time. */
function crcBitByBit(bits: 24 | 32, initial: number, bytes: Uint8Array): number {
	let crc = initial;
	for (const byte of bytes) {
		crc = (bits === 24 ? crc ^ (byte << 16) : crc ^ byte) >>> 0;
		for (let bit = 0; bit < 8; bit++)
			if (bits === 24) crc = ((crc << 1) ^ (crc & 0x800000 ? 0x864cfb : 0)) & 0xffffff;
			else crc = ((crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)) >>> 0;
	}
	return crc;
}

function compareChecksums(): void {
	const random = randomFrom(1);
	const buffer = Uint8Array.from({ length: 48 }, () => below(256, random)).buffer;
	for (const offset of [0, 1, 8]) {
		const bytes = new Uint8Array(buffer, offset, 37);
		for (let start = 0; start <= bytes.length; start++)
			for (let end = start; end <= bytes.length; end++) {
				const part = bytes.subarray(start, end);
				const initial = below(0x1000000, random);
				const what = `of ${start} to ${end} at ${offset}`;
				expectSame(crc24(initial, bytes, start, end), crcBitByBit(24, initial, part), `the CRC-24 ${what}`);
				const crc = (crcBitByBit(32, 0xffffffff, part) ^ 0xffffffff) >>> 0;
				expectSame(crc32(part), crc, `the CRC-32 ${what}`);
			}
	}
}

function refuseOthersThanBytes(): void {
	const part = new Uint8Array(new ArrayBuffer(64), 16, 8);
	const detached = new Uint8Array(8);
	detached.buffer.transfer();
	const huge = 2 ** 32;
	const ranges = [
		...[0, 9, -1, 4, 5, 4, 9, 9, huge, huge + 8, -huge, 8, Number.NaN, 8, 0, Number.NaN],
		...[0, Number.POSITIVE_INFINITY, -8, 0],
	];
	for (let at = 0; at < ranges.length; at += 2) {
		const [start = 0, end = 0] = ranges.slice(at, at + 2);
		expectThrow(RangeError, () => crc24(0, part, start, end), `${start} to ${end}`);
	}
	const others: readonly (readonly [string, unknown])[] = [
		["detached", detached],
		["of 16 bits", new Uint16Array(8)],
		["text", "12345678"],
		["an array", [1, 2, 3, 4, 5, 6, 7, 8]],
		["undefined", undefined],
	];
	for (const [what, bytes] of others) {
		expectThrow(TypeError, () => crc24(0, bytes as Uint8Array, 0, 4), what);
		expectThrow(TypeError, () => crc32(bytes as Uint8Array), what);
	}
}

function expectThrow(type: typeof TypeError | typeof RangeError, call: () => unknown, what: string): void {
	let thrown: unknown;
	try {
		call();
	} catch (error) {
		thrown = error;
	}
	if (!(thrown instanceof type)) throw new Error(`${what}: ${thrown}`);
}

function readEarlierRing(): void {
	const image = earlierImage();
	const blocks = image.length / earlierBlockLength;
	const queue = new FlashQueue({ flash: new NorFlash({ blocks, blockLength: earlierBlockLength, image }) });
	let { first } = earlierPending;
	expectSame(queue.droppedRecords, earlierPending.dropped, "the number of dropped records");
	for (const { sequence, bytes } of queue.records()) {
		expectSame(sequence, first, "the number");
		expectSame([...bytes], [...earlierRecord(first - 1)], `record ${first}`);
		first++;
	}
	expectSame(first, earlierPending.last + 1, "the number after the last");
}

function runOperations(seed: number): void {
	const random = randomFrom(seed);
	const options: QueueModelOptions = {
		blocks: pick([2, 3, 16], random),
		blockLength: 512,
		maxRecordBytes: 60,
	};
	const life = new QueueModel(options);
	try {
		for (let i = 0; i < operations; i++) {
			const operation = randomOperation(life, random);
			if (random() < 0.2)
				life.flash.schedulePowerCut({ step: below(80, random), tear: pick(tears, random), random });
			if (!life.run(operation)) life.recover(operation);
		}
	} catch (error) {
		throw new Error(`seed ${seed}: ${errorMessage(error)}`);
	}
}

function storeAndRead(seed: number): void {
	const random = randomFrom(seed);
	const flash = new NorFlash({ blocks: 8, blockLength: 4096 });
	let log = new ReadingLog(flash);
	const context: SampleContext = {
		boot: seed,
		deviceId: "ESP32-51AC00",
		location: "Küche 🌡",
		firmwareVersion: "0.1.0",
		fields: [
			{ name: "temperature", unit: "celsius", decimals: 2 },
			{ name: "open", unit: "", decimals: 0 },
			{ name: "note", unit: "", decimals: 0 },
		],
	};
	const stored: Reading[] = [];
	for (let i = 0; i < 200; i++) {
		const values: Value[] = [
			(below(20_000, random) - 10_000) / 100,
			random() < 0.5,
			random() < 0.2 ? "nass" : undefined,
		];
		const time = random() < 0.1 ? { boot: seed, ticks: i * 1000 } : { utc: 1_800_000_000_000 + i * 1000 };
		const reading = { time, values, batteryLevel: below(101, random), signalStrength: -below(90, random) };
		log.append(reading, context);
		stored.push(reading);
		if (random() < 0.05) log = new ReadingLog(flash);
	}
	let at = 0;
	for (const { time, values, batteryLevel, signalStrength, context: readContext } of log.pending()) {
		expectSame({ time, values, batteryLevel, signalStrength }, stored[at], `seed ${seed}, reading ${at}`);
		expectSame(readContext, context, "the context");
		at++;
	}
	expectSame(at, stored.length, "the number of readings");
}
