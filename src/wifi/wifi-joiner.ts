import type { Time, Timer } from "../boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import type { SavedNetwork } from "../settings/saved-networks";

export interface WifiJoinerOptions {
	readonly WiFi: WiFiConstructor;
	readonly time: Time;
	/** For all attempts at one network, up to its address. */
	readonly timeoutMs: number;
	/** Attempts at one network. */
	readonly maxAttempts: number;
	/** From leaving a network to joining the next: the platform may report the end of the old one late. */
	readonly settleMs: number;
	/** For this long after an attempt, the end of a connection is attributed to the previous connection. */
	readonly lateEventMs: number;
	/** The joined network is lost. */
	onLost(): void;
}

export type JoinResult =
	/** `strength`: dBm. */
	| { readonly kind: "joined"; readonly address: string; readonly strength: number | undefined }
	/** `message`: of the radio, if it threw an error. */
	| { readonly kind: "failed"; readonly failure: JoinFailure; readonly message?: string };

export type JoinFailure =
	/** Not every board distinguishes this from a network that is not found. */
	| "wrong password"
	/** No network of this name responds. */
	| "network not found"
	/** Joined, but DHCP gave no address. */
	| "no address";

const retryDelayMs = 500;
/** To associate on the channel of the last join, before all channels are scanned. */
const knownChannelTimeoutMs = 3_000;

/** Joins one Wi-Fi network at a time, and reports the result. */
export class WifiJoiner {
	private readonly options: WifiJoinerOptions;
	private readonly wifi: WiFi;
	/** Joined, or being joined. */
	private network: SavedNetwork | undefined;
	private timeoutTimer: Timer | undefined;
	private retryTimer: Timer | undefined;
	private attempts = 0;
	/** Whether the current attempt uses the channel of the last join. */
	private isOnKnownChannel = false;
	private attemptTicks = 0;
	private leftTicks = Number.NEGATIVE_INFINITY;
	private onResult: ((result: JoinResult) => void) | undefined;

	/** Switches the radio on. Throws what the platform throws. */
	constructor(options: WifiJoinerOptions) {
		this.options = options;
		this.wifi = new options.WiFi({ onChanged: () => this.onChanged() });
	}

	get isJoined(): boolean {
		return this.wifi.connection === WiFiConnection.connected;
	}

	get isJoining(): boolean {
		return this.onResult !== undefined;
	}

	/** dBm, while joined. */
	get signalStrength(): number | undefined {
		return this.isJoined ? this.wifi.RSSI : undefined;
	}

	/** Leaves another network first, and aborts another join, which then fails. Calls `onResult` once. */
	join(network: SavedNetwork, onResult: (result: JoinResult) => void): void {
		const { time, timeoutMs, settleMs } = this.options;
		const isSame = this.network?.ssid === network.ssid && this.network.password === network.password;
		if (isSame && this.isJoined) {
			onResult(this.joinedResult());
			return;
		}
		if (this.network !== undefined) this.leave();
		this.network = network;
		this.attempts = 0;
		this.onResult = onResult;
		this.timeoutTimer = time.set(() => this.fail(), timeoutMs);
		const settleLeftMs = this.leftTicks + settleMs - time.ticks();
		if (settleLeftMs > 0) this.retryTimer = time.set(() => this.tryConnect(), settleLeftMs);
		else this.tryConnect();
	}

	/** Leaves the network, or aborts joining it. */
	leave(): void {
		if (this.isJoining) {
			this.finish({ kind: "failed", failure: "network not found" });
			return;
		}
		this.disconnect();
	}

	/** Switches the radio off. */
	close(): void {
		this.finish({ kind: "failed", failure: "network not found" });
		this.wifi.close();
	}

	private tryConnect(): void {
		this.attempts++;
		this.connect(this.attempts === 1);
	}

	private connect(onKnownChannel: boolean): void {
		const { ssid: SSID = "", password = "" } = this.network ?? {};
		const options = password === "" ? { SSID } : { SSID, password };
		const { time } = this.options;
		this.attemptTicks = time.ticks();
		try {
			// mutation: search-all-channels
			this.isOnKnownChannel = onKnownChannel && this.wifi.reconnect?.(options) === true;
			if (this.isOnKnownChannel)
				this.retryTimer = time.set(() => this.leaveKnownChannel(), knownChannelTimeoutMs);
			else this.wifi.connect(options);
		} catch (error) {
			this.retry(errorMessage(error));
		}
	}

	/** Falls back to all channels unless the network was found on its last one. */
	private leaveKnownChannel(): void {
		if (this.wifi.connection >= WiFiConnection.associated) return;
		this.wifi.disconnect();
		this.searchAll(this.options.settleMs);
	}

	private searchAll(waitMs: number): void {
		const { time } = this.options;
		time.clear(this.retryTimer);
		// A late report of this attempt's end must not count for the next one.
		this.isOnKnownChannel = false;
		this.attemptTicks = Number.POSITIVE_INFINITY;
		this.retryTimer = time.set(() => this.connect(false), waitMs);
	}

	/** The platform reports that something changed, not what. */
	private onChanged(): void {
		const { time, lateEventMs, onLost } = this.options;
		const { connection } = this.wifi;
		if (this.onResult === undefined) {
			if (this.network === undefined || connection >= WiFiConnection.associated) return;
			this.network = undefined;
			onLost();
		} else if (connection === WiFiConnection.connected) this.finish(this.joinedResult());
		else if (connection === WiFiConnection.idle && time.ticks() - this.attemptTicks >= lateEventMs)
			if (this.isOnKnownChannel) this.searchAll(0);
			else this.retry();
	}

	private retry(message?: string): void {
		const { time, maxAttempts } = this.options;
		time.clear(this.retryTimer);
		if (this.attempts >= maxAttempts) this.fail(message);
		else this.retryTimer = time.set(() => this.tryConnect(), retryDelayMs);
	}

	private joinedResult(): JoinResult {
		const { address = "", RSSI: strength } = this.wifi;
		return { kind: "joined", address, strength };
	}

	private fail(message?: string): void {
		const { connection, passwordRefused = false } = this.wifi;
		let failure: JoinFailure = passwordRefused ? "wrong password" : "network not found";
		if (connection >= WiFiConnection.associated) failure = "no address";
		this.finish({ kind: "failed", failure, ...(message !== undefined && { message }) });
	}

	private finish(result: JoinResult): void {
		const { time } = this.options;
		time.clear(this.timeoutTimer);
		time.clear(this.retryTimer);
		const { onResult } = this;
		if (onResult === undefined) return;
		this.onResult = undefined;
		if (result.kind === "failed") {
			this.disconnect();
		}
		onResult(result);
	}

	private disconnect(): void {
		this.network = undefined;
		this.leftTicks = this.options.time.ticks();
		this.wifi.disconnect();
	}
}
