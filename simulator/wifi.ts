import type { Time, Timer } from "../src/boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../src/boards/ecma419";

export interface WiFiWorld {
	readonly time: Time;
	readonly MAC: string;
	/** What a station gets from DHCP. */
	readonly address: string;
	/** A radio network that cannot be heard: every attempt to join ends in `idle` again. */
	readonly heard?: () => boolean;
}

/** Milliseconds from `connect` to associated, and from there to an address: what a home network takes. */
const associationTime = 200;
const addressTime = 300;
/** Received strength of a board some rooms away from its access point, dBm. */
const meanStrength = -58;

/** The Wi-Fi class of a board whose radio is simulated: any network takes it, with any password. */
export function simulateWiFi(world: WiFiWorld): WiFiConstructor {
	return class extends SimulatedWiFi {
		constructor(options: { onChanged?(property: "connection" | "address"): void }) {
			super(options, world);
		}
	};
}

class SimulatedWiFi implements WiFi {
	readonly #options: { onChanged?(property: "connection" | "address"): void };
	readonly #world: WiFiWorld;
	#connection: number = WiFiConnection.idle;
	#network: string | undefined;
	#timer: Timer | undefined;

	constructor(options: { onChanged?(property: "connection" | "address"): void }, world: WiFiWorld) {
		this.#options = options;
		this.#world = world;
	}

	get connection(): number {
		return this.#connection;
	}

	get address(): string | undefined {
		return this.#connection === WiFiConnection.connected ? this.#world.address : undefined;
	}

	get MAC(): string {
		return this.#world.MAC;
	}

	get SSID(): string | undefined {
		return this.#connection >= WiFiConnection.associated ? this.#network : undefined;
	}

	/** Wanders by some dB over the minutes as people and doors move; the same at the same time. */
	get RSSI(): number | undefined {
		if (this.#connection < WiFiConnection.associated) return undefined;
		const minutes = this.#world.time.ticks() / 60_000;
		const wander = 4 * Math.sin(minutes / 7) + 2 * Math.sin(minutes / 1.7) + Math.sin(minutes * 3.1);
		return Math.round(meanStrength + wander);
	}

	/** Throws while an attempt is under way, as the chip does. */
	connect({ SSID }: { SSID: string; password?: string }): void {
		if (this.#connection === WiFiConnection.connecting) throw new Error("already connecting");
		this.#network = SSID;
		this.#become(WiFiConnection.connecting);
		this.#after(associationTime, () => {
			if (this.#world.heard?.() === false) {
				this.#become(WiFiConnection.idle);
				this.#options.onChanged?.("connection");
				return;
			}
			this.#become(WiFiConnection.associated);
			this.#options.onChanged?.("connection");
			this.#after(addressTime, () => {
				this.#become(WiFiConnection.connected);
				this.#options.onChanged?.("connection");
				this.#options.onChanged?.("address");
			});
		});
	}

	/** Raises no event, as on the chip. */
	disconnect(): void {
		this.#become(WiFiConnection.idle);
	}

	close(): void {
		this.disconnect();
	}

	#become(connection: number): void {
		this.#world.time.clear(this.#timer);
		this.#timer = undefined;
		this.#connection = connection;
	}

	#after(delay: number, callback: () => void): void {
		if (this.#connection === WiFiConnection.idle) return;
		this.#timer = this.#world.time.set(callback, delay);
	}
}
