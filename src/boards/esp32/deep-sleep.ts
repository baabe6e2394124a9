import SDKKeyValue from "embedded:storage/key-value";
import FFI from "mc/ffi";
import { guard } from "./callbacks";

const domain = "board";
const key = "bootStart";

interface SleepFunctions {
	esp_wifi_stop(): number;
	esp_sleep_enable_timer_wakeup(time: bigint): number;
	esp_deep_sleep_start(): void;
	/** Of the chips that can watch pins while they sleep; the manifest names them for those. */
	rtc_gpio_pullup_en?(pin: number): number;
	rtc_gpio_deinit?(pin: number): number;
	esp_sleep_enable_ext0_wakeup?(pin: number, level: number): number;
}

/** Microseconds by which the two clocks may part while the board is awake before the start of the boot is kept anew. */
const maxClockDifferenceUs = 1_000_000;

/**
 * Deep sleep. The chip's slow oscillator goes on counting while all else is off: together with its count at the start
 * of the boot, which is kept, it tells how long the boot has lasted. While the board is awake the fast clock counts,
 * which is a hundred times as true: what it counted is made good when the board goes to sleep.
 */
export class DeepSleep {
	/** Microseconds of the slow clock at the start of the boot. */
	private readonly bootStartUs: number;
	/** Whether the boot from before the sleep goes on. */
	readonly resumed: boolean;
	/** Milliseconds of the boot before now. */
	readonly elapsedMs: number;

	constructor(woken: boolean) {
		const now = slowClockUs();
		const kept = woken ? loadBootStart() : undefined;
		this.resumed = kept !== undefined && kept <= now;
		this.bootStartUs = kept !== undefined && kept <= now ? kept : now;
		this.elapsedMs = (now - this.bootStartUs) / 1000;
	}

	/**
	 * Does not return. `ticks`: milliseconds of the boot until now. A low level at `wakePin` ends the sleep early, if it
	 * is one of the pins that stay awake (ESP32, S3).
	 */
	enter(milliseconds: number, ticks: number, wakePin?: number): void {
		const ffi: SleepFunctions = new FFI();
		ffi.esp_wifi_stop();
		const bootStart = slowClockUs() - ticks * 1000;
		// Not at each sleep: the storage wears.
		if (!this.resumed || Math.abs(bootStart - this.bootStartUs) > maxClockDifferenceUs)
			guard(() => saveBootStart(bootStart));
		if (wakePin !== undefined) {
			ffi.rtc_gpio_pullup_en?.(wakePin);
			ffi.esp_sleep_enable_ext0_wakeup?.(wakePin, 0);
		}
		ffi.esp_sleep_enable_timer_wakeup(BigInt(Math.round(milliseconds * 1000)));
		ffi.esp_deep_sleep_start();
	}
}

/**
 * Gives a pin back that the sleeping chip may have watched: it stays with the part of the chip that is awake then, and
 * reads 0 for ever.
 */
export function releaseSleepPin(pin: number): void {
	const ffi: Pick<SleepFunctions, "rtc_gpio_deinit" | "esp_wifi_stop"> = new FFI();
	ffi.rtc_gpio_deinit?.(pin);
}

function slowClockUs(): number {
	return Number(new FFI().esp_rtc_get_time_us());
}

/** `undefined` also where the storage could not be written when the board fell asleep, and so has no such domain. */
function loadBootStart(): number | undefined {
	try {
		const storage = SDKKeyValue.open({ path: domain, format: "buffer" });
		try {
			const value = storage.read(key);
			return value instanceof ArrayBuffer && value.byteLength === 8
				? new DataView(value).getFloat64(0)
				: undefined;
		} finally {
			storage.close();
		}
	} catch {
		return undefined;
	}
}

function saveBootStart(microseconds: number): void {
	const bytes = new Uint8Array(8);
	new DataView(bytes.buffer).setFloat64(0, microseconds);
	const storage = SDKKeyValue.open({ path: domain, format: "buffer" });
	try {
		storage.write(key, bytes);
	} finally {
		storage.close();
	}
}
