import { type WiFi, WiFiConnection } from "../../src/boards/ecma419";

/** A radio under the test's control. */
export class Radio implements WiFi {
	static last: Radio;
	connection: number = WiFiConnection.idle;
	address: string | undefined;
	readonly MAC = "00:00:00:00:00:01";
	SSID: string | undefined;
	RSSI: number | undefined = -61;
	passwordRefused = false;
	throws = false;
	/** Whether the channel of the network is known. */
	knowsChannel = false;
	/** Name and password of each network, `open` without one. */
	readonly attempts: string[] = [];
	private readonly onChanged: (property: "connection" | "address") => void;

	constructor(options: { onChanged?(property: "connection" | "address"): void }) {
		Radio.last = this;
		this.onChanged = options.onChanged ?? (() => {});
	}

	connect({ SSID, password }: { SSID: string; password?: string }): void {
		this.attempts.push(`${SSID} ${password ?? "open"}`);
		if (this.throws) throw new Error("connect failed");
		this.SSID = SSID;
		this.connection = WiFiConnection.connecting;
	}

	reconnect({ SSID }: { SSID: string; password?: string }): boolean {
		if (!this.knowsChannel) return false;
		this.attempts.push(`${SSID} on its channel`);
		this.SSID = SSID;
		this.connection = WiFiConnection.connecting;
		return true;
	}

	disconnect(): void {
		this.connection = WiFiConnection.idle;
	}

	close(): void {
		this.disconnect();
	}

	becomes(connection: number): void {
		this.connection = connection;
		this.address = connection === WiFiConnection.connected ? "192.168.1.7" : undefined;
		this.onChanged("connection");
	}
}
