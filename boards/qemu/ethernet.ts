import FFI from "mc/ffi";
import Timer from "timer";
import type { AccessPoint, AccessPointOptions } from "../../src/boards/board";
import { type WiFi, WiFiConnection } from "../../src/boards/ecma419";
import { defer, guard } from "../../src/boards/esp32/callbacks";

/** Address by which the emulator's computer reaches the setup page (`scripts/emulated-chip.ts`). */
const ownAddress = "10.0.2.15";

const pollIntervalMs = 100;

/** Results of `emulator_ethernet_state`. */
const linkDown = 0;
const hasAddress = 2;

/** Brings up the network of the emulator. There is one for the whole boot. */
export function startEthernet(): void {
	const error = new FFI().emulator_start_ethernet();
	if (error !== 0) throw new Error(`no Ethernet (ESP-IDF error ${error})`);
}

/**
 * The emulator's Ethernet with the interface of a Wi-Fi station: it joins a network of any name. Losing the link loses
 * the network; `disconnect` only changes what this class reports.
 */
export class EthernetStation implements WiFi {
	private readonly onChanged: ((property: "connection" | "address") => void) | undefined;
	private timer: Timer | undefined;
	private ssid: string | undefined;
	private _connection: number = WiFiConnection.idle;
	private _address: string | undefined;
	private readonly ethernetState = new FFI().emulator_ethernet_state;

	constructor({ onChanged }: { onChanged?(property: "connection" | "address"): void }) {
		this.onChanged = onChanged?.bind(undefined);
	}

	get connection(): number {
		return this._connection;
	}

	get address(): string | undefined {
		return this._address;
	}

	get MAC(): string | undefined {
		return undefined;
	}

	get SSID(): string | undefined {
		return this._connection === WiFiConnection.connected ? this.ssid : undefined;
	}

	get RSSI(): number | undefined {
		return undefined;
	}

	connect({ SSID }: { SSID: string; password?: string }): void {
		this.disconnect();
		this.ssid = SSID;
		this._connection = WiFiConnection.connecting;
		this.timer = Timer.repeat(() => guard(() => this.poll()), pollIntervalMs);
	}

	disconnect(): void {
		if (this.timer !== undefined) Timer.clear(this.timer);
		this.timer = undefined;
		this._connection = WiFiConnection.idle;
		this._address = undefined;
	}

	close(): void {
		this.disconnect();
	}

	private poll(): void {
		const bytes = new Uint8Array(4);
		const state = this.ethernetState(bytes.buffer);
		const before = this._connection;
		if (state === hasAddress) {
			this._address = bytes.join(".");
			this._connection = WiFiConnection.connected;
		} else if (before === WiFiConnection.connected && state === linkDown) this.disconnect();
		else if (before !== WiFiConnection.connected)
			this._connection = state === linkDown ? WiFiConnection.connecting : WiFiConnection.associated;
		if (this._connection !== before) this.onChanged?.("connection");
	}
}

/** Replaces the access point: the setup page is served over the Ethernet network, to the emulator's computer. */
export class EthernetAccessPoint implements AccessPoint {
	readonly address = ownAddress;
	readonly stations = 1;

	constructor({ password }: AccessPointOptions) {
		password?.();
	}

	scan({ onFound, onComplete }: Parameters<AccessPoint["scan"]>[0]): void {
		defer(() => {
			onFound({ SSID: "Emulated", RSSI: -50, isSecured: false });
			onComplete();
		});
	}

	close(): void {}
}
