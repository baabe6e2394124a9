import { type WiFi, WiFiConnection, type WiFiConstructor } from "../../src/boards/ecma419";

export interface RadioSurroundings {
	/** Calls back after so many milliseconds, unless the board has lost power by then. */
	after(delay: number, callback: () => void): void;
	/** Whether the access point can be heard. */
	heard(): boolean;
	/** Calls back once, when it cannot be heard any more. */
	onceUnheard(callback: () => void): void;
	/** dBm. */
	strength(): number;
}

/** Milliseconds: from `connect` to associated, from there to an address, and until a loss is noticed. */
const associationTime = 400;
const addressTime = 600;
const lossTime = 1_000;

/** Wi-Fi with an access point that goes and comes back. */
export function makeRadio(surroundings: RadioSurroundings): WiFiConstructor {
	return class implements WiFi {
		readonly MAC = "02:00:00:00:00:01";
		connection: number = WiFiConnection.idle;
		SSID: string | undefined;
		readonly #onChanged: ((property: "connection" | "address") => void) | undefined;
		/** Goes up with each attempt, so that what an earlier one had under way is nothing. */
		#attempt = 0;

		constructor({ onChanged }: { onChanged?(property: "connection" | "address"): void }) {
			this.#onChanged = onChanged;
		}

		get address(): string | undefined {
			return this.connection === WiFiConnection.connected ? "192.168.1.77" : undefined;
		}

		get RSSI(): number | undefined {
			return this.connection >= WiFiConnection.associated ? surroundings.strength() : undefined;
		}

		connect({ SSID }: { SSID: string }): void {
			if (this.connection === WiFiConnection.connecting) throw new Error("already connecting");
			this.SSID = SSID;
			this.connection = WiFiConnection.connecting;
			this.#later(associationTime, () => {
				this.#become(surroundings.heard() ? WiFiConnection.associated : WiFiConnection.idle);
				if (this.connection === WiFiConnection.associated)
					this.#later(addressTime, () => {
						this.#become(WiFiConnection.connected);
						surroundings.onceUnheard(() => this.#later(lossTime, () => this.#become(WiFiConnection.idle)));
					});
			});
		}

		disconnect(): void {
			this.#attempt++;
			this.connection = WiFiConnection.idle;
		}

		close(): void {
			this.disconnect();
		}

		#become(connection: number): void {
			this.connection = connection;
			this.#onChanged?.("connection");
		}

		#later(delay: number, callback: () => void): void {
			const attempt = ++this.#attempt;
			surroundings.after(delay, () => {
				if (attempt === this.#attempt) callback();
			});
		}
	};
}
