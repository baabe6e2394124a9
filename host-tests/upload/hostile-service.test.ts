import { expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import { SeededRandom } from "../../simulator/life/seeded-random";
import { VirtualTime } from "../../simulator/virtual-time";
import { Clock } from "../../src/clock/clock";
import { rateLimitHeaders } from "../../src/dakkio/rate-limits";
import { HttpConnection } from "../../src/http/http-connection";
import { ReadingLog } from "../../src/store/reading-log";
import { CallBudget } from "../../src/upload/call-budget";
import { Quarantine } from "../../src/upload/quarantine";
import { Uploader } from "../../src/upload/uploader";
import { mainsBoard } from "../clock/mains-board";
import { MemoryKeyValue } from "../memory-key-value";
import {
	type Answer,
	BrokenPromise,
	HostileService,
	interimResponses,
	restOfHead,
	statusLine,
} from "./hostile-service";
import { context, destination } from "./uploader-fixture";

/** Runs one life again: its seed. */
const replay = process.env.REPLAY;
const long = process.env.MODE === "long";
const lives = replay !== undefined ? 1 : long ? 20_000 : Number(process.env.LIVES ?? 45);
const firstSeed = replay === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(replay);
const startUtc = Date.UTC(2027, 2, 1, 12);
const hour = 3_600_000;
/** One regular call of the Free plan, which has 7,000 a month besides its reserve. */
const regularCallMs = (31 * 24 * hour) / 7_000;
/** At most, to find one refused point where one of `every` is. */
const callsToFind = (every: number) => 2 * (1 + Math.log2(every));
/** In half a day's calls of the Free plan, and those of an hour. */
const maxHourlyCalls = 150;
const contentStatuses = [400, 409, 413, 422];

type Kind = (
	random: SeededRandom,
	every: number,
) => (sequences: readonly number[], bodyBytes: number) => Answer;

const plain = {
	interim: "",
	atShare: 1,
	pieceBytes: 1 << 20,
	pieceDelayMs: 0,
	closes: false,
	strayAfterMs: undefined,
};

function good(): Answer {
	return { ...plain, final: "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", isStored: true };
}

/** Stored, and then what says nothing of it. */
function unconfirmed(random: SeededRandom): Answer {
	const finals = [
		"",
		"garbage",
		"HTTP/1.1 2",
		"HTTP/1.1 500 No\r\n\r\n",
		"HTTP/2 201\r\n\r\n",
		"HTTP/1.1 101 S\r\n\r\n",
	];
	const final = finals[Math.floor(random.next() * finals.length)] ?? "";
	return { ...plain, final, isStored: true, closes: true };
}

function odd(status: number, random: SeededRandom): Answer {
	const pieceBytes = [1, 1 + Math.floor(random.next() * 30), 1 << 20][Math.floor(random.next() * 3)] ?? 1;
	return {
		interim: interimResponses(random),
		final: statusLine(status, random) + restOfHead(random),
		atShare: 1,
		pieceBytes,
		pieceDelayMs: pieceBytes === 1 ? 0 : Math.floor(random.next() * 40),
		isStored: status >= 200 && status < 300,
		closes: random.nextBoolean(0.4),
		strayAfterMs: random.nextBoolean(0.2) ? Math.floor(random.next() * 30) : undefined,
	};
}

const anyStatus = (random: SeededRandom) => 200 + Math.floor(random.next() * 400);

/** What a service may do for hours. */
const kinds: Readonly<Record<string, Kind>> = {
	"odd successes": (random) => () => odd(200 + Math.floor(random.next() * 100), random),
	"one status for everything": (random) => {
		const status = anyStatus(random);
		return () => odd(status, random);
	},
	"one refusal for everything": (random) => {
		const status = 400 + Math.floor(random.next() * 100);
		return () => ({ ...odd(status, random), final: `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n` });
	},
	"any status": (random) => () => odd(anyStatus(random), random),
	"early answers": (random) => () => ({ ...odd(anyStatus(random), random), atShare: random.next() }),
	"stored, and never confirmed": (random) => {
		const answer = unconfirmed(random);
		return () => answer;
	},
	"stored, and confirmed now and then": (random) => {
		const answer = unconfirmed(random);
		const [failures, successes] = [1 + 4 * random.next(), 20 * random.next()];
		let rest = 1;
		let isGood = false;
		return () => {
			if (--rest <= 0) {
				isGood = !isGood;
				rest = Math.ceil(random.next() * (isGood ? successes : failures));
			}
			return isGood ? good() : answer;
		};
	},
	"a limit of size": (random) => {
		const limit = Math.floor(10 ** (1.5 + 4 * random.next()));
		return (_, bodyBytes) => (bodyBytes > limit ? odd(413, random) : good());
	},
	"some points refused": (random, every) => {
		const status = contentStatuses[Math.floor(random.next() * 4)] ?? 400;
		return (sequences) =>
			sequences.some((sequence) => sequence % every === 0) ? odd(status, random) : good();
	},
	"good and bad in turn": (random) => () =>
		random.nextBoolean(0.5) ? good() : odd(anyStatus(random), random),
};

/** A board's uploads through some hours of one kind and hours of a good service, against what must hold. */
class Life {
	private readonly time = new VirtualTime();
	private readonly random: SeededRandom;
	private readonly storage = new MemoryKeyValue();
	private readonly ring = new NorFlash({ blocks: 64, blockLength: 4096 });
	private readonly readings = new ReadingLog(this.ring);
	private readonly quarantine = new Quarantine(new NorFlash({ blocks: 64, blockLength: 4096 }));
	private readonly service: HostileService;
	private readonly clock: Clock;
	private readonly uploader: Uploader;
	private failure: unknown;
	private measured = 0;
	/** Each so many points one is refused, where some are. */
	private readonly every: number;
	readonly name: string;
	private readonly kind: Kind;

	constructor(seed: number) {
		this.random = new SeededRandom(seed);
		this.every = 2 + Math.floor(this.random.next() ** 4 * 300);
		const names = Object.keys(kinds);
		this.name = names[seed % names.length] ?? "";
		this.kind = kinds[this.name] ?? (() => good);
		this.service = new HostileService(this.time, this.random, good);
		const { time, storage } = this;
		this.clock = new Clock({ ...mainsBoard, time, boot: 1, storage, log: () => {} });
		this.uploader = this.makeUploader();
	}

	async live(): Promise<void> {
		const { random, service } = this;
		const { uploader } = this;
		const most = this.name.startsWith("stored") ? 6_000 : 1_500;
		this.measure(1 + Math.floor(random.next() * (random.nextBoolean(0.3) ? most : 60)));
		uploader.start();
		const answerTo = this.kind(random, this.every);
		service.answerTo = answerTo;
		const outageHours = 3 + Math.floor(random.next() * 40);
		await this.pass(outageHours);
		this.checkOutage(outageHours);
		service.answerTo = this.name === "some points refused" ? answerTo : good;
		await this.pass(60);
		if (this.name === "some points refused") await this.passSearch();
		await uploader.stop();
		this.checkEnd();
	}

	/** Where many points are refused, the plan's calls set the pace: so long the search may take, and no longer. */
	private async passSearch(): Promise<void> {
		const isBehind = () => this.missing().some((sequence) => !this.isRefused(sequence));
		const startTicks = this.time.ticks();
		while (isBehind()) {
			const refused = this.measured / this.every;
			if (this.time.ticks() - startTicks > refused * callsToFind(this.every) * regularCallMs) return;
			await this.pass(6);
		}
	}

	private async pass(hours: number): Promise<void> {
		for (let each = 0; each < hours * 2; each++) {
			const ticks = this.time.ticks();
			this.clock.applyMeasurement({ utc: startUtc + ticks, ticks, roundTripMs: 20, server: "test" });
			await this.time.advance(hour / 2);
			this.measure(1);
			if (this.failure !== undefined) throw this.failure;
		}
	}

	private measure(count: number): void {
		for (let i = 0; i < count; i++) {
			const utc = startUtc + this.time.ticks() + i;
			this.readings.append({ time: { utc }, values: [20 + (i % 100) / 100] }, context);
		}
		this.measured += count;
		this.uploader.wake();
	}

	private checkOutage(hours: number): void {
		const { exchanges, storedAt } = this.service;
		const refusesAll =
			this.name === "one refusal for everything" || this.name === "one status for everything";
		const isFault = refusesAll && exchanges.every(({ answer }) => !answer.isStored);
		if (isFault) {
			const pending = [...this.readings.pending()].length;
			if (pending !== this.measured) throw new BrokenPromise(`${this.measured - pending} have left the ring`);
		}
		if (this.name === "one refusal for everything") {
			const status = Number(exchanges[0]?.answer.final.slice(9, 12));
			const isTransient = [408, 425, 429].includes(status);
			if (!isTransient && exchanges.length > 10 + hours)
				throw new BrokenPromise(`${exchanges.length} requests in ${hours} h of ${status}`);
		}
		if (!this.name.startsWith("stored")) return;
		const counts = [...storedAt.values()].map((times) => most(times, 24 * hour));
		if (Math.max(...counts) > 30) throw new BrokenPromise(`stored ${Math.max(...counts)} times in a day`);
		const often = Math.max(
			...Array.from({ length: Math.ceil(hours) }, (_, begin) => {
				const end = (begin + 24) * hour;
				const isInDay = (at: number) => at >= end - 24 * hour && at < end;
				return [...storedAt.values()].filter((times) => times.filter(isInDay).length > 2).length;
			}),
		);
		if (often > 1_000) throw new BrokenPromise(`${often} points stored more than twice`);
	}

	/** Points that are neither stored nor in quarantine, without the last few. */
	private missing(): number[] {
		const { storedAt } = this.service;
		const kept = new Set([...this.quarantine.points()].map(({ sequence }) => sequence));
		return Array.from({ length: Math.max(0, this.measured - 8) }, (_, index) => index + 1).filter(
			(sequence) => !storedAt.has(sequence) && !kept.has(sequence),
		);
	}

	private isRefused(sequence: number): boolean {
		return this.name === "some points refused" && sequence % this.every === 0;
	}

	private checkEnd(): void {
		const { storedAt, exchanges } = this.service;
		const calls = most(
			exchanges.map(({ at }) => at),
			hour,
		);
		if (calls > maxHourlyCalls) throw new BrokenPromise(`${calls} requests in an hour`);
		const pending = new Set([...this.readings.pending()].map(({ sequence }) => sequence));
		const missing = this.missing();
		const lost = missing.filter((sequence) => !this.isRefused(sequence) || !pending.has(sequence));
		// The oldest of a full quarantine are gone, and counted.
		const { droppedPoints } = this.quarantine;
		const [first] = lost.slice(0, droppedPoints).every((sequence) => this.isRefused(sequence))
			? lost.slice(droppedPoints)
			: lost;
		if (first !== undefined)
			throw new BrokenPromise(`point ${first} is neither stored nor kept; ${pending.size} are pending`);
		const kept = [...this.quarantine.points()].map(({ sequence }) => sequence);
		const wrong = kept.filter((sequence) => storedAt.has(sequence));
		if (wrong.length > 0) throw new BrokenPromise(`${wrong} are stored, and in quarantine`);
	}

	private makeUploader(): Uploader {
		const { time, clock, readings, quarantine, storage, random } = this;
		const Socket = this.service.socketClass();
		const judge = this;
		class Judged extends Socket {
			override write(bytes: Uint8Array): void {
				try {
					super.write(bytes);
				} catch (error) {
					judge.failure ??= error;
				}
			}
		}
		return new Uploader({
			...{ time, clock, readings, quarantine, destination },
			...{ key: "dakkio_w_0123456789abcdef", userAgent: "test", budget: new CallBudget(storage) },
			keptState: undefined,
			saveState: () => {},
			estimateUnanchoredBoots: () => {},
			intervalMs: () => 600_000,
			connect: () =>
				new HttpConnection({
					network: {
						TCP: Judged,
						TLS: Judged,
						resolver: {
							resolve: ({
								host,
								onResolved,
							}: {
								host: string;
								onResolved(host: string, address: string): void;
							}) => onResolved(host, "127.0.0.1"),
						},
					} as never,
					...{ time, host: "api.example", port: 80, secure: false, responseHeaders: rateLimitHeaders },
				}),
			isOnline: () => true,
			onAttempt: () => {},
			random: () => random.next(),
			log: (line) => {
				if (replay !== undefined) console.log(`${time.ticks() / 1000}: ${line}`);
			},
		});
	}
}

/** How many of the times at most fall in one window. */
function most(times: readonly number[], windowMs: number): number {
	return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
}

test("whatever bytes a service answers with: nothing is lost, and what was confirmed is not sent again", async () => {
	const failed: string[] = [];
	for (let seed = firstSeed; seed < firstSeed + lives && failed.length < 8; seed++) {
		const life = new Life(seed);
		try {
			await life.live();
		} catch (error) {
			failed.push(`REPLAY=${seed} (${life.name}) ${String(error)}`);
		}
	}
	expect(failed).toEqual([]);
});
