import SDKWiFi from "embedded:network/interface/wifi";
import FFI from "mc/ffi";
import { encodeUtf8 } from "../../common/utf8";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../ecma419";
import { closeIO, guard } from "./callbacks";
import type { SharedWiFiState } from "./shared-wifi-state";

interface EspWiFiOptions {
	onChanged?(property: "connection" | "address"): void;
}

/** The SDK's Wi-Fi station, which throws after `close`, and whose callbacks must not throw. */
class EspWiFi implements WiFi {
	private readonly sharedState: SharedWiFiState;
	private wifi: SDKWiFi | undefined;

	constructor({ onChanged }: EspWiFiOptions, wifiState: SharedWiFiState) {
		this.sharedState = wifiState;
		this.wifi = new SDKWiFi({
			onChanged: (property) => {
				guard(() => {
					if (this.wifi?.connection === WiFiConnection.connected) new FFI().known_channel_keep();
				});
				if (this.wifi !== undefined) guard(() => onChanged?.(property));
			},
		});
	}

	get connection(): number {
		return this.wifi?.connection ?? WiFiConnection.idle;
	}

	get address(): string | undefined {
		return this.wifi?.address;
	}

	get MAC(): string | undefined {
		return this.wifi?.MAC;
	}

	get SSID(): string | undefined {
		return this.wifi?.SSID;
	}

	get RSSI(): number | undefined {
		return this.wifi?.RSSI;
	}

	/** Only reported while there is an access point. */
	get passwordRefused(): boolean {
		return this.sharedState.passwordRefused;
	}

	connect(options: { SSID: string; password?: string }): void {
		this.sharedState.passwordRefused = false;
		this.wifi?.connect(options);
	}

	reconnect({ SSID, password = "" }: { SSID: string; password?: string }): boolean {
		const [name, secret] = [encodeUtf8(SSID), encodeUtf8(password)];
		if (this.wifi === undefined) return false;
		this.sharedState.passwordRefused = false;
		return new FFI().known_channel_connect(name.buffer, name.length, secret.buffer, secret.length) === 1;
	}

	disconnect(): void {
		this.wifi?.disconnect();
		guard(() => this.sharedState.forgetNetwork?.());
	}

	close(): void {
		const wifi = this.wifi;
		this.wifi = undefined;
		closeIO(wifi);
	}
}

/** The station class of a board. */
export function makeWiFi(wifiState: SharedWiFiState): WiFiConstructor {
	return class extends EspWiFi {
		constructor(options: EspWiFiOptions) {
			super(options, wifiState);
		}
	};
}
