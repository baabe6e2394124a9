import type {
	AccessPoint,
	AccessPointConstructor,
	AccessPointOptions,
	Time,
	Timer,
} from "../../src/boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../../src/boards/ecma419";

/** A network in range of a simulated board. */
export interface SimulatedNetwork {
	readonly ssid: string;
	/** Left out for an open network. */
	readonly password?: string;
	/** dBm. */
	readonly meanRssi: number;
	/** Does not broadcast its name. */
	readonly hidden?: true;
	/** Answers every request with a login page. */
	readonly captivePortal?: true;
}

export interface RadioEnvironment {
	readonly time: Time;
	readonly MAC: string;
	/** From DHCP. */
	readonly address: string;
	/** While false, every attempt to join fails. */
	readonly isInRange?: () => boolean;
	/** Default: any network is in range and accepts any password. */
	readonly networks?: readonly SimulatedNetwork[];
}

/** From `connect` to associated, and from there to an address; typical of a home network. */
const associationMs = 200;
const addressMs = 300;
/** Until an attempt fails: network not found on any channel, or password rejected. */
const searchMs = 2_400;
const refusalMs = 3_000;
/** A scan of all channels. */
const scanMs = 2_000;
/** dBm, some rooms away from the access point. */
const defaultRssi = -58;

/** The Wi-Fi class of a simulated board. */
export function simulateWiFi(world: RadioEnvironment): WiFiConstructor {
	return new SimulatedRadio(world).WiFi;
}

/** The radio of a simulated board: the networks in range, and its own. */
export class SimulatedRadio {
	readonly WiFi: WiFiConstructor;
	readonly AccessPoint: AccessPointConstructor;
	/** Since the board has used it: only then is its random source truly random. */
	isOn = false;
	/** The network that the board has joined. */
	joined: SimulatedNetwork | undefined;
	/** Opening an access point fails. */
	accessPointFails = false;
	/** The board's access point, while it is open. */
	accessPoint:
		| (Omit<AccessPointOptions, "password"> & { readonly password: string | undefined; stations: number })
		| undefined;
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

	/** The network in range with this name. */
	find(ssid: string): SimulatedNetwork | undefined {
		const { networks, isInRange } = this.world;
		if (isInRange?.() === false) return undefined;
		if (networks === undefined) return { ssid, meanRssi: defaultRssi };
		return networks.find((network) => network.ssid === ssid);
	}

	/** A client joins the board's access point, or leaves it. */
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
		radio.isOn = true;
		radio.accessPoint = { ...options, password: options.password?.(), stations: 0 };
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
		radio.isOn = true;
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

	/** Varies by some dB over the minutes; a function of the time. */
	get RSSI(): number | undefined {
		if (this._connection < WiFiConnection.associated) return undefined;
		const minutes = this.world.time.ticks() / 60_000;
		const variation = 4 * Math.sin(minutes / 7) + 2 * Math.sin(minutes / 1.7) + Math.sin(minutes * 3.1);
		return Math.round((this.network?.meanRssi ?? defaultRssi) + variation);
	}

	/** Throws while an attempt is in progress, as on the chip. */
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

	/** Without a list of networks, none has a password. */
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
