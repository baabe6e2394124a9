import type { Board, Network, Timer } from "../boards/board";
import { backoffMs } from "../common/backoff";
import { errorMessage } from "../common/error-message";
import type { SavedNetwork } from "../settings/saved-networks";
import { type JoinResult, WifiJoiner } from "./wifi-joiner";

export interface WifiStationOptions {
	readonly board: Pick<Board, "time" | "log"> & { readonly network: Pick<Network, "WiFi"> };
	readonly settings: { readonly networks: readonly SavedNetwork[] };
	/** The network is joined, and the board has an address in it. */
	onNetworkJoined(address: string): void;
	onNetworkLost(): void;
	/** Uniform in 0 … 1. */
	random(): number;
}

const joinLimits = Object.freeze({ timeoutMs: 30_000, maxAttempts: 1, settleMs: 500, lateEventMs: 1_000 });
/** Between two rounds through the saved networks: doubled each time, with jitter. */
const minRetryDelayMs = 5_000;
const maxRetryDelayMs = 5 * 60_000;

/** Keeps the board on one of its saved Wi-Fi networks: tries each in turn, indefinitely, with backoff between rounds. */
export class WifiStation {
	private readonly options: WifiStationOptions;
	/** Created by start, not before: an idle radio also drains the battery. */
	private joiner: WifiJoiner | undefined;
	private retryTimer: Timer | undefined;
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
		return this.isConnected ? this.joiner?.signalStrength : undefined;
	}

	start(): void {
		const { board, settings } = this.options;
		if (settings.networks.length === 0) board.log("Wi-Fi: no network is set");
		else if (this.state === "stopped") this.joinNetwork(0);
	}

	/** Leaves the network, and joins again from the first saved one on. */
	rejoin(): void {
		const { options } = this;
		if (this.state === "stopped") return;
		options.board.time.clear(this.retryTimer);
		if (this.isConnected) options.onNetworkLost();
		this.state = "pausing";
		this.joiner?.leave();
		this.joinNetwork(0);
	}

	stop(): void {
		this.state = "stopped";
		this.options.board.time.clear(this.retryTimer);
		this.joiner?.close();
		this.joiner = undefined;
	}

	private joinNetwork(index: number): void {
		const { board, settings } = this.options;
		const network = settings.networks[index];
		if (network === undefined) {
			// mutation: pause-after-last-network
			this.scheduleRetry();
			return;
		}
		this.networkIndex = index;
		this.state = "joining";
		try {
			this.joiner ??= new WifiJoiner({
				WiFi: board.network.WiFi,
				time: board.time,
				...joinLimits,
				onLost: () => this.onLost(),
			});
		} catch (error) {
			this.onJoinFailed(errorMessage(error));
			return;
		}
		this.joiner.join(network, (result) => this.onResult(result));
	}

	private onResult(result: JoinResult): void {
		// Also called when this class aborts a join.
		if (this.state !== "joining") return;
		if (result.kind === "failed") {
			const { message, failure } = result;
			// Not every board reports a wrong password.
			const reason = failure === "network not found" ? `${failure} or password rejected` : failure;
			this.onJoinFailed(message ?? reason);
			return;
		}
		const { options } = this;
		this.state = "connected";
		// mutation: reset-join-backoff
		this.failedRounds = 0;
		const { address, strength = "?" } = result;
		options.board.log(`Wi-Fi: joined ${this.quotedName()}, address ${address || "unknown"}, ${strength} dBm`);
		options.onNetworkJoined(address);
	}

	private onLost(): void {
		const { options } = this;
		options.board.log(`Wi-Fi: lost ${this.quotedName()}`);
		this.state = "joining";
		options.onNetworkLost();
		this.joinNetwork(0);
	}

	private onJoinFailed(reason: string): void {
		// mutation: log-join-failure
		this.options.board.log(`Wi-Fi: could not join ${this.quotedName()}: ${reason}`);
		// mutation: join-next-network
		this.joinNetwork(this.networkIndex + 1);
	}

	private scheduleRetry(): void {
		const { options } = this;
		const maxDelayMs = backoffMs(++this.failedRounds, minRetryDelayMs, maxRetryDelayMs);
		this.state = "pausing";
		// mutation: schedule-join
		this.retryTimer = options.board.time.set(
			() => this.joinNetwork(0),
			(maxDelayMs * (1 + options.random())) / 2,
		);
	}

	/** As a JSON string: untrusted names must not look like log lines. */
	private quotedName(): string {
		// mutation: quote-network-name
		return JSON.stringify(this.options.settings.networks[this.networkIndex]?.ssid ?? "");
	}
}
