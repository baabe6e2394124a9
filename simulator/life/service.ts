import type { Account } from "../dakkio/account";
import { type ApiAnswer, answer, type DataPoint, type Outcome } from "../dakkio/api";
import { allowance, limitHeaders, type Usage, usageAt } from "../dakkio/quota";
import { encode, encodeFlood, encodeOddly } from "./answers";
import { Conversation, type Request, type ToBoard } from "./conversation";
import type { ServiceFault } from "./scenario";

/** An answer that has reached the board to its last byte. */
export interface Answered {
	readonly status: number;
	/** Milliseconds that the service asks to be left alone. */
	readonly wait: number | undefined;
	/** The plan's calls that are left, and when there are new ones (milliseconds of Unix time by the service's clock). */
	readonly remaining: number | undefined;
	readonly reset: number | undefined;
	/** Of the points that the request carried, where the service has looked at them. */
	readonly sequences: readonly number[];
}

/** What all devices of an account share, besides it. */
export interface Books {
	/** Of the plan. */
	usage: Usage | undefined;
	/** How many points have got one. */
	ids: number;
	/** The month (its start, milliseconds of Unix time) in which the plan may run out, whatever a device does about it. */
	excused: number | undefined;
}

export interface ServiceOptions {
	readonly account: Account;
	readonly books: Books;
	readonly plan: number;
	/** The true time, milliseconds of Unix time. */
	now(): number;
	fault(): ServiceFault | undefined;
	/** How wrong its clock is, milliseconds. */
	clockOffset(): number;
	/** A request has begun before another was answered. */
	onSurplus(): void;
	/** `late`: the board had closed the connection before they arrived. */
	onStored(points: readonly DataPoint[], late: boolean): void;
	/** A request was answered by the API itself with this status: a call, unless it is 401 or 429. */
	onCall(status: number): void;
	onAnswered(answered: Answered): void;
	/** An answer is being told of which not all, or nothing of use, will come. */
	onUnclear(): void;
}

/** A segment of TCP, or a few. */
const partLength = 4096;

/** The service as one device meets it, in memory: the embedded server's own judgement of requests, over bytes instead of sockets. */
export class SimulatedService {
	private readonly options: ServiceOptions;

	constructor(options: ServiceOptions) {
		this.options = options;
	}

	/** A connection; gets what the board sends. */
	accept(board: ToBoard): Conversation {
		return new Conversation({
			onBytes: () => this.listens(board),
			onRequest: (request) => this.answer(request, board),
			onSurplus: this.options.onSurplus,
		});
	}

	/** Others with the same plan leave nothing of this month's calls. */
	useUp(): void {
		const { books, plan } = this.options;
		books.usage = { month: this.month, calls: plan };
		this.excuse();
	}

	/** The plan may run out this month. */
	excuse(): void {
		this.options.books.excused = this.month;
	}

	/** Whether it may. */
	get isExcused(): boolean {
		return this.options.books.excused === this.month;
	}

	/** Its start, by the service's clock. */
	private get month(): number {
		return usageAt(this.options.books.usage, this.now()).month;
	}

	private now(): number {
		return this.options.now() + this.options.clockOffset();
	}

	/** What happens before a request has been read to its end. */
	private listens(board: ToBoard): boolean {
		const fault = this.options.fault();
		switch (fault?.kind) {
			case "silent":
				return false;
			case "request cut":
				board.reset();
				return false;
			case "nonsense":
				board.send(Buffer.from("SSH-2.0-OpenSSH_9.6\r\n\r\n"));
				board.reset();
				return false;
			case "early":
				this.send(board, fromProxy(fault.status, { Connection: "close" }), []);
				board.reset();
				return false;
			default:
				return true;
		}
	}

	private answer(request: Request, board: ToBoard): void {
		const fault = this.options.fault();
		if (fault?.kind === "status") {
			const headers = fault.wait === undefined ? {} : { "Retry-After": String(fault.wait) };
			this.send(board, fromProxy(fault.status, headers), []);
		} else if (fault?.kind === "too large" && request.body.length > fault.bytes)
			this.send(board, fromProxy(413, {}), []);
		else if (fault?.kind === "poison") this.judgePoison(request, board, fault);
		else this.store(request, board, fault);
	}

