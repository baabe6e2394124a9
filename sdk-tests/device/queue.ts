import { QueueModel, type QueueModelOptions, randomOperation } from "../../host-tests/queue/queue-model";
import { below, pick, randomFrom } from "../../host-tests/queue/seeded-random";
import { NorFlash, type Tear } from "../../simulator/hardware/nor-flash";
import { errorMessage } from "../../src/common/error-message";
import type { Reading, SampleContext, Value } from "../../src/reading/reading";
import { ReadingLog } from "../../src/store/reading-log";
import { check, expectSame } from "./report";

const tears: readonly Tear[] = ["prefix", "first half", "last half", "scattered", "almost"];
const seeds = 12;
const operations = 60;

/** The queue against its model, with power cuts; and the codec on the queue. */
export async function checkQueue(): Promise<void> {
	await check("the queue matches its model through power cuts", () => {
		for (let seed = 1; seed <= seeds; seed++) runOperations(seed);
	});
	await check("readings are the same after storing and reading", () => {
		for (let seed = 1; seed <= seeds; seed++) storeAndRead(seed);
	});
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
