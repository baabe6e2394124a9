import FFI from "mc/ffi";
import SDKWiFi from "wifi";
import { decodeUtf8 } from "../../common/utf8";
import type { AccessPoint, AccessPointConstructor, AccessPointOptions } from "../board";
import { guard } from "./callbacks";
import type { SharedWiFiState } from "./shared-wifi-state";

/** ESP-IDF's address in the network of its access point (esp_netif_defaults.h). */
const accessPointAddress = "192.168.4.1";
/** One phone sets the board up; more may watch. */
const maxStations = 4;

/** `wifi_interface_t` of the access point, and offsets in its `wifi_config_t` (esp_wifi_types_generic.h). */
const accessPointInterface = 1;
const configBytes = 512;
const ssidLengthOffset = 96;
const authModeOffset = 100;
/** `wifi_auth_mode_t`. */
const authModeWPAOrWPA2 = 4;
const authModeWPA2 = 3;
/** `wifi_cipher_type_t` and its offset. CCMP only: the SDK would leave TKIP (WPA) on. */
const cipherOffset = 112;
const cipherCCMP = 4;

/**
 * The chip's access point, through the SDK's older Wi-Fi module, the only one that supports it. It starts the driver, so it
 * must be created before any station; a later station uses the running driver.
 */
class EspAccessPoint implements AccessPoint {
	readonly address = accessPointAddress;
	private readonly wifiState: SharedWiFiState;
	private readonly onChanged: (() => void) | undefined;
	private events: SDKWiFi | undefined;
	private _stations = 0;

	constructor(options: AccessPointOptions, wifiState: SharedWiFiState) {
		const { SSID, channel = 1, onChanged } = options;
		this.wifiState = wifiState;
		this.onChanged = onChanged;
		// First station, then both: the network interface must exist when the access point starts. It starts the radio.
		SDKWiFi.mode = 1;
		this.events = new SDKWiFi(undefined, (message, ...more: unknown[]) =>
			guard(() => this.handleEvent(message, more[0])),
		);
		const password = options.password?.();
		const common = { ssid: SSID, channel, station: true, max: maxStations };
		SDKWiFi.accessPoint(password === undefined ? common : { ...common, password });
		if (password !== undefined) requireWPA2();
		wifiState.forgetNetwork = () => SDKWiFi.disconnect();
	}

	get stations(): number {
		return this._stations;
	}

	scan({ onFound, onComplete }: Parameters<AccessPoint["scan"]>[0]): void {
		SDKWiFi.scan({ hidden: false }, (item) =>
			guard(() => {
				if (this.events === undefined) return;
				if (item === null) onComplete();
				else
					onFound({
						// A received name need not be UTF-8, but a string of XS must be.
						SSID: decodeUtf8(new Uint8Array(ArrayBuffer.fromString(item.ssid))),
						RSSI: item.rssi,
						isSecured: item.authentication !== "none",
					});
			}),
		);
	}

	/** The network stays up, unserved, until the next boot: the SDK cannot stop only the access point. */
	close(): void {
		const events = this.events;
		this.events = undefined;
		this.wifiState.forgetNetwork = undefined;
		guard(() => events?.close());
	}

	private handleEvent(message: string, reason: unknown): void {
		if (this.events === undefined) return;
		if (message === "disconnect") this.wifiState.passwordRefused = reason === -1;
		if (message !== "station_connect" && message !== "station_disconnect") return;
		this._stations = Math.max(0, this._stations + (message === "station_connect" ? 1 : -1));
		this.onChanged?.();
	}
}

/**
 * Requires WPA2: the SDK's module also offers WPA, which phones warn about. Leaves a configuration of unexpected layout as it
 * is, with both.
 */
function requireWPA2(): void {
	const ffi = new FFI();
	const config = new Uint8Array(configBytes);
	if (ffi.esp_wifi_get_config(accessPointInterface, config.buffer) !== 0) return;
	const isExpected = (config[ssidLengthOffset] ?? 0) > 0 && (config[ssidLengthOffset] ?? 0) <= 32;
	if (!isExpected || new DataView(config.buffer).getUint32(authModeOffset, true) !== authModeWPAOrWPA2)
		return;
	config[authModeOffset] = authModeWPA2;
	config[cipherOffset] = cipherCCMP;
	ffi.esp_wifi_set_config(accessPointInterface, config.buffer);
}

/** The access point class of a board. */
export function makeAccessPoint(wifiState: SharedWiFiState): AccessPointConstructor {
	return class extends EspAccessPoint {
		constructor(options: AccessPointOptions) {
			super(options, wifiState);
		}
	};
}
