import type { Network, Time, Timer } from "../boards/board";
import { errorMessage } from "../common/error-message";
import type { Clock } from "./clock";
import { type NtpFailure, NtpQuery } from "./ntp-client";
import type { TimeMeasurement } from "./ntp-packet";
import {
	type BlockedPeer,
	blockPeer,
	checkPlausibility,
	isBlocked,
	minPollIntervalMs,
	pollBackoffMs,
	pollIntervalMs,
	type UnconfirmedTime,
} from "./sync-policy";

export interface TimeSyncOptions {
	readonly network: Pick<Network, "UDP" | "resolver">;
	readonly time: Pick<Time, "ticks" | "set" | "clear">;
	readonly clock: Pick<
		Clock,
		"utcAt" | "driftToleranceMs" | "applyMeasurement" | "lastKnownUtc" | "driftKnown"
	>;
	/** `host` or `host:port`; the first is polled as long as it works, then the next. */
	readonly servers: readonly string[];
	/** The firmware's release, milliseconds of Unix time: no earlier time can be true. */
	readonly releasedAt: number;
	readonly owner: TimeSyncOwner;
	/** Uniform in 0 … 1, with 32 random bits. */
	random(): number;
	log(line: string): void;
}

export interface TimeSyncOwner {
	/** A server gave no usable response; `reached`: its name was resolved. */
	onTimeServerFailed(reached: boolean): void;
	/** The clock is set; `utc`: the current time, milliseconds of Unix time. */
	onSynchronized(utc: number): void;
}

/**
 * Keeps the clock synchronized while the network is up: at once, an hour later, then daily. Failing servers are polled
 * in turn, in rounds with growing pauses, indefinitely. The decisions are in `sync-policy`.
 */
export class TimeSync {
	private readonly options: TimeSyncOptions;
	private started = false;
	private timer: Timer | undefined;
	private query: NtpQuery | undefined;
	/** Ticks when the next round is due, and when the last one began. */
	private dueTicks = 0;
	private lastRoundTicks = Number.NEGATIVE_INFINITY;
	/** Index of the server to poll, and how many failed in this round. */
	private serverIndex = 0;
	private failedServers = 0;
	/** Rounds in a row without a usable response. */
	private failedRounds = 0;
	/** Accepted measurements of this boot. */
	private measurementCount = 0;
	private unconfirmed: UnconfirmedTime | undefined;
	private blockedPeers: readonly BlockedPeer[] = [];

	constructor(options: TimeSyncOptions) {
		this.options = options;
	}

	/** The network is up: polls at once if due or if the last attempts failed, else when it is due. */
	start(): void {
		if (this.started) return;
		this.started = true;
		if (this.options.servers.length === 0) this.options.log("time: no time server is set");
		else this.retryNow();
	}

	/** The network is down: cancels a poll in progress, which does not count as a failure. */
	stop(): void {
		this.started = false;
		this.options.time.clear(this.timer);
		const query = this.query;
		this.query = undefined;
		query?.close();
	}

	/** Polls whether due or not, as a test of the network, at least 16 s after the last round. */
	pollNow(): void {
		if (!this.started || this.query !== undefined || this.options.servers.length === 0) return;
		this.dueTicks = this.options.time.ticks();
		this.scheduleRound();
	}

	/** Ends a pause after failures, at least 16 s after the last round: conditions have improved. */
	retryNow(): void {
		if (!this.started || this.query !== undefined || this.options.servers.length === 0) return;
		if (this.failedRounds > 0) this.dueTicks = this.options.time.ticks();
		this.scheduleRound();
	}

	private scheduleRound(): void {
		const { time } = this.options;
		const due = Math.max(this.dueTicks, this.lastRoundTicks + minPollIntervalMs);
		time.clear(this.timer);
		this.timer = time.set(() => this.beginRound(), Math.max(0, due - time.ticks()));
	}

