import SDKKeyValue from "embedded:storage/key-value";
import FFI from "mc/ffi";
import { guard } from "./callbacks";

const domain = "board";
const key = "bootStart";

interface SleepFunctions {
	esp_wifi_stop(): number;
	esp_sleep_enable_timer_wakeup(time: bigint): number;
	esp_deep_sleep_start(): void;
	/** Only in the manifests of chips that can wake by a pin. */
	rtc_gpio_pullup_en?(pin: number): number;
	rtc_gpio_deinit?(pin: number): number;
	esp_sleep_enable_ext0_wakeup?(pin: number, level: number): number;
}

/** Once the two clocks differ by this while awake, the start of the boot is saved again. */
const maxClockDifferenceUs = 1_000_000;

/**
 * Deep sleep. Only the chip's slow oscillator counts during sleep: with its saved count at the start of the boot, it gives
 * the duration of the boot. While awake, the fast clock counts, which is a hundred times as accurate; the difference is
 * corrected when the board goes to sleep.
 */
export class DeepSleep {
	/** The slow clock at the start of the boot. */
	private readonly bootStartUs: number;
	/** Whether the boot from before the sleep continues. */
	readonly resumed: boolean;
	/** Duration of the boot so far. */
	readonly elapsedMs: number;

	constructor(woken: boolean) {
		const now = slowClockUs();
		const kept = woken ? loadBootStart() : undefined;
		this.resumed = kept !== undefined && kept <= now;
		this.bootStartUs = kept !== undefined && kept <= now ? kept : now;
		this.elapsedMs = (now - this.bootStartUs) / 1000;
	}

	/**
	 * Does not return. `ticks`: milliseconds of the boot so far. A low level at `wakePin` wakes the chip early, if it is an
	 * RTC pin (ESP32, S3).
	 */
	enter(milliseconds: number, ticks: number, wakePin?: number): void {
		const ffi: SleepFunctions = new FFI();
		ffi.esp_wifi_stop();
		const bootStart = slowClockUs() - ticks * 1000;
		// Not on every sleep, to limit flash wear.
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

/** Releases a pin that may have been a wake pin: otherwise it stays with the RTC domain and always reads 0. */
export function releaseSleepPin(pin: number): void {
	const ffi: Pick<SleepFunctions, "rtc_gpio_deinit" | "esp_wifi_stop"> = new FFI();
	ffi.rtc_gpio_deinit?.(pin);
}

function slowClockUs(): number {
	return Number(new FFI().esp_rtc_get_time_us());
}

/** `undefined` also if the storage could not be written before sleep, and so has no such domain. */
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
