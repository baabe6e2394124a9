import config from "mc/config";
import FFI from "mc/ffi";
import Clock from "time";
import SDKTimer from "timer";
import "microseconds";
import type { Board, BoardIdentity, FirmwareSlots, Network, Pins, Storage, Time } from "../board";
import type { I2CBus } from "../ecma419";
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

/** Minimum interval between event loop turns: well within the watchdog's minute. */
const heartbeatMs = 20_000;

const storage: Storage = Object.freeze({
	flash: flashStorage,
	keyValue: keyValueStorage,
	sleepMemory,
	eraseKeyValue() {
		forgetServer();
		eraseKeyValue();
	},
});

/** A chip of the ESP32 family, through the SDK. Methods rather than closures, so that they stay in flash. */
export class EspBoard implements Board {
	readonly identity: BoardIdentity;
	readonly resetReason: ResetReason;
	readonly time: Time;
	readonly network: Network;
	readonly storage = storage;
	readonly i2c: I2CBus;
	readonly pins: Pins;
	readonly firmware: FirmwareSlots | undefined;
	readonly setupPassword: string | undefined;
	private readonly deepSleep: DeepSleep;

	constructor() {
		const { chip, i2c, pins, setup } = config;
		const resetReason = readResetReason();
		this.deepSleep = new DeepSleep(resetReason === "deep sleep");
		this.identity = { chip, serial: readSerial() };
		this.resetReason = this.deepSleep.resumed || resetReason !== "deep sleep" ? resetReason : "unknown";
		this.time = new SDKTime(readClock, this.deepSleep.elapsedMs);
		const wifiState = makeSharedWiFiState();
		this.network = {
			TCP: TCPSocket,
			TLS: TLSSocket,
			Listener: TCPListener,
			UDP: UDPSocket,
			WiFi: makeWiFi(wifiState),
			AccessPoint: makeAccessPoint(wifiState),
			resolver,
			forgetServer,
		};
		this.i2c = {
			io: SMBusPeripheral,
			data: i2c.data,
			clock: i2c.clock,
			hz: standardModeHz,
			timeout: transferTimeoutMs,
		};
		this.pins = openPins(pins);
		this.firmware = openFirmwareSlots();
		this.setupPassword = setup.password === "own" ? undefined : setup.password;
		// An idle board would trigger the watchdog.
		SDKTimer.repeat(turnEventLoop, heartbeatMs);
	}

	fillRandom(bytes: Uint8Array): void {
		fillRandom(bytes);
	}

	freeMemory(): number {
		return new FFI().esp_get_free_heap_size();
	}

	log(line: string): void {
		trace(`${line}\n`);
	}

	restart(): void {
		new FFI().esp_restart();
	}

	sleep(milliseconds: number, wakePin?: number): void {
		this.deepSleep.enter(milliseconds, this.time.ticks(), wakePin);
	}
}

function readClock(): number {
	return (Clock.microseconds ?? 0) / 1000;
}

function turnEventLoop(): void {}

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
