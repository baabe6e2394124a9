import { type WiFi, WiFiConnection, type WiFiConstructor } from "../../src/boards/ecma419";
import { constructorOf } from "../constructor-of";
import { boardAddress } from "./local-network";

export interface DeviceRadioEnvironment {
	/** Calls back after this many milliseconds unless the board has lost power by then. */
	after(delay: number, callback: () => void): void;
	/** Whether a network with this name and password is in range. */
	accepts(ssid: string, password: string): boolean;
	/** The channel of the network in range. */
	channel(): number;
	/** What the board keeps over a deep sleep. */
	readonly memory: { joined?: { readonly SSID: string; readonly channel: number } | undefined };
	/** dBm. */
	signalStrength(): number;
	/** The board has joined a network, or left or lost it. */
	onConnected(connected: boolean): void;
	onMade(radio: DeviceRadio): void;
}

/** Milliseconds from `connect` to association, from association to an address, and until a loss is detected. */
const associationMs = 400;
const addressMs = 600;
const lossMs = 1_000;

/** The Wi-Fi class during one start of a board. */
export function makeDeviceRadio(world: DeviceRadioEnvironment): WiFiConstructor {
	return constructorOf(
		(options: { onChanged?(property: "connection" | "address"): void }) => new DeviceRadio(options, world),
	);
}

export class DeviceRadio implements WiFi {
	readonly MAC = "02:00:00:00:00:01";
	private readonly onChanged: ((property: "connection" | "address") => void) | undefined;
	private readonly environment: DeviceRadioEnvironment;
	private _connection: number = WiFiConnection.idle;
	private network = { SSID: "", password: "" };
	/** Number of the current attempt; callbacks of earlier ones are ignored. */
	private attempt = 0;

	constructor(
		options: { onChanged?(property: "connection" | "address"): void },
		world: DeviceRadioEnvironment,
	) {
		this.onChanged = options.onChanged;
		this.environment = world;
		world.onMade(this);
	}

	get connection(): number {
		return this._connection;
	}

	get address(): string | undefined {
		return this._connection === WiFiConnection.connected ? boardAddress : undefined;
	}

	get SSID(): string | undefined {
		return this._connection >= WiFiConnection.associated ? this.network.SSID : undefined;
	}

	get RSSI(): number | undefined {
		return this._connection >= WiFiConnection.associated ? this.environment.signalStrength() : undefined;
	}

	connect({ SSID, password = "" }: { SSID: string; password?: string }): void {
		if (this._connection === WiFiConnection.connecting) throw new Error("already connecting");
		this.network = { SSID, password };
		this.changeConnection(WiFiConnection.connecting);
		this.later(associationMs, () => {
			const taken = this.isAccepted();
			this.setConnection(taken ? WiFiConnection.associated : WiFiConnection.idle);
			if (!taken) return;
			const { memory, channel } = this.environment;
			memory.joined = { SSID, channel: channel() };
			this.later(addressMs, () => this.setConnection(WiFiConnection.connected));
		});
	}

	/** Silent if the network has another channel by now, as on the chip. */
	reconnect({ SSID, password = "" }: { SSID: string; password?: string }): boolean {
		const { memory, channel } = this.environment;
		if (memory.joined?.SSID !== SSID) return false;
		if (memory.joined.channel === channel()) this.connect({ SSID, password });
		else {
			this.network = { SSID, password };
			this.changeConnection(WiFiConnection.connecting);
		}
		return true;
	}

	/** Raises no event, as on the chip. */
	disconnect(): void {
		this.attempt++;
		this.changeConnection(WiFiConnection.idle);
	}

	close(): void {
		this.disconnect();
	}

	/** The network in range may have changed. A loss is detected after some beacons. */
	onConditionsChange(): void {
		if (this._connection < WiFiConnection.associated || this.isAccepted()) return;
		this.later(lossMs, () => this.setConnection(WiFiConnection.idle));
	}

	/** Whether the joined network is in range. */
	get isInRange(): boolean {
		return this._connection === WiFiConnection.connected && this.isAccepted();
	}

	private isAccepted(): boolean {
		return this.environment.accepts(this.network.SSID, this.network.password);
	}

	private setConnection(connection: number): void {
		this.changeConnection(connection);
		this.onChanged?.("connection");
	}

	private changeConnection(connection: number): void {
		const before = this._connection;
		this._connection = connection;
		const connected = connection === WiFiConnection.connected;
		if (connected !== (before === WiFiConnection.connected)) this.environment.onConnected(connected);
	}

	private later(delay: number, callback: () => void): void {
		const attempt = ++this.attempt;
		this.environment.after(delay, () => {
			if (attempt === this.attempt) callback();
		});
	}
}
