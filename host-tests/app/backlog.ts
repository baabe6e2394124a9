import { join } from "node:path";
import { NorFlashFiles } from "../../simulator/hardware/nor-flash-files";
import { ReadingLog } from "../../src/store/reading-log";

/** Stores readings on a board's flash, one a minute up to `until` (milliseconds of Unix time). */
export function storeBacklog(directory: string, readings: number, until: number): void {
	const flash = new NorFlashFiles(join(directory, "board", "flash"), { queue: 256 }).open({ path: "queue" });
	const log = new ReadingLog(flash);
	for (let i = 0; i < readings; i++) {
		const utc = until - (readings - i) * 60_000;
		const values = [20 + (i % 50) / 100, 45 + (i % 30) / 10, 1013.25];
		log.append({ time: { utc }, values, signalStrength: -60 }, context);
	}
	log.close();
}

const context = {
	boot: 1,
	deviceId: "ESP32-A1B2C3",
	location: "Bench",
	firmwareVersion: "0.1.0",
	fields: [
		{ name: "temperature", unit: "celsius", decimals: 2 },
		{ name: "humidity", unit: "percent", decimals: 1 },
		{ name: "pressure", unit: "hPa", decimals: 2 },
	],
};
