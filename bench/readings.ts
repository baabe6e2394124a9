import { NorFlash } from "../simulator/hardware/nor-flash";
import { weatherAt } from "../simulator/weather/weather";
import { pointJson } from "../src/dakkio/point";
import type { Reading, SampleContext } from "../src/reading/reading";
import { ReadingLog } from "../src/store/reading-log";
import { JsonRing } from "./json-ring";

/** Capacity of 1 MiB for readings of weather, battery and signal, one a minute; and bytes of flash per reading. */
export interface ReadingFigures {
	readonly held: number;
	readonly bytes: number;
}

const size = { blocks: 256, blockLength: 4096 };
const minute = 60_000;
const startedAt = Date.UTC(2026, 10, 24);

export const readingContext: SampleContext = {
	boot: 12,
	deviceId: "ESP32-A1B2C3",
	location: "Balcony",
	firmwareVersion: "0.1.0",
	fields: [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "humidity", unit: "percent", decimals: 1 },
		{ name: "pressure", unit: "hPa", decimals: 2 },
	],
};

/** Readings in the log after filling it one and a half times, and the flash image. */
export function measureReadingLog(): ReadingFigures & { readonly image: Uint8Array } {
	const flash = new NorFlash(size);
	const log = new ReadingLog(flash);
	let count = 0;
	while (log.droppedReadings === 0) log.append(readingAt(count++), readingContext);
	for (const end = count * 1.5; count < end; ) log.append(readingAt(count++), readingContext);
	const image = new Uint8Array(size.blocks * size.blockLength);
	flash.read(image, 0);
	return { ...figures(log.length), image };
}

/** The same readings, each as the API's JSON in a record. */
export function measureJsonReadings(): ReadingFigures {
	const ring = new JsonRing(new NorFlash(size));
	let count = 0;
	let held = 0;
	for (; ring.length >= held; count++) {
		held = ring.length;
		const reading = { ...readingAt(count), sequence: count + 1, context: readingContext };
		const timed = { reading, utc: startedAt + count * minute, estimated: false };
		ring.push(Buffer.from(pointJson(timed, { bucketId: "", dataSourceId: "507f1f77bcf86cd799439012" })));
	}
	return figures(held);
}

function figures(held: number): ReadingFigures {
	return { held, bytes: (size.blocks * size.blockLength) / held };
}

/**
 * A realistic reading: the weather with the noise of the BME280's data sheet (table 1: 0.005 °C, 0.02 %, 1.3 Pa without
 * filter), a timer that fires some milliseconds late, a battery that loses a percent in ten hours, and a signal that
 * varies by some dB.
 */
export function readingAt(index: number): Reading {
	const utc = startedAt + index * minute;
	const { temperature, humidity, pressure } = weatherAt(utc);
	return {
		time: { utc: utc + Math.round(2 * uniformNoise(index, 0)) },
		values: [
			round(temperature + 0.005 * normalNoise(index, 1), 2),
			round(humidity + 0.02 * normalNoise(index, 2), 1),
			round(pressure / 100 + 0.013 * normalNoise(index, 3), 2),
		],
		batteryLevel: Math.max(0, 100 - (Math.floor(index / 600) % 100)),
		signalStrength: -62 + Math.round(1.5 * normalNoise(index, 4)),
	};
}

function round(value: number, decimals: number): number {
	return Number(value.toFixed(decimals));
}

/** Approximately normally distributed, standard deviation 1, deterministic. */
function normalNoise(index: number, kind: number): number {
	let sum = 0;
	for (let i = 0; i < 12; i++) sum += uniformNoise(index, kind * 16 + i + 1);
	return sum - 6;
}

/** Uniform in [0, 1). */
function uniformNoise(index: number, kind: number): number {
	let mixed = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(kind + 1, 0x85ebca77);
	mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
	mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
	return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}
