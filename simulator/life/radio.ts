import { type WiFi, WiFiConnection, type WiFiConstructor } from "../../src/boards/ecma419";
import { constructorOf } from "../constructor-of";

export interface RadioWorld {
	/** Calls back after so many milliseconds, unless the board has lost power by then. */
	after(delay: number, callback: () => void): void;
	/** Whether a network of this name, which takes this password, can be heard. */
	takes(ssid: string, password: string): boolean;
	/** dBm. */
	strength(): number;
	/** An address was got, or the network lost or left. */
	onConnected(connected: boolean): void;
	/** The firmware has this radio now. */
	onMade(radio: Radio): void;
}

/** Milliseconds: from `connect` to associated, from there to an address, and until a loss is noticed. */
const associationTime = 400;
const addressTime = 600;
const lossTime = 1_000;

/** The Wi-Fi class of one start of a board, with access points that go, come back and change their passwords. */
export function makeRadio(world: RadioWorld): WiFiConstructor {
	return constructorOf(
		(options: { onChanged?(property: "connection" | "address"): void }) => new Radio(options, world),
	);
}

export class Radio implements WiFi {
	readonly MAC = "02:00:00:00:00:01";
	private readonly onChanged: ((property: "connection" | "address") => void) | undefined;
	private readonly world: RadioWorld;
	private _connection: number = WiFiConnection.idle;
	private network = { SSID: "", password: "" };
	/** Goes up with each attempt, so that what an earlier one had under way is nothing. */
	private attempt = 0;

	constructor(options: { onChanged?(property: "connection" | "address"): void }, world: RadioWorld) {
		this.onChanged = options.onChanged;
		this.world = world;
		world.onMade(this);
	}

	get connection(): number {
		return this._connection;
	}

	get address(): string | undefined {
		return this._connection === WiFiConnection.connected ? "192.168.1.77" : undefined;
	}

	get SSID(): string | undefined {
		return this._connection >= WiFiConnection.associated ? this.network.SSID : undefined;
	}

	get RSSI(): number | undefined {
		return this._connection >= WiFiConnection.associated ? this.world.strength() : undefined;
	}

	connect({ SSID, password = "" }: { SSID: string; password?: string }): void {
		if (this._connection === WiFiConnection.connecting) throw new Error("already connecting");
		this.network = { SSID, password };
		this.become(WiFiConnection.connecting);
		this.later(associationTime, () => {
			const taken = this.isTaken();
			this.tell(taken ? WiFiConnection.associated : WiFiConnection.idle);
			if (taken) this.later(addressTime, () => this.tell(WiFiConnection.connected));
		});
	}

	/** Raises no event, as on the chip. */
	disconnect(): void {
		this.attempt++;
		this.become(WiFiConnection.idle);
	}

	close(): void {
		this.disconnect();
	}

	/** What can be heard has changed; a loss is noticed after some beacons. */
	listen(): void {
		if (this._connection < WiFiConnection.associated || this.isTaken()) return;
		this.later(lossTime, () => this.tell(WiFiConnection.idle));
	}

	/** Whether the network that it has joined can still be heard. */
	get heard(): boolean {
		return this._connection === WiFiConnection.connected && this.isTaken();
	}

	private isTaken(): boolean {
		return this.world.takes(this.network.SSID, this.network.password);
	}

	private tell(connection: number): void {
		this.become(connection);
		this.onChanged?.("connection");
	}

	private become(connection: number): void {
		const before = this._connection;
		this._connection = connection;
		const connected = connection === WiFiConnection.connected;
		if (connected !== (before === WiFiConnection.connected)) this.world.onConnected(connected);
	}

	private later(delay: number, callback: () => void): void {
		const attempt = ++this.attempt;
		this.world.after(delay, () => {
			if (attempt === this.attempt) callback();
		});
	}
}
