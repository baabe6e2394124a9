import SDKWiFi from "embedded:network/interface/wifi";
import { type WiFi, WiFiConnection } from "../ecma419";
import { closeIO, guard } from "./callbacks";

/** The SDK's Wi-Fi station, which after `close` throws where it is asked, and must not be called back into throwing. */
export class WiFiStation implements WiFi {
	#wifi: SDKWiFi | undefined;

	constructor({ onChanged }: { onChanged?(property: "connection" | "address"): void }) {
		this.#wifi = new SDKWiFi({
			onChanged: (property) => {
				if (this.#wifi !== undefined) guard(() => onChanged?.(property));
			},
		});
	}

	get connection(): number {
		return this.#wifi?.connection ?? WiFiConnection.idle;
	}

	get address(): string | undefined {
		return this.#wifi?.address;
	}

	get MAC(): string | undefined {
		return this.#wifi?.MAC;
	}

	get SSID(): string | undefined {
		return this.#wifi?.SSID;
	}

	get RSSI(): number | undefined {
		return this.#wifi?.RSSI;
	}

	connect(options: { SSID: string; password?: string }): void {
		this.#wifi?.connect(options);
	}

	disconnect(): void {
		this.#wifi?.disconnect();
	}

	close(): void {
		const wifi = this.#wifi;
		this.#wifi = undefined;
		closeIO(wifi);
	}
}
