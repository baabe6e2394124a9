import type { Network, Time, Timer } from "../boards/board";
import type { Clock } from "./clock";
import type { Measurement } from "./measurement";
import { messageOf } from "./message";
import { type NtpFailure, NtpQuery } from "./ntp-client";
import {
	type Barred,
	bar,
	type Doubt,
	intervalAfter,
	isBarred,
	judge,
	pauseAfter,
	shortestPause,
} from "./schedule";

export interface TimeSyncOptions {
	readonly network: Pick<Network, "UDP" | "resolver">;
	readonly time: Pick<Time, "ticks" | "set" | "clear">;
	readonly clock: Pick<Clock, "utcAt" | "slack" | "set" | "knownUntil" | "steady">;
	/** `host` or `host:port`; the first is asked as long as it can be used, then the next. */
	readonly servers: readonly string[];
	/** No earlier time can be true: the firmware's release, milliseconds of Unix time. */
	readonly releasedAt: number;
	/** A server gave no usable answer; `reached`: its name at least could be resolved. */
	onFailure?(reached: boolean): void;
	/** The clock was set; `utc` is the time now, milliseconds of Unix time. */
	onSynchronized(utc: number): void;
	/** Uniform in 0 … 1, with 32 random bits. */
	random(): number;
	log(line: string): void;
}

/**
 * Keeps the clock set: at once, an hour later, then daily, while the network is there. Failing servers are asked
 * in turn, in rounds with growing pauses, for ever. What is decided, and why, is in `schedule`.
 */
export class TimeSync {
	private readonly options: TimeSyncOptions;
	private started = false;
	private timer: Timer | undefined;
	private query: NtpQuery | undefined;
	/** Ticks when the next round is due, and when the last began. */
	private due = 0;
	private lastRound = Number.NEGATIVE_INFINITY;
	/** Index of the server to ask, and how many have failed in this round. */
	private server = 0;
	private failedServers = 0;
	/** Rounds in a row without a usable answer. */
	private failedRounds = 0;
	/** Good ones, in this boot. */
	private measurements = 0;
	private doubt: Doubt | undefined;
	private barred: readonly Barred[] = [];

	constructor(options: TimeSyncOptions) {
		this.options = options;
	}

	/** The network is there: asks at once where that is due or the last attempts failed, else when it is due. */
	start(): void {
		if (this.started) return;
		this.started = true;
		if (this.options.servers.length === 0) this.options.log("time: no time server is set");
		else this.retryNow();
	}

	/** The network is gone. A question under way is given up, and does not count as a failure. */
	stop(): void {
		this.started = false;
		this.options.time.clear(this.timer);
		const query = this.query;
		this.query = undefined;
		query?.close();
	}

	/** Asks, due or not, to see whether anybody answers (16 s after the last round at the earliest). */
	askNow(): void {
		if (!this.started || this.query !== undefined || this.options.servers.length === 0) return;
		this.due = this.options.time.ticks();
		this.wait();
	}

	/** Something has changed for the better: a pause after failures ends now (16 s after the last round at the earliest). */
	retryNow(): void {
		if (!this.started || this.query !== undefined || this.options.servers.length === 0) return;
		if (this.failedRounds > 0) this.due = this.options.time.ticks();
		this.wait();
	}

	private wait(): void {
		const { time } = this.options;
		const due = Math.max(this.due, this.lastRound + shortestPause);
		time.clear(this.timer);
		this.timer = time.set(() => this.beginRound(), Math.max(0, due - time.ticks()));
	}

	private beginRound(): void {
		this.lastRound = this.options.time.ticks();
		this.failedServers = 0;
		void this.ask();
	}

	private async ask(): Promise<void> {
		const { network, time, servers, releasedAt, random } = this.options;
		const server = servers[this.server] ?? "";
		const query = new NtpQuery({
			network,
			time,
			server,
			earliest: releasedAt,
			random,
			isBarred: (peer) => isBarred(this.barred, peer, time.ticks()),
		});
		this.query = query;
		const result = await query.result;
		// Stopped meanwhile, perhaps started again.
		if (this.query !== query) return;
		this.query = undefined;
		if (result.kind === "time") this.consider(result.measurement, result.peer);
		else this.failed(server, result);
	}

	private consider(measurement: Measurement, peer: string): void {
		const { clock } = this.options;
		const { utc, ticks, server } = measurement;
		const expected = clock.utcAt(ticks);
		const { knownUntil } = clock;
		const slack = clock.slack(ticks);
		const verdict = judge(measurement, peer, { expected, slack, knownUntil, doubt: this.doubt });
		if (verdict.kind === "doubted") {
			this.doubt = verdict.doubt;
			this.nextServer(
				server,
				`${peer} says ${iso(utc)}, against what was known; another server must confirm it`,
			);
			return;
		}
		this.doubt = undefined;
		this.use(measurement, peer, expected);
	}

	private use(measurement: Measurement, peer: string, expected: number | undefined): void {
		const { clock, time, random, log } = this.options;
		const { utc, server, roundTrip } = measurement;
		clock.set(measurement);
		this.measurements++;
		this.failedRounds = 0;
		this.due = time.ticks() + intervalAfter(this.measurements, clock.steady, random());
		const step = expected === undefined ? "" : `, corrected by ${Math.round(utc - expected)} ms`;
		const from = server === peer ? peer : `${server} (${peer})`;
		log(`time: ${iso(utc)} from ${from}, round trip ${Math.round(roundTrip)} ms${step}`);
		this.wait();
		this.notify();
	}

	/** What others do with the news must not end the measuring. */
	private notify(): void {
		const { clock, time, onSynchronized, log } = this.options;
		try {
			onSynchronized(Math.round(clock.utcAt(time.ticks()) ?? 0));
		} catch (error) {
			log(`time: what waited for it failed: ${messageOf(error)}`);
		}
	}

	private failed(server: string, { reason, peer, kiss }: NtpFailure): void {
		if (peer !== undefined && kiss !== undefined)
			this.barred = bar(this.barred, peer, kiss, this.options.time.ticks());
		this.nextServer(server, reason);
		this.options.onFailure?.(peer !== undefined);
	}

	/** Asks the next server, or, when each has had its turn, pauses. */
	private nextServer(server: string, why: string): void {
		const { time, servers, random, log } = this.options;
		this.server = (this.server + 1) % servers.length;
		this.failedServers++;
		if (this.failedServers < servers.length) {
			log(`time: ${server}: ${why}`);
			void this.ask();
			return;
		}
		this.failedRounds++;
		const pause = pauseAfter(this.failedRounds, random());
		log(`time: ${server}: ${why}; next try in ${Math.round(pause / 1000)} s`);
		this.due = time.ticks() + pause;
		this.wait();
	}
}

function iso(utc: number): string {
	return new Date(utc).toISOString();
}
