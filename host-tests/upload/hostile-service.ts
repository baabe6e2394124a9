import type { SeededRandom } from "../../simulator/life/seeded-random";
import type { VirtualTime } from "../../simulator/virtual-time";
import type { TCP, TCPOptions } from "../../src/boards/ecma419";

/** Bytes that the service sends in answer to a request. */
export interface Answer {
	/** Interim responses, sent before `final`. */
	readonly interim: string;
	readonly final: string;
	/** Sent when this share of the request has arrived; 1: all of it. */
	readonly atShare: number;
	/** Bytes of a piece: what one segment has. */
	readonly pieceBytes: number;
	readonly pieceDelayMs: number;
	/** Whether the points are stored, if the whole request arrives before the first byte of `final` is sent. */
	readonly isStored: boolean;
	/** The connection ends after the answer. */
	readonly closes: boolean;
	/** Sent unasked so long after the answer; `undefined`: nothing. */
	readonly strayAfterMs: number | undefined;
}

/** A request that has arrived as a whole, or of which a part was answered. */
export interface Exchange {
	readonly at: number;
	sequences: readonly number[];
	readonly answer: Answer;
	/** The board cannot know better than that the points are stored. */
	isConfirmed: boolean;
}

export class BrokenPromise extends Error {
	override name = "BrokenPromise";
}

/**
 * A service with its network, in virtual time: takes requests in small windows and answers with whatever bytes `answerTo`
 * makes. It notes what it stored, and what it has confirmed in a way that the board has to understand.
 */
export class HostileService {
	readonly exchanges: Exchange[] = [];
	/** When each point was stored, ticks. */
	readonly storedAt = new Map<number, number[]>();
	answerTo: (sequences: readonly number[], bodyBytes: number) => Answer;
	private readonly time: VirtualTime;
	private readonly random: SeededRandom;

	constructor(time: VirtualTime, random: SeededRandom, answerTo: HostileService["answerTo"]) {
		this.time = time;
		this.random = random;
		this.answerTo = answerTo;
	}

	/** For the network of a connection. */
	socketClass(): new (options: TCPOptions) => TCP {
		const { time, random } = this;
		const service = this;
		return class extends HostileSocket {
			constructor(options: TCPOptions) {
				super(options, time, random, service);
			}
		};
	}

	take(exchange: Exchange): void {
		const { sequences, at } = exchange;
		const before = this.exchanges.at(-1);
		if (before !== undefined && !before.isConfirmed && at - before.at < 1_000)
			throw new BrokenPromise(
				`${at - before.at} ms after ${JSON.stringify(before.answer.final.slice(0, 60))} came a request`,
			);
		const again = this.exchanges.find(
			(each) => each.isConfirmed && each.sequences.some((sequence) => sequences.includes(sequence)),
		);
		if (again !== undefined)
			throw new BrokenPromise(
				`sent again after ${JSON.stringify(again.answer.interim + again.answer.final)} in pieces of ${again.answer.pieceBytes}`,
			);
		this.exchanges.push(exchange);
	}

	store(sequences: readonly number[], at: number): void {
		for (const sequence of sequences) {
			const times = this.storedAt.get(sequence);
			if (times === undefined) this.storedAt.set(sequence, [at]);
			else times.push(at);
		}
	}
}

/** What the board has to take for the end of a request: a whole status line of a success. */
const successLine = /^HTTP\/1\.\d 2\d\d( [\t -~\u0080-\u00ff]{0,400})?\r\n/;

class HostileSocket implements TCP {
	readonly remoteAddress = undefined;
	readonly remotePort = undefined;
	private readonly options: TCPOptions;
	private readonly time: VirtualTime;
	private readonly random: SeededRandom;
	private readonly service: HostileService;
	private request = "";
	private requestBytes = 0;
	private announced = 0;
	private arrived = "";
	private isClosed = false;
	private isTainted = false;
	private isAnswering = false;

	constructor(options: TCPOptions, time: VirtualTime, random: SeededRandom, service: HostileService) {
		this.options = options;
		this.time = time;
		this.random = random;
		this.service = service;
		this.later(5, () => this.openWindow());
	}

	read(into: Uint8Array): number {
		const part = this.arrived.slice(0, into.length);
		for (let at = 0; at < part.length; at++) into[at] = part.charCodeAt(at);
		this.arrived = this.arrived.slice(part.length);
		return part.length;
	}

	write(bytes: Uint8Array): void {
		if (bytes.length > this.announced) throw new BrokenPromise("more was written than was announced");
		if (this.isTainted) throw new BrokenPromise("a request went over a connection with unsolicited bytes");
		this.announced -= bytes.length;
		this.request += Buffer.from(bytes).toString("latin1");
		this.requestBytes += bytes.length;
		this.later(1, () => {
			this.look();
			if (this.announced === 0) this.openWindow();
		});
	}

	close(): void {
		this.isClosed = true;
	}

	private openWindow(): void {
		this.announced = this.random.nextBoolean(0.5) ? 1 + Math.floor(this.random.next() * 3000) : 65_536;
		this.options.onWritable?.(this.announced);
	}

