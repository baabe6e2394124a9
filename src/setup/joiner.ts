import type { Time, Timer } from "../boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../boards/ecma419";
import type { SavedNetwork } from "../settings/network";
import type { JoinFailure } from "./verdicts";

export interface JoinerOptions {
	readonly WiFi: WiFiConstructor;
	readonly time: Time;
	/** The network that had been joined is lost. */
	onLost?(): void;
}

export type JoinResult =
	| { readonly kind: "joined"; readonly address: string; readonly strength: number | undefined }
	| { readonly kind: "failed"; readonly failure: JoinFailure };

/** How long one network may take, milliseconds; a chip's first attempt often fails over nothing. */
const joinDeadline = 25_000;
const attempts = 3;
const pauseBetween = 500;
const settleTime = 300;

/** Joins one network when it is asked to, and says how that went. */
export class Joiner {
	private readonly options: JoinerOptions;
	private readonly wifi: WiFi;
	private network: SavedNetwork | undefined;
	private deadline: Timer | undefined;
	private pause: Timer | undefined;
	private attempt = 0;
	private settle: ((result: JoinResult) => void) | undefined;

	constructor(options: JoinerOptions) {
		this.options = options;
		this.wifi = new options.WiFi({ onChanged: () => this.changed() });
	}

	get joined(): boolean {
		return this.wifi.connection === WiFiConnection.connected;
	}

	get joining(): boolean {
		return this.settle !== undefined;
	}

	/** dBm, while joined. */
	get signalStrength(): number | undefined {
		return this.joined ? this.wifi.RSSI : undefined;
	}

	/** Never rejects; one that is under way is given up. */
	join(network: SavedNetwork): Promise<JoinResult> {
		const { time } = this.options;
		const same = this.network?.ssid === network.ssid && this.network.password === network.password;
		if (same && this.joined) return Promise.resolve(this.success());
		this.leave();
		this.network = network;
		this.attempt = 0;
		return new Promise((resolve) => {
			this.settle = resolve;
			this.deadline = time.set(() => this.end(this.failure()), joinDeadline);
			// The platform still tells of what was left: not to be taken for the end of what begins now.
			this.pause = time.set(() => this.connect(), settleTime);
		});
	}

	/** Leaves the network, or gives up joining it. */
	leave(): void {
		this.network = undefined;
		this.end({ kind: "failed", failure: "not found" });
		this.wifi.disconnect();
	}

	close(): void {
		this.end({ kind: "failed", failure: "not found" });
		this.wifi.close();
	}

	private connect(): void {
		const { ssid: SSID, password } = this.network ?? { ssid: "", password: "" };
		this.attempt++;
		try {
			this.wifi.connect(password === "" ? { SSID } : { SSID, password });
		} catch {
			this.again();
		}
	}

	/** The platform tells that something changed, not what: its state decides. */
	private changed(): void {
		const { connection } = this.wifi;
		if (this.settle === undefined) {
			if (this.network !== undefined && connection < WiFiConnection.associated) {
				this.network = undefined;
				this.options.onLost?.();
			}
			return;
		}
		if (connection === WiFiConnection.connected) this.end(this.success());
		else if (connection === WiFiConnection.idle) this.again();
	}

	private again(): void {
		const { time } = this.options;
		time.clear(this.pause);
		if (this.attempt >= attempts) this.end(this.failure());
		else this.pause = time.set(() => this.connect(), pauseBetween);
	}

	private success(): JoinResult {
		const { address = "", RSSI: strength } = this.wifi;
		return { kind: "joined", address, strength };
	}

	private failure(): JoinResult {
		const { connection, passwordRefused = false } = this.wifi;
		const failure =
			connection >= WiFiConnection.associated ? "no address" : passwordRefused ? "password" : "not found";
		return { kind: "failed", failure };
	}

	private end(result: JoinResult): void {
		const { time } = this.options;
		time.clear(this.deadline);
		time.clear(this.pause);
		const settle = this.settle;
		this.settle = undefined;
		if (result.kind === "failed" && settle !== undefined) {
			this.network = undefined;
			this.wifi.disconnect();
		}
		settle?.(result);
	}
}