	private judgePoison(request: Request, board: ToBoard, fault: ServiceFault & { kind: "poison" }): void {
		const sequences = sequencesOf(request);
		if (!sequences.some((sequence) => sequence % fault.every === 0)) this.store(request, board, fault);
		else this.send(board, this.refusal(fault.status), sequences);
	}

	/** A call that counts, although nothing is stored. */
	private refusal(status: number): ApiAnswer {
		const { plan, onCall } = this.options;
		const usage = usageAt(this.options.books.usage, this.now());
		this.options.books.usage = { ...usage, calls: usage.calls + 1 };
		onCall(status);
		const headers = limitHeaders(allowance(this.options.books.usage, plan, this.now()));
		return { status, headers, body: { error: "Refused", message: refusal } };
	}

	private store(request: Request, board: ToBoard, fault: ServiceFault | undefined): void {
		const outcome = this.judge(request);
		if (outcome.points.length > 0) this.options.onStored(outcome.points, board.closed);
		const sequences = outcome.points.map(({ metadata }) => Number(metadata.seq));
		switch (fault?.kind) {
			case "answer lost":
				board.reset();
				break;
			case "answer cut": {
				const bytes = encode(outcome.answer);
				this.options.onUnclear();
				board.send(bytes.subarray(0, bytes.length / 2));
				board.reset();
				break;
			}
			case "drip":
				this.options.onUnclear();
				drip(encode(outcome.answer), board);
				break;
			case "flood":
				this.options.onUnclear();
				sendParts(encodeFlood(outcome.answer), board);
				break;
			case "odd": {
				const good = outcome.answer.status < 300;
				this.options.onUnclear();
				const { bytes, ends } = encodeOddly(outcome.answer, good ? fault.how : "closed after");
				const delivered = () => this.delivered(outcome.answer, sequences);
				sendParts(bytes, board, ends ? undefined : delivered);
				if (ends) board.reset(delivered);
				break;
			}
			default:
				this.send(board, outcome.answer, sequences);
		}
	}

	private judge(request: Request): Outcome {
		const { account, plan, onCall } = this.options;
		const { method, path, headers, body } = request;
		const outcome = answer(
			{ method, path, key: headers.get("x-api-key"), contentType: headers.get("content-type"), body },
			{
				account,
				usage: this.options.books.usage,
				plan,
				now: this.now(),
				makeId: () => (this.options.books.ids++).toString(16).padStart(24, "0"),
			},
		);
		this.options.books.usage = outcome.usage;
		onCall(outcome.answer.status);
		return outcome;
	}

	private send(board: ToBoard, answer: ApiAnswer, sequences: readonly number[]): void {
		board.send(encode(answer), () => this.delivered(answer, sequences));
	}

	private delivered({ status, headers }: ApiAnswer, sequences: readonly number[]): void {
		const wait = headers["Retry-After"];
		const remaining = headers["X-RateLimit-Remaining"];
		const reset = headers["X-RateLimit-Reset"];
		this.options.onAnswered({
			status,
			wait: wait === undefined ? undefined : Number(wait) * 1000,
			remaining: remaining === undefined ? undefined : Number(remaining),
			reset: reset === undefined ? undefined : Number(reset) * 1000,
			sequences,
		});
	}
}

/** What is said of a poison point. */
export const refusal = "temperature is not in the schema";

function fromProxy(status: number, headers: ApiAnswer["headers"]): ApiAnswer {
	return { status, headers, body: { message: "a proxy" } };
}

function sendParts(bytes: Uint8Array, board: ToBoard, delivered?: () => void): void {
	for (let at = 0; at < bytes.length; at += partLength) {
		const end = at + partLength;
		board.send(bytes.subarray(at, end), end >= bytes.length ? delivered : undefined);
	}
}

function drip(bytes: Uint8Array, board: ToBoard, at = 0): void {
	if (at === bytes.length) return;
	board.send(bytes.subarray(at, at + 1));
	board.after(1_000, () => drip(bytes, board, at + 1));
}

/** The sequence numbers of the points that a request carries. */
function sequencesOf({ body }: Request): number[] {
	const { dataPoints, ...single } = JSON.parse(Buffer.from(body).toString("utf8"));
	const points: readonly { metadata?: { seq?: number } }[] = dataPoints ?? [single];
	return points.map(({ metadata }) => metadata?.seq ?? 0);
}
