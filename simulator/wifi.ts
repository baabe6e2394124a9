import type {
	AccessPoint,
	AccessPointConstructor,
	AccessPointOptions,
	Time,
	Timer,
} from "../src/boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../src/boards/ecma419";

/** A network in the air around a simulated board. */
export interface SimulatedNetwork {
	readonly ssid: string;
	/** Left out for an open network. */
	readonly password?: string;
	/** dBm, on the average. */
	readonly strength: number;
	/** It does not tell its name: only who knows it can join. */
	readonly hidden?: true;
	/** Joined, it shows a login page to everybody and lets nobody through. */
	readonly login?: true;
}

export interface WiFiWorld {
	readonly time: Time;
	readonly MAC: string;
	/** What a station gets from DHCP. */
	readonly address: string;
	/** A radio network that cannot be heard: every attempt to join ends in `idle` again. */
	readonly heard?: () => boolean;
	/** Left out: any network is there, and takes any password. */
	readonly networks?: readonly SimulatedNetwork[];
}

/** Milliseconds from `connect` to associated, and from there to an address: what a home network takes. */
const associationTime = 200;
const addressTime = 300;
/** Until a chip gives up: no such network after all channels, a password that is not answered. */
const searchTime = 2_400;
const refusalTime = 3_000;
/** What a scan of all channels takes. */
const scanTime = 2_000;
/** Received strength of a board some rooms away from its access point, dBm. */
const meanStrength = -58;

/** The Wi-Fi class of a board whose radio is simulated. */
export function simulateWiFi(world: WiFiWorld): WiFiConstructor {
	return new SimulatedRadio(world).WiFi;
}

/** A simulated board's radio: the networks around it, and its own. */
export class SimulatedRadio {
	readonly WiFi: WiFiConstructor;
	readonly AccessPoint: AccessPointConstructor;
	/** The network that the board is on. */
	joined: SimulatedNetwork | undefined;
	/** Its driver refuses to be an access point. */
	failsAsAccessPoint = false;
	/** The board's own network, while there is one. */
	accessPoint: (AccessPointOptions & { stations: number }) | undefined;
	private readonly world: WiFiWorld;

	constructor(world: WiFiWorld) {
		const radio = this;
		this.world = world;
		this.WiFi = class extends SimulatedWiFi {
			constructor(options: { onChanged?(property: "connection" | "address"): void }) {
				super(options, world, radio);
			}
		};
		this.AccessPoint = class extends SimulatedAccessPoint {
			constructor(options: AccessPointOptions) {
				super(options, world, radio);
			}
		};
	}

	/** The network that a station would find under a name. */
	find(ssid: string): SimulatedNetwork | undefined {
		const { networks, heard } = this.world;
		if (heard?.() === false) return undefined;
		if (networks === undefined) return { ssid, strength: meanStrength };
		return networks.find((network) => network.ssid === ssid);
	}

	/** Somebody joins the board's own network, or leaves it. */
	visit(change: 1 | -1): void {
		if (this.accessPoint === undefined) return;
		this.accessPoint.stations += change;
		this.accessPoint.onChanged?.();
	}
}

class SimulatedAccessPoint implements AccessPoint {
	readonly address: string;
	private readonly radio: SimulatedRadio;
	private readonly world: WiFiWorld;
	private _scan: Timer | undefined;

	constructor(options: AccessPointOptions, world: WiFiWorld, radio: SimulatedRadio) {
		this.address = world.address;
		this.world = world;
		this.radio = radio;
		if (radio.failsAsAccessPoint) throw new Error("no memory for an access point");
		radio.accessPoint = { ...options, stations: 0 };
	}

	get stations(): number {
		return this.radio.accessPoint?.stations ?? 0;
	}

	scan({ onFound, onComplete }: Parameters<AccessPoint["scan"]>[0]): void {
		if (this._scan !== undefined) throw new Error("already scanning");
		this._scan = this.world.time.set(() => {
			this._scan = undefined;
			for (const { ssid, password, strength, hidden } of this.world.networks ?? [])
				if (!hidden) onFound({ SSID: ssid, RSSI: strength, secured: password !== undefined });
			onComplete();
		}, scanTime);
	}

	close(): void {
		this.world.time.clear(this._scan);
		this.radio.accessPoint = undefined;
	}
}

class SimulatedWiFi implements WiFi {
	private readonly options: { onChanged?(property: "connection" | "address"): void };
	private readonly world: WiFiWorld;
	private readonly radio: SimulatedRadio;
	private _connection: number = WiFiConnection.idle;
	private network: SimulatedNetwork | undefined;
	private timer: Timer | undefined;
	passwordRefused = false;

	constructor(
		options: { onChanged?(property: "connection" | "address"): void },
		world: WiFiWorld,
		radio: SimulatedRadio,
	) {
		this.options = options;
		this.world = world;
		this.radio = radio;
	}

	get connection(): number {
		return this._connection;
	}

	get address(): string | undefined {
		return this._connection === WiFiConnection.connected ? this.world.address : undefined;
	}

	get MAC(): string {
		return this.world.MAC;
	}

	get SSID(): string | undefined {
		return this._connection >= WiFiConnection.associated ? this.network?.ssid : undefined;
	}

	/** Wanders by some dB over the minutes as people and doors move; the same at the same time. */
	get RSSI(): number | undefined {
		if (this._connection < WiFiConnection.associated) return undefined;
		const minutes = this.world.time.ticks() / 60_000;
		const wander = 4 * Math.sin(minutes / 7) + 2 * Math.sin(minutes / 1.7) + Math.sin(minutes * 3.1);
		return Math.round((this.network?.strength ?? meanStrength) + wander);
	}

	/** Throws while an attempt is under way, as the chip does. */
	connect({ SSID, password = "" }: { SSID: string; password?: string }): void {
		if (this._connection === WiFiConnection.connecting) throw new Error("already connecting");
		this.passwordRefused = false;
		const network = this.radio.find(SSID);
		this.become(WiFiConnection.connecting);
		const refused = network !== undefined && this.refuses(network, password);
		if (network === undefined || refused) {
			this.after(refused ? refusalTime : this.failureTime, () => this.failed(refused));
			return;
		}
		this.network = network;
		this.after(associationTime, () => {
			if (this.world.heard?.() === false) {
				this.failed(false);
				return;
			}
			this.become(WiFiConnection.associated);
			this.options.onChanged?.("connection");
			this.after(addressTime, () => {
				this.become(WiFiConnection.connected);
				this.radio.joined = network;
				this.options.onChanged?.("connection");
				this.options.onChanged?.("address");
			});
		});
	}

	/** Raises no event, as on the chip. */
	disconnect(): void {
		this.become(WiFiConnection.idle);
	}

	close(): void {
		this.disconnect();
	}

	/** A world without a list of networks has none with a password. */
	private refuses({ password: expected = "" }: SimulatedNetwork, password: string): boolean {
		return this.world.networks !== undefined && expected !== "" && password !== expected;
	}

	private get failureTime(): number {
		return this.world.networks === undefined ? associationTime : searchTime;
	}

	private failed(passwordRefused: boolean): void {
		this.passwordRefused = passwordRefused;
		this.become(WiFiConnection.idle);
		this.options.onChanged?.("connection");
	}

	private become(connection: number): void {
		this.world.time.clear(this.timer);
		this.timer = undefined;
		this._connection = connection;
		if (connection === WiFiConnection.idle) this.radio.joined = undefined;
	}

	private after(delay: number, callback: () => void): void {
		if (this._connection === WiFiConnection.idle) return;
		this.timer = this.world.time.set(callback, delay);
	}
}
