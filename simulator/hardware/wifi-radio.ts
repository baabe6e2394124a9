import type {
	AccessPoint,
	AccessPointConstructor,
	AccessPointOptions,
	Time,
	Timer,
} from "../../src/boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../../src/boards/ecma419";

/** A network in the air around a simulated board. */
export interface SimulatedNetwork {
	readonly ssid: string;
	/** Left out for an open network. */
	readonly password?: string;
	/** dBm, on the average. */
	readonly meanRssi: number;
	/** It does not tell its name: only who knows it can join. */
	readonly hidden?: true;
	/** Joined, it shows a login page to everybody and lets nobody through. */
	readonly captivePortal?: true;
}

export interface RadioEnvironment {
	readonly time: Time;
	readonly MAC: string;
	/** What a station gets from DHCP. */
	readonly address: string;
	/** A radio network that cannot be heard: every attempt to join ends in `idle` again. */
	readonly isInRange?: () => boolean;
	/** Left out: any network is there, and takes any password. */
	readonly networks?: readonly SimulatedNetwork[];
}

/** Milliseconds from `connect` to associated, and from there to an address: what a home network takes. */
const associationMs = 200;
const addressMs = 300;
/** Until a chip gives up: no such network after all channels, a password that is not answered. */
const searchMs = 2_400;
const refusalMs = 3_000;
/** What a scan of all channels takes. */
const scanMs = 2_000;
/** Received strength of a board some rooms away from its access point, dBm. */
const defaultRssi = -58;

/** The Wi-Fi class of a board whose radio is simulated. */
export function simulateWiFi(world: RadioEnvironment): WiFiConstructor {
	return new SimulatedRadio(world).WiFi;
}

/** A simulated board's radio: the networks around it, and its own. */
export class SimulatedRadio {
	readonly WiFi: WiFiConstructor;
	readonly AccessPoint: AccessPointConstructor;
	/** The network that the board is on. */
	joined: SimulatedNetwork | undefined;
	/** Its driver refuses to be an access point. */
	accessPointFails = false;
	/** The board's own network, while there is one. */
	accessPoint: (AccessPointOptions & { stations: number }) | undefined;
	private readonly world: RadioEnvironment;

	constructor(world: RadioEnvironment) {
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
		const { networks, isInRange } = this.world;
		if (isInRange?.() === false) return undefined;
		if (networks === undefined) return { ssid, meanRssi: defaultRssi };
		return networks.find((network) => network.ssid === ssid);
	}

	/** Somebody joins the board's own network, or leaves it. */
	changeStationCount(change: 1 | -1): void {
		if (this.accessPoint === undefined) return;
		this.accessPoint.stations += change;
		this.accessPoint.onChanged?.();
	}
}

class SimulatedAccessPoint implements AccessPoint {
	readonly address: string;
	private readonly radio: SimulatedRadio;
	private readonly world: RadioEnvironment;
	private _scan: Timer | undefined;

	constructor(options: AccessPointOptions, world: RadioEnvironment, radio: SimulatedRadio) {
		this.address = world.address;
		this.world = world;
		this.radio = radio;
		if (radio.accessPointFails) throw new Error("no memory for an access point");
		radio.accessPoint = { ...options, stations: 0 };
	}

	get stations(): number {
		return this.radio.accessPoint?.stations ?? 0;
	}

	scan({ onFound, onComplete }: Parameters<AccessPoint["scan"]>[0]): void {
		if (this._scan !== undefined) throw new Error("already scanning");
		this._scan = this.world.time.set(() => {
			this._scan = undefined;
			for (const { ssid, password, meanRssi, hidden } of this.world.networks ?? [])
				if (!hidden) onFound({ SSID: ssid, RSSI: meanRssi, isSecured: password !== undefined });
			onComplete();
		}, scanMs);
	}

	close(): void {
		this.world.time.clear(this._scan);
		this.radio.accessPoint = undefined;
	}
}

class SimulatedWiFi implements WiFi {
	private readonly options: { onChanged?(property: "connection" | "address"): void };
	private readonly world: RadioEnvironment;
	private readonly radio: SimulatedRadio;
	private _connection: number = WiFiConnection.idle;
	private network: SimulatedNetwork | undefined;
	private timer: Timer | undefined;
	passwordRefused = false;

	constructor(
		options: { onChanged?(property: "connection" | "address"): void },
		world: RadioEnvironment,
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
		return Math.round((this.network?.meanRssi ?? defaultRssi) + wander);
	}

	/** Throws while an attempt is under way, as the chip does. */
	connect({ SSID, password = "" }: { SSID: string; password?: string }): void {
		if (this._connection === WiFiConnection.connecting) throw new Error("already connecting");
		this.passwordRefused = false;
		const network = this.radio.find(SSID);
		this.setConnection(WiFiConnection.connecting);
		const refused = network !== undefined && this.refusesPassword(network, password);
		if (network === undefined || refused) {
			this.schedule(refused ? refusalMs : this.failureMs, () => this.onFailed(refused));
			return;
		}
		this.network = network;
		this.schedule(associationMs, () => {
			if (this.world.isInRange?.() === false) {
				this.onFailed(false);
				return;
			}
			this.setConnection(WiFiConnection.associated);
			this.options.onChanged?.("connection");
			this.schedule(addressMs, () => {
				this.setConnection(WiFiConnection.connected);
				this.radio.joined = network;
				this.options.onChanged?.("connection");
				this.options.onChanged?.("address");
			});
		});
	}

	/** Raises no event, as on the chip. */
	disconnect(): void {
		this.setConnection(WiFiConnection.idle);
	}

	close(): void {
		this.disconnect();
	}

	/** A world without a list of networks has none with a password. */
	private refusesPassword({ password: expected = "" }: SimulatedNetwork, password: string): boolean {
		return this.world.networks !== undefined && expected !== "" && password !== expected;
	}

	private get failureMs(): number {
		return this.world.networks === undefined ? associationMs : searchMs;
	}

	private onFailed(passwordRefused: boolean): void {
		this.passwordRefused = passwordRefused;
		this.setConnection(WiFiConnection.idle);
		this.options.onChanged?.("connection");
	}

	private setConnection(connection: number): void {
		this.world.time.clear(this.timer);
		this.timer = undefined;
		this._connection = connection;
		if (connection === WiFiConnection.idle) this.radio.joined = undefined;
	}

	private schedule(delay: number, callback: () => void): void {
		if (this._connection === WiFiConnection.idle) return;
		this.timer = this.world.time.set(callback, delay);
	}
}