	/** Answers as soon as enough of a request is there. */
	private look(): void {
		const head = this.request.indexOf("\r\n\r\n");
		if (head < 0 || this.isAnswering) return;
		const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.request.slice(0, head))?.[1]);
		const whole = head + 4 + length;
		const sequences = sequencesIn(this.request);
		const answer = this.planned ?? this.service.answerTo(sequences, length);
		this.planned = answer;
		if (this.request.length < whole * answer.atShare) return;
		this.planned = undefined;
		this.isAnswering = true;
		const exchange = { at: this.time.ticks(), sequences, answer, isConfirmed: false };
		this.service.take(exchange);
		this.sendInterim(exchange, 0, whole);
	}

	private sendInterim(exchange: Exchange, from: number, whole: number): void {
		const { answer } = exchange;
		const isFinal = from + answer.pieceBytes > answer.interim.length;
		if (!isFinal) {
			this.deliver(answer.interim.slice(from, from + answer.pieceBytes));
			this.later(answer.pieceDelayMs, () => this.sendInterim(exchange, from + answer.pieceBytes, whole));
			return;
		}
		const isWhole = this.request.length >= whole;
		exchange.sequences = sequencesIn(this.request.slice(0, whole));
		if (isWhole && answer.isStored) this.service.store(exchange.sequences, exchange.at);
		this.request = this.request.slice(whole);
		this.send(exchange, from, isWhole);
	}

	/** A partly received request keeps its answer. */
	private planned: Answer | undefined;

	private send(exchange: Exchange, from: number, wasWhole: boolean): void {
		const { answer } = exchange;
		const all = answer.interim + answer.final;
		const piece = all.slice(from, from + answer.pieceBytes);
		const end = from + piece.length;
		if (piece.length > 0) this.deliver(piece);
		const seen = all.slice(answer.interim.length, end);
		if (wasWhole && answer.isStored && successLine.test(seen)) exchange.isConfirmed = true;
		if (this.isClosed) return;
		if (end < all.length) this.later(answer.pieceDelayMs, () => this.send(exchange, end, wasWhole));
		else this.endAnswer(answer);
	}

	private endAnswer({ closes, strayAfterMs }: Answer): void {
		this.isAnswering = false;
		if (closes) {
			this.later(1, () => {
				this.isClosed = true;
				this.options.onError?.();
			});
			return;
		}
		if (strayAfterMs !== undefined)
			this.later(strayAfterMs, () => {
				if (this.request !== "" || this.isAnswering) return;
				this.isTainted = true;
				this.deliver("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
			});
	}

	private deliver(bytes: string): void {
		this.arrived += bytes;
		this.options.onReadable?.(this.arrived.length);
	}

	private later(ms: number, callback: () => void): void {
		this.time.set(() => {
			if (!this.isClosed) callback();
		}, ms);
	}
}

function sequencesIn(request: string): number[] {
	return [...request.matchAll(/"seq":(\d+)[,}]/g)].map(([, digits]) => Number(digits));
}

const anyOf = <T>(list: readonly T[], random: SeededRandom): T => {
	const chosen = list[Math.floor(random.next() * list.length)];
	if (chosen === undefined) throw new Error("an empty list");
	return chosen;
};

const reasons = ["", " ", " Created", " No\tt", " \u00fc\u00ff", ` ${"long ".repeat(70)}`] as const;

/** Whole status lines, and some that are cut off or are none. */
export function statusLine(status: number, random: SeededRandom): string {
	return `HTTP/1.${anyOf([1, 1, 1, 0, 7], random)} ${status}${anyOf(reasons, random)}\r\n`;
}

const body = '{"success":false,"message":"not today"}';

/** Lines of a head, most of them wrong; and then anything. */
export function restOfHead(random: SeededRandom): string {
	const lines = [
		`Content-Length: ${body.length}`,
		"Content-Length: 0",
		"Content-Length: -1",
		"Content-Length: +5",
		"Content-Length: 0x10",
		"Content-Length: 99999999999999999999",
		"Content-Length:",
		"Content-Length: 5, 5",
		"Transfer-Encoding: chunked",
		"Transfer-Encoding: gzip, chunked",
		"Transfer-Encoding : chunked",
		"nonsense",
		": no name",
		"",
		" folded",
		"X: a\r\n\tfolded",
		"X: \u0000",
		"X: \u007f",
		"X\u0000: 1",
		"X: a\rb",
		"X: a\nY: b",
		"\nX: a",
		`X: ${"a".repeat(600)}`,
		`Content-Length: ${"0".repeat(600)}5`,
		`X: ${"b".repeat(20_000)}`,
		`${"N".repeat(300)}: 1`,
		"Connection: close",
		"Connection: keep-alive, close",
		"Connection: upgrade",
		"Upgrade: h2c",
		"Retry-After: 1.5",
		"Retry-After: -5",
		"Retry-After: Thu, 01 Jan 1970 00:00:00 GMT",
		"X-RateLimit-Remaining: -3",
		"Set-Cookie: a=b",
	];
	let head = "";
	for (let count = Math.floor(random.next() * 5); count > 0; count--) head += `${anyOf(lines, random)}\r\n`;
	if (random.nextBoolean(0.02)) head += "X: 1\r\n".repeat(200);
	const ends = [
		`\r\n${body}`,
		"\r\n",
		"\n\n",
		"\r",
		"",
		`\r\n5\r\nhello\r\n0\r\n\r\n`,
		"\r\nZZ\r\n",
		`\r\n${body}${body}`,
	];
	return head + anyOf(ends, random);
}

/** Interim responses as they should be, and as they should not. */
export function interimResponses(random: SeededRandom): string {
	let all = "";
	while (random.nextBoolean(0.3)) {
		const status = anyOf([100, 102, 103, 199], random);
		const isOdd = random.nextBoolean(0.3);
		const odd = anyOf(
			[
				"nonsense\r\n",
				": x\r\n",
				"X: \u0000\r\n",
				"X : 1\r\n",
				`Link: ${"l".repeat(20_000)}\r\n`,
				"Content-Length: 5\r\nContent-Length: 6\r\n",
			],
			random,
		);
		all += `HTTP/1.1 ${status} Interim\r\n${isOdd ? odd : "Link: <a>\r\n"}\r\n`;
	}
	return all;
}