	private beginRound(): void {
		this.lastRoundTicks = this.options.time.ticks();
		this.failedServers = 0;
		void this.queryServer();
	}

	private async queryServer(): Promise<void> {
		const { network, time, servers, releasedAt, random } = this.options;
		const server = servers[this.serverIndex] ?? "";
		const query = new NtpQuery({
			network,
			time,
			server,
			minUtc: releasedAt,
			random,
			isBlocked: (peer) => isBlocked(this.blockedPeers, peer, time.ticks()),
		});
		this.query = query;
		const result = await query.result;
		// Stopped in the meantime, and perhaps restarted.
		if (this.query !== query) return;
		this.query = undefined;
		if (result.kind === "time") this.checkMeasurement(result.measurement, result.peer);
		else this.handleFailure(server, result);
	}

	private checkMeasurement(measurement: TimeMeasurement, peer: string): void {
		const { clock } = this.options;
		const { utc, ticks, server } = measurement;
		const expectedUtc = clock.utcAt(ticks);
		const { lastKnownUtc } = clock;
		const toleranceMs = clock.driftToleranceMs(ticks);
		const result = checkPlausibility(measurement, peer, {
			expectedUtc,
			toleranceMs,
			lastKnownUtc,
			unconfirmed: this.unconfirmed,
		});
		if (result.kind === "unconfirmed") {
			this.unconfirmed = result.unconfirmed;
			this.tryNextServer(
				server,
				`${peer} reports ${toIso(utc)}, which contradicts the clock; a second server must confirm it`,
			);
			return;
		}
		this.unconfirmed = undefined;
		this.applyMeasurement(measurement, peer, expectedUtc);
	}

	private applyMeasurement(
		measurement: TimeMeasurement,
		peer: string,
		expectedUtc: number | undefined,
	): void {
		const { clock, time, random, log } = this.options;
		const { utc, server, roundTripMs } = measurement;
		clock.applyMeasurement(measurement);
		this.measurementCount++;
		this.failedRounds = 0;
		this.dueTicks = time.ticks() + pollIntervalMs(this.measurementCount, clock.driftKnown, random());
		const step = expectedUtc === undefined ? "" : `, corrected by ${Math.round(utc - expectedUtc)} ms`;
		const from = server === peer ? peer : `${server} (${peer})`;
		log(`time: ${toIso(utc)} from ${from}, round trip ${Math.round(roundTripMs)} ms${step}`);
		this.scheduleRound();
		this.notify();
	}

	/** An exception of the callback must not end the synchronization. */
	private notify(): void {
		const { clock, time, owner, log } = this.options;
		try {
			owner.onSynchronized(Math.round(clock.utcAt(time.ticks()) ?? 0));
		} catch (error) {
			log(`time: onSynchronized failed: ${errorMessage(error)}`);
		}
	}

	private handleFailure(server: string, { reason, peer, kissCode }: NtpFailure): void {
		if (peer !== undefined && kissCode !== undefined)
			this.blockedPeers = blockPeer(this.blockedPeers, peer, kissCode, this.options.time.ticks());
		this.tryNextServer(server, reason);
		this.options.owner.onTimeServerFailed(peer !== undefined);
	}

	/** Polls the next server, or pauses once all have failed. */
	private tryNextServer(server: string, reason: string): void {
		const { time, servers, random, log } = this.options;
		this.serverIndex = (this.serverIndex + 1) % servers.length;
		this.failedServers++;
		if (this.failedServers < servers.length) {
			log(`time: ${server}: ${reason}`);
			void this.queryServer();
			return;
		}
		this.failedRounds++;
		const pauseMs = pollBackoffMs(this.failedRounds, random());
		log(`time: ${server}: ${reason}; next try in ${Math.round(pauseMs / 1000)} s`);
		this.dueTicks = time.ticks() + pauseMs;
		this.scheduleRound();
	}
}

function toIso(utc: number): string {
	return new Date(utc).toISOString();
}
