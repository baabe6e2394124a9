import type { Time, Timer } from "../boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../boards/ecma419";
import type { SavedNetwork } from "../settings/saved-networks";

export interface WifiJoinerOptions {
	readonly WiFi: WiFiConstructor;
	readonly time: Time;
	/** The network that had been joined is lost. */
	onLost?(): void;
}

/** Why a network could not be joined. */
export type JoinFailure = "wrong password" | "network not found" | "no address";

export type JoinResult =
	| { readonly kind: "joined"; readonly address: string; readonly strength: number | undefined }
	| { readonly kind: "failed"; readonly failure: JoinFailure };

/** How long one network may take, milliseconds; a chip's first attempt often fails over nothing. */
const joinTimeoutMs = 25_000;
const maxAttempts = 3;
const retryDelayMs = 500;
const settleDelayMs = 300;

/** Joins one network when it is asked to, and says how that went. */
export class WifiJoiner {
	private readonly options: WifiJoinerOptions;
	private readonly wifi: WiFi;
	private network: SavedNetwork | undefined;
	private timeoutTimer: Timer | undefined;
	private retryTimer: Timer | undefined;
	private attempt = 0;
	private resolveJoin: ((result: JoinResult) => void) | undefined;

	constructor(options: WifiJoinerOptions) {
		this.options = options;
		this.wifi = new options.WiFi({ onChanged: () => this.onChanged() });
	}

	get isJoined(): boolean {
		return this.wifi.connection === WiFiConnection.connected;
	}

	get isJoining(): boolean {
		return this.resolveJoin !== undefined;
	}

	/** dBm, while joined. */
	get signalStrength(): number | undefined {
		return this.isJoined ? this.wifi.RSSI : undefined;
	}

	/** Never rejects; one that is under way is given up. */
	join(network: SavedNetwork): Promise<JoinResult> {
		const { time } = this.options;
		const same = this.network?.ssid === network.ssid && this.network.password === network.password;
		if (same && this.isJoined) return Promise.resolve(this.joinedResult());
		this.leave();
		this.network = network;
		this.attempt = 0;
		return new Promise((resolve) => {
			this.resolveJoin = resolve;
			this.timeoutTimer = time.set(() => this.finish(this.failedResult()), joinTimeoutMs);
			// The platform still tells of what was left: not to be taken for the end of what begins now.
			this.retryTimer = time.set(() => this.tryConnect(), settleDelayMs);
		});
	}

	/** Leaves the network, or gives up joining it. */
	leave(): void {
		this.network = undefined;
		this.finish({ kind: "failed", failure: "network not found" });
		this.wifi.disconnect();
	}

	close(): void {
		this.finish({ kind: "failed", failure: "network not found" });
		this.wifi.close();
	}

	private tryConnect(): void {
		const { ssid: SSID, password } = this.network ?? { ssid: "", password: "" };
		this.attempt++;
		try {
			this.wifi.connect(password === "" ? { SSID } : { SSID, password });
		} catch {
			this.retry();
		}
	}

	/** The platform tells that something changed, not what: its state decides. */
	private onChanged(): void {
		const { connection } = this.wifi;
		if (this.resolveJoin === undefined) {
			if (this.network !== undefined && connection < WiFiConnection.associated) {
				this.network = undefined;
				this.options.onLost?.();
			}
			return;
		}
		if (connection === WiFiConnection.connected) this.finish(this.joinedResult());
		else if (connection === WiFiConnection.idle) this.retry();
	}

	private retry(): void {
		const { time } = this.options;
		time.clear(this.retryTimer);
		if (this.attempt >= maxAttempts) this.finish(this.failedResult());
		else this.retryTimer = time.set(() => this.tryConnect(), retryDelayMs);
	}

	private joinedResult(): JoinResult {
		const { address = "", RSSI: strength } = this.wifi;
		return { kind: "joined", address, strength };
	}

	private failedResult(): JoinResult {
		const { connection, passwordRefused = false } = this.wifi;
		const failure =
			connection >= WiFiConnection.associated
				? "no address"
				: passwordRefused
					? "wrong password"
					: "network not found";
		return { kind: "failed", failure };
	}

	private finish(result: JoinResult): void {
		const { time } = this.options;
		time.clear(this.timeoutTimer);
		time.clear(this.retryTimer);
		const settle = this.resolveJoin;
		this.resolveJoin = undefined;
		if (result.kind === "failed" && settle !== undefined) {
			this.network = undefined;
			this.wifi.disconnect();
		}
		settle?.(result);
	}
}
