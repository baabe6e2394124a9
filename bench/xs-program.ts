import "./xs-builtins";
import { PointEncoder } from "../src/dakkio/point";
import { rateLimitHeaders } from "../src/dakkio/rate-limits";
import { HttpConnection } from "../src/http/http-connection";
import { FlashQueue } from "../src/queue/flash-queue";
import type { Reading, SampleContext, Value } from "../src/reading/reading";
import type { DecoderState } from "../src/reading/reading-decoder";
import { Sampler, type SamplerSettings } from "../src/sensors/pipeline/sampler";
import { ReadingLog } from "../src/store/reading-log";
import { RingHintRecord } from "../src/store/ring-hint";
import { planBatch } from "../src/upload/batch";
import {
	BareFlash,
	BareKeyValue,
	bareBus,
	bareNetwork,
	barePins,
	frozenTime,
	setAir,
	skippingTime,
} from "./xs-bare";
import { apiKey, BaselineBoard, baselinePoint, host, sampledAt, signalAt } from "./xs-baseline";
import { checksummedBytes, crc24, crc32 } from "./xs-checksum";
import { native } from "./xs-native";

/** The program for XS: bundled, evaluated once, then called by name. */

const context: SampleContext = {
	boot: 1,
	deviceId: baselinePoint.deviceId,
	location: baselinePoint.location,
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
let log = new ReadingLog(readingFlash);
let readings = 0;
const socketBuffer = new Uint8Array(1024);
/** What the memory of a deep sleep keeps. */
let sleepText: string | undefined;
/** Keeps an object alive. */
let retained: unknown;
const checked = new Uint8Array(1024);
const { max } = Math;
const { isView } = ArrayBuffer;
const key = { bucketId: baselinePoint.bucketId, dataSourceId: baselinePoint.dataSourceId };
const fullFlash = new BareFlash();
const fullKeyValue = new BareKeyValue();
const settings: SamplerSettings = {
	...{
		sensors: {},
		inputs: [],
		oneWirePin: "none",
		serialPin: "none",
		derived: [],
		altitude: 0,
		statistics: "off",
	},
	...{ interval: 60, power: "mains" },
};
const sampler = new Sampler({
	bus: bareBus,
	pins: barePins,
	time: skippingTime,
	storage: new BareKeyValue(),
	settings,
	log() {},
});
const keyValue = new BareKeyValue();
let baseline = new BaselineBoard(keyValue);
/** Operations still running after the call that started them, and the first failure. */
let running = 0;
let failure: unknown;

function run(work: () => Promise<void>): void {
	running++;
	work().then(
		() => running--,
		(error) => {
			failure = error;
		},
	);
}

function mountFull(kept?: DecoderState): ReadingLog {
	return new ReadingLog(fullFlash, new RingHintRecord({ keyValue: fullKeyValue }), kept);
}

function readingOf(i: number): Reading {
	const values = [20 + (i % 7) / 100, 45.5 - (i % 5) / 10, 1013.25 + (i % 3) / 100];
	return { time: { utc: sampledAt(i) }, values, signalStrength: signalAt(i) };
}

function appendOne(): void {
	log.append(readingOf(readings++), context);
}

const nativeFlash = { read: isView };

function readFrom(
	flash: { read(bytes: Uint8Array<ArrayBuffer>, byteOffset: number): unknown },
	length: number,
): void {
	flash.read(checked.subarray(0, length), 0);
}

/** The bench's own check. */
const checkValues = native((values: readonly Value[]) => {
	if (values.includes(undefined) || values.length !== 3) throw new Error(`measured ${values}`);
});

function* timed(from: number | undefined) {
	for (const reading of log.pending(from)) {
		const { time } = reading;
		yield { reading, utc: "utc" in time ? time.utc : 0, estimated: false };
	}
}

/** As the uploader does: one connection per batch. */
async function upload(maxPoints: number): Promise<void> {
	const batch = planBatch(timed, key, { maxPoints, maxBytes: 384 * 1024 });
	if (batch?.pointCount !== maxPoints) throw new Error(`${batch?.pointCount} points instead of ${maxPoints}`);
	const connection = new HttpConnection({
		...{
			network: bareNetwork,
			time: frozenTime,
			host,
			port: 443,
			secure: true,
			responseHeaders: rateLimitHeaders,
		},
	});
	const outcome = await connection.exchange({
		method: "POST",
		path: batch.path,
		headers: [
			["User-Agent", "dakkio-esp32/0.1.0"],
			["X-API-Key", apiKey],
			["Content-Type", "application/json"],
		],
		body: () => batch.body(),
	});
	connection.close();
	if (outcome.kind !== "response" || outcome.status !== 201) throw new Error(JSON.stringify(outcome));
	log.acknowledge(batch.lastSequence);
}

const workloads = {
	nothing(): void {},
	/** Throws unless all operations have ended. */
	settled(): void {
		if (failure !== undefined) throw failure;
		if (running > 0) throw new Error("an operation has not ended");
	},
	/** Samples with the real sampler, and stores the readings; the clock is known. */
	sample(count: number): void {
		run(async () => {
			let sampleContext = context;
			for (let i = 0; i < count; i++) {
				setAir(i);
				const { fields, values } = await sampler.sample();
				if (sampleContext.fields !== fields) sampleContext = { ...context, fields };
				checkValues(values);
				const time = { utc: sampledAt(0) + skippingTime.now };
				log.append({ time, values, signalStrength: signalAt(i) }, sampleContext);
				skippingTime.now += 60_000;
			}
		});
	},
	baselineSample(count: number): void {
		for (let i = 0; i < count; i++) {
			setAir(i);
			baseline.sample(sampledAt(i), signalAt(i));
		}
	},
	/** Uploads of 1,000 points. */
	uploadBacklog(count: number): void {
		run(async () => {
			for (let i = 0; i < count; i++) await upload(1_000);
		});
	},
	uploadDozens(count: number): void {
		run(async () => {
			for (let i = 0; i < count; i++) await upload(12);
		});
	},
	uploadSingles(count: number): void {
		run(async () => {
			for (let i = 0; i < count; i++) await upload(1);
		});
	},
	baselineUpload(count: number): void {
		run(async () => {
			for (let i = 0; i < count; i++) await baseline.send(baselinePoint);
		});
	},
	/** Appends readings to the full ring. */
	age(count: number): void {
		const full = mountFull();
		for (let i = 0; i < count; i++) full.append(readingOf(i), context);
	},
	/** From the mount of a full ring to the first reading stored, including reading the oldest one. */
	boot(): void {
		const full = mountFull();
		if (full.length < 10_000) throw new Error(`only ${full.length} readings are pending`);
		full.pending().next();
		const boot = full.newestBoot + 1;
		full.append({ time: { boot, ticks: 900 }, values: [21.5, 45, 1013.2] }, { ...context, boot });
	},
	/** From the mount of a full ring to a reading stored that goes on with the boot before: a wake from deep sleep. */
	wake(): void {
		const full = mountFull(sleepText === undefined ? undefined : JSON.parse(sleepText));
		full.append(readingOf(readings++), { ...context, boot: full.newestBoot });
		sleepText = JSON.stringify(full.newestState);
	},
	baselineBoot(): void {
		baseline = new BaselineBoard(keyValue);
		baseline.oldest();
		baseline.sample(sampledAt(0), signalAt(0));
	},
	push(count: number): void {
		for (let i = 0; i < count; i++) queue.push(record);
	},
	read(count: number): void {
		let left = count;
		for (const _ of queue.records()) if (--left === 0) return;
	},
	acknowledge(count: number): void {
		queue.acknowledge((queue.oldestSequence ?? 1) + count - 1);
	},
	mount(): void {
		queue = new FlashQueue({ flash: recordFlash });
		queue.records().next();
	},
	append(count: number): void {
		for (let i = 0; i < count; i++) appendOne();
	},
	/** The steady state of a board: push, read, acknowledge. */
	live(rounds: number): void {
		for (let i = 0; i < rounds; i++) {
			workloads.push(50);
			workloads.read(50);
			workloads.acknowledge(50);
		}
	},
	/** Throws unless a reading is the same after storing and reading, with text in any script. */
	roundTrip(): void {
		const stored: SampleContext = {
			...context,
			location: "Küche \u{1f321} 温室 \ud800",
			fields: [...context.fields, { name: "state", unit: "", decimals: 0 }],
		};
		const values = [21.53, -7, 1013.25, "läuft \u{1f600}"];
		const reading = { time: { utc: 1.79e12 }, values, batteryLevel: 87, signalStrength: -61 };
		const own = new ReadingLog(new BareFlash());
		own.append(reading, stored);
		own.append(reading, stored);
		for (const back of own.pending())
			if (JSON.stringify(back.values) !== JSON.stringify(values) || back.context.location !== stored.location)
				throw new Error(JSON.stringify(back));
	},
	/** Reads readings and encodes them as the API's JSON. */
	encode(count: number): void {
		let left = count;
		const encoder = new PointEncoder(key);
		for (const reading of log.pending()) {
			const { time } = reading;
			encoder.encode({ reading, utc: "utc" in time ? time.utc : 0, estimated: false });
			if (--left === 0) return;
		}
	},
	/** Half of a batch of 1,000 points has been written to the socket; its memory stays in use. */
	holdBatch(): void {
		const batch = planBatch(timed, key, { maxPoints: 1_000, maxBytes: 384 * 1024 });
		if (batch?.pointCount !== 1_000) throw new Error(`${batch?.pointCount} points instead of 1,000`);
		const body = batch.body();
		for (let sent = 0; sent < body.length / 2; sent += socketBuffer.length) body.read(socketBuffer);
		retained = { batch, body };
	},
	/** A batch of 1,000 points with the straightforward implementation. */
	holdObviousBatch(): void {
		retained = baseline.batch(1_000, baselinePoint);
	},
	/** One of each kind. */
	checksums(length: number): void {
		const bytes = checked.subarray(0, length);
		crc24(0, bytes, 0, length);
		crc32(bytes);
	},
	/** XS's own functions with the same arguments, or as many. */
	nativeCalls(length: number): void {
		const bytes = checked.subarray(0, length);
		max(0, length, 0, length);
		isView(bytes);
	},
	/** A call of the bare board, and of one of XS's own functions. */
	boardRead(length: number): void {
		readFrom(recordFlash, length);
	},
	nativeRead(length: number): void {
		readFrom(nativeFlash, length);
	},
	letGo(): void {
		retained = undefined;
	},
	mountLog(): void {
		log = new ReadingLog(readingFlash);
		appendOne();
	},
};

export type Workload = keyof typeof workloads;

/** A part of the flash image in hexadecimal, from `at` on. */
function fill(at: number, digits: string): void {
	for (let i = 0; i < digits.length; i += 2)
		fullFlash.image[at + i / 2] = Number.parseInt(digits.slice(i, i + 2), 16);
}

Object.assign(globalThis, { work: workloads, fill, held: () => retained, checksummedBytes });
