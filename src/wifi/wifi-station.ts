import type { Time, Timer } from "../boards/board";
import { type WiFi, WiFiConnection, type WiFiConstructor } from "../boards/ecma419";
import { backoffMs } from "../common/backoff";
import { errorMessage } from "../common/error-message";
import type { SavedNetwork } from "../settings/settings";

export interface WifiStationOptions {
	readonly WiFi: WiFiConstructor;
	readonly time: Time;
	readonly networks: readonly SavedNetwork[];
	/** The network can be used: associated, and with an address. */
	onConnected(): void;
	onDisconnected(): void;
	/** Uniform in 0 … 1. */
	random(): number;
	log(line: string): void;
}

/** How long one network may take from the first attempt to an address, milliseconds. */
const joinTimeoutMs = 30_000;
/** So long an event of the attempt before may still come, milliseconds. */
const lateEventMs = 1_000;
/** Between two rounds over all saved networks, milliseconds: doubled each time up to the longest. */
const minRetryDelayMs = 5_000;
const maxRetryDelayMs = 5 * 60_000;

/** Keeps the board on one of its saved Wi-Fi networks: tries each in turn, for ever, with growing pauses. */
export class WifiStation {
	private readonly options: WifiStationOptions;
	/** From the start on: the radio costs a battery much, also while it joins nothing. */
	private wifi: WiFi | undefined;
	/** Ticks of the last attempt to join. */
	private attemptTicks = 0;
	private timer: Timer | undefined;
	private networkIndex = 0;
	private failedRounds = 0;
	private state: "stopped" | "joining" | "connected" | "pausing" = "stopped";

	constructor(options: WifiStationOptions) {
		this.options = options;
	}

	get isConnected(): boolean {
		return this.state === "connected";
	}

	/** dBm, while connected. */
	get signalStrength(): number | undefined {
		// mutation: signal-strength
		return this.isConnected ? this.wifi?.RSSI : undefined;
	}

	start(): void {
		if (this.options.networks.length === 0) this.options.log("Wi-Fi: no network is set");
		else if (this.state === "stopped") this.joinNetwork(0);
	}

	/** Leaves the network and joins anew. */
	rejoin(): void {
		if (this.state === "stopped") return;
		this.options.time.clear(this.timer);
		if (this.state === "connected") this.options.onDisconnected();
		this.wifi?.disconnect();
		this.joinNetwork(0);
	}

	stop(): void {
		this.state = "stopped";
		this.options.time.clear(this.timer);
		this.wifi?.close();
		this.wifi = undefined;
	}

	private joinNetwork(index: number): void {
		const { networks, time, WiFi } = this.options;
		const network = networks[index];
		if (network === undefined) {
			// mutation: pause-after-last-network
			this.scheduleRetry();
			return;
		}
		this.networkIndex = index;
		this.state = "joining";
		this.attemptTicks = time.ticks();
		this.timer = time.set(() => this.onJoinFailed("no answer or no address"), joinTimeoutMs);
		try {
			this.wifi ??= new WiFi({ onChanged: () => this.onChanged() });
			this.wifi.connect(
				network.password === "" ? { SSID: network.ssid } : { SSID: network.ssid, password: network.password },
			);
		} catch (error) {
			this.onJoinFailed(errorMessage(error));
		}
	}

	/** The platform tells that something changed, not what: its state decides. */
	private onChanged(): void {
		const { time, log, onConnected, onDisconnected } = this.options;
		if (this.wifi === undefined) return;
		const { connection } = this.wifi;
		if (connection === WiFiConnection.connected && this.state === "joining") {
			time.clear(this.timer);
			this.state = "connected";
			// mutation: reset-join-backoff
			this.failedRounds = 0;
			log(
				`Wi-Fi: joined ${this.quotedName()}, address ${this.wifi.address ?? "unknown"}, ${this.wifi.RSSI ?? "?"} dBm`,
			);
			onConnected();
		} else if (connection < WiFiConnection.associated && this.state === "connected") {
			log(`Wi-Fi: lost ${this.quotedName()}`);
			this.state = "joining";
			onDisconnected();
			this.joinNetwork(0);
		} else if (connection === WiFiConnection.idle && this.state === "joining") {
			// An event that comes at once may be that of an earlier disconnect.
			if (time.ticks() - this.attemptTicks >= lateEventMs)
				this.onJoinFailed("it is not there, or did not take the password");
		}
	}

	private onJoinFailed(why: string): void {
		this.options.time.clear(this.timer);
		// mutation: log-join-failure
		this.options.log(`Wi-Fi: could not join ${this.quotedName()}: ${why}`);
		// Disconnecting raises no event: this class keeps its own state.
		this.wifi?.disconnect();
		// mutation: join-next-network
		this.joinNetwork(this.networkIndex + 1);
	}

	private scheduleRetry(): void {
		const { time, random } = this.options;
		const maxDelayMs = backoffMs(++this.failedRounds, minRetryDelayMs, maxRetryDelayMs);
		this.state = "pausing";
		// mutation: schedule-join
		this.timer = time.set(() => this.joinNetwork(0), (maxDelayMs * (1 + random())) / 2);
	}

	/** The name came from a person or from the air: quoted, so that it cannot pass for anything else in a log. */
	private quotedName(): string {
		// mutation: quote-network-name
		return JSON.stringify(this.options.networks[this.networkIndex]?.ssid ?? "");
	}
}
