import config from "mc/config";
import FFI from "mc/ffi";
import Clock from "time";
import SDKTimer from "timer";
import "microseconds";
import type { Board } from "../board";
import { type ResetReason, resetReasons } from "../reset-reason";
import { makeAccessPoint } from "./access-point";
import { DeepSleep } from "./deep-sleep";
import { openFirmwareSlots } from "./firmware-slots";
import { TCPListener } from "./listener";
import { openPins } from "./pins";
import { fillRandom } from "./random";
import { resolver } from "./resolver";
import { makeSharedWiFiState } from "./shared-wifi-state";
import { SMBusPeripheral } from "./smbus";
import { eraseKeyValue, flashStorage, keyValueStorage, sleepMemory } from "./storage";
import { TCPSocket } from "./tcp";
import { SDKTime } from "./time";
import { forgetServer, TLSSocket } from "./tls";
import { UDPSocket } from "./udp";
import { makeWiFi } from "./wifi";

/** I2C standard mode, which all sensors and usual wire lengths support. */
const standardModeHz = 100_000;

/**
 * The longest transfer takes 3 ms. The SDK's default is 400: with a data line held low, a scan of all addresses would
 * block for longer than the watchdog allows.
 */
const transferTimeoutMs = 50;

/** Minimum rate of turns of the event loop: well within the watchdog's minute. */
const heartbeatMs = 20_000;

/** A chip of the ESP32 family, through the SDK. */
export function openBoard(): Board {
	const { chip, i2c } = config;
	const resetReason = readResetReason();
	const sleep = new DeepSleep(resetReason === "deep sleep");
	const time = new SDKTime(() => (Clock.microseconds ?? 0) / 1000, sleep.elapsedMs);
	const wifiState = makeSharedWiFiState();
	// Without it, a board may be idle for as long as the watchdog's timeout.
	SDKTimer.repeat(() => {}, heartbeatMs);
	return {
		identity: { chip, serial: readSerial() },
		resetReason: sleep.resumed || resetReason !== "deep sleep" ? resetReason : "unknown",
		time,
		network: {
			TCP: TCPSocket,
			TLS: TLSSocket,
			Listener: TCPListener,
			UDP: UDPSocket,
			WiFi: makeWiFi(wifiState),
			AccessPoint: makeAccessPoint(wifiState),
			resolver,
			forgetServer,
		},
		storage: {
			flash: flashStorage,
			keyValue: keyValueStorage,
			sleepMemory,
			eraseKeyValue() {
				forgetServer();
				eraseKeyValue();
			},
		},
		i2c: {
			io: SMBusPeripheral,
			data: i2c.data,
			clock: i2c.clock,
			hz: standardModeHz,
			timeout: transferTimeoutMs,
		},
		pins: openPins(config.pins),
		firmware: openFirmwareSlots(),
		setupPassword: config.setup.password === "own" ? undefined : config.setup.password,
		fillRandom,
		freeMemory: () => new FFI().esp_get_free_heap_size(),
		log: (line) => trace(`${line}\n`),
		restart: () => new FFI().esp_restart(),
		sleep: (milliseconds, wakePin) => sleep.enter(milliseconds, time.ticks(), wakePin),
	};
}

function readResetReason(): ResetReason {
	return resetReasons[new FFI().esp_reset_reason()] ?? "unknown";
}

/** In upper case. */
const hexDigits = "0123456789ABCDEF";

/** The last three bytes of the factory MAC address, which is known before Wi-Fi starts. */
function readSerial(): string {
	const address = new Uint8Array(6);
	new FFI().esp_efuse_mac_get_default(address.buffer);
	let serial = "";
	for (const byte of address.subarray(3)) serial += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15);
	return serial;
}
