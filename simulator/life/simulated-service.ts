import type { Account } from "../dakkio/account";
import { type ApiOutcome, type ApiResponse, type DataPoint, handleApiRequest } from "../dakkio/api";
import { quotaHeaders, quotaStatus, type Usage, usageAt } from "../dakkio/quota";
import { type BoardSender, type ReceivedRequest, RequestParser } from "./request-parser";
import { encodeHeaderFlood, encodeOddResponse, encodeResponse } from "./response-encoder";
import type { ServiceFault } from "./scenario";

/** A response that the board has received completely. */
export interface DeliveredResponse {
	readonly status: number;
	/** `Retry-After`, milliseconds. */
	readonly waitMs: number | undefined;
	/** Remaining calls of the plan, and when it resets (milliseconds of Unix time, by the service's clock). */
	readonly remaining: number | undefined;
	readonly reset: number | undefined;
	/** Sequence numbers of the points in the request; `undefined`: the service has not read it. */
	readonly sequences: readonly number[] | undefined;
}

/** State of an account that its devices share. */
export interface AccountState {
	usage: Usage | undefined;
	/** Points stored so far; the next one's id. */
	idCount: number;
	/** The start (milliseconds of Unix time) of a month in which the plan may run out. */
	excused: number | undefined;
}

export interface ServiceOptions {
	readonly account: Account;
	readonly accountState: AccountState;
	readonly plan: number;
	/** The true time, milliseconds of Unix time. */
	now(): number;
	fault(): ServiceFault | undefined;
	/** Error of the service's clock, milliseconds. */
	clockOffsetMs(): number;
	/** A request begins to arrive. */
	onRequestBegin(): void;
	/** Another request began before the response to the previous one. */
	onPipelined(): void;
	/** `late`: the board closed the connection before they arrived. */
	onStored(points: readonly DataPoint[], late: boolean): void;
	/** The API responded with this status: a call of the plan, unless it is 401 or 429. */
	onCall(status: number): void;
	onDelivered(answered: DeliveredResponse): void;
	/** A response begins that will be incomplete or unusable. */
	onIncompleteResponse(): void;
}

type FlappingFault = ServiceFault & { readonly kind: "flapping" };

/** A few TCP segments. */
const segmentBytes = 4096;

/** The service, in memory: the embedded server's API over bytes instead of sockets. */
export class SimulatedService {
	private readonly options: ServiceOptions;
	/** Requests to a flapping service so far. */
	private flappingCount = 0;

	constructor(options: ServiceOptions) {
		this.options = options;
	}

	/** Accepts a connection; the parser receives the board's data. */
	accept(board: BoardSender): RequestParser {
		return new RequestParser({
			onBytes: (bytes, isFirst) => {
				if (isFirst) this.options.onRequestBegin();
				return this.acceptsRequest(board, bytes, isFirst);
			},
			onRequest: (request) => this.handleRequest(request, board),
			onPipelined: this.options.onPipelined,
		});
	}

	/** Other devices use all remaining calls of this month. */
	exhaustQuota(): void {
		const { accountState, plan } = this.options;
		accountState.usage = { month: this.month, calls: plan };
		this.excuseQuota();
	}

	/** The plan may run out this month. */
	excuseQuota(): void {
		this.options.accountState.excused = this.month;
	}

	get isQuotaExcused(): boolean {
		return this.options.accountState.excused === this.month;
	}

	/** The start of the current month, by the service's clock. */
	private get month(): number {
		return usageAt(this.options.accountState.usage, this.now()).month;
	}

	private now(): number {
		return this.options.now() + this.options.clockOffsetMs();
	}

	/** Applies faults that act before a request is complete; false: ignore the data. */
	private acceptsRequest(board: BoardSender, bytes: Uint8Array, isFirst: boolean): boolean {
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
				if (fault.status < 300)
					return !(isFirst && isLong(bytes)) || this.sendEarlySuccess(fault.status, board);
				this.send(board, proxyResponse(fault.status, { Connection: "close" }), undefined);
				board.reset();
				return false;
			default:
				return true;
		}
	}

	/** It is none: the board must not count it. Returns false. */
	private sendEarlySuccess(status: number, board: BoardSender): false {
		this.options.onIncompleteResponse();
		board.send(encodeResponse(proxyResponse(status, { Connection: "close" })));
		board.reset();
		return false;
	}

	private handleRequest(request: ReceivedRequest, board: BoardSender): void {
		const fault = this.options.fault();
		if (fault?.kind === "flapping" && this.isFlappingFailure(fault)) this.failFlapping(request, board, fault);
		else if (fault?.kind === "status") {
			const headers = fault.wait === undefined ? {} : { "Retry-After": String(fault.wait) };
			if (fault.stored === true) this.storePoints(request, board);
			this.send(board, proxyResponse(fault.status, headers), sequencesOf(request));
		} else if (this.hasCallsLeft && fault?.kind === "too large" && request.body.length > fault.bytes)
			this.send(board, this.refusal(413), sequencesOf(request));
		else if (this.hasCallsLeft && fault?.kind === "poison") this.handlePoison(request, board, fault);
		else this.store(request, board, fault);
	}

	/** Whether a flapping service fails at the next request. */
	private isFlappingFailure({ failures, successes }: FlappingFault): boolean {
		return this.flappingCount++ % (failures + successes) < failures;
	}

	private failFlapping(
		request: ReceivedRequest,
		board: BoardSender,
		{ status, stored }: FlappingFault,
	): void {
		if (stored === true) this.storePoints(request, board);
		if (status === undefined) board.reset();
		else this.send(board, proxyResponse(status, {}), sequencesOf(request));
	}

	/** Without, the API looks at nothing else of a request. */
	private get hasCallsLeft(): boolean {
		const { accountState, plan } = this.options;
		return quotaStatus(usageAt(accountState.usage, this.now()), plan, this.now()).remaining > 0;
	}

	private handlePoison(
		request: ReceivedRequest,
		board: BoardSender,
		fault: ServiceFault & { kind: "poison" },
	): void {
		const sequences = sequencesOf(request);
		const { every, run = 1 } = fault;
		if (!sequences.some((sequence) => sequence % every < run)) this.store(request, board, fault);
		else this.send(board, this.refusal(fault.status), sequences);
	}

	/** Counts as a call, but stores nothing. */
	private refusal(status: number): ApiResponse {
		const { plan, onCall } = this.options;
		const usage = usageAt(this.options.accountState.usage, this.now());
		this.options.accountState.usage = { ...usage, calls: usage.calls + 1 };
		onCall(status);
		const headers = quotaHeaders(quotaStatus(this.options.accountState.usage, plan, this.now()));
		return { status, headers, body: { error: "Refused", message: poisonMessage } };
	}

	private store(request: ReceivedRequest, board: BoardSender, fault: ServiceFault | undefined): void {
		const outcome = this.storePoints(request, board);
		const sequences = outcome.points.map(({ metadata }) => Number(metadata.seq));
		switch (fault?.kind) {
			case "answer lost":
				board.reset();
				break;
			case "answer cut": {
				const bytes = encodeResponse(outcome.response);
				this.options.onIncompleteResponse();
				board.send(bytes.subarray(0, bytes.length / 2));
				board.reset();
				break;
			}
			case "drip":
				this.options.onIncompleteResponse();
				drip(encodeResponse(outcome.response), board);
				break;
			case "flood":
				this.options.onIncompleteResponse();
				this.sendFlood(outcome.response, board, sequences);
				break;
			case "odd": {
				const good = outcome.response.status < 300;
				this.options.onIncompleteResponse();
				const { bytes, ends } = encodeOddResponse(outcome.response, good ? fault.how : "closed after");
				const delivered = () => this.delivered(outcome.response, sequences);
				sendSegments(bytes, board, ends ? undefined : delivered);
				if (ends) board.reset(delivered);
				break;
			}
			default:
				this.send(board, outcome.response, sequences);
		}
	}

	/**
	 * The board closes the connection before the last byte: its status counts from the first segment on, and what its own
	 * headers say, behind the flood, nobody has to hear.
	 */
	private sendFlood(answer: ApiResponse, board: BoardSender, sequences: readonly number[]): void {
		const bytes = encodeHeaderFlood(answer);
		const heard = { ...answer, headers: {} };
		board.send(bytes.subarray(0, segmentBytes), () => this.delivered(heard, sequences));
		sendSegments(bytes.subarray(segmentBytes), board);
	}

	private storePoints(request: ReceivedRequest, board: BoardSender): ApiOutcome {
		const outcome = this.evaluate(request);
		if (outcome.points.length > 0) this.options.onStored(outcome.points, board.isClosed);
		return outcome;
	}

	private evaluate(request: ReceivedRequest): ApiOutcome {
		const { account, plan, onCall } = this.options;
		const { method, path, headers, body } = request;
		const outcome = handleApiRequest(
			{ method, path, key: headers.get("x-api-key"), contentType: headers.get("content-type"), body },
			{
				account,
				usage: this.options.accountState.usage,
				plan,
				now: this.now(),
				makeId: () => (this.options.accountState.idCount++).toString(16).padStart(24, "0"),
			},
		);
		this.options.accountState.usage = outcome.usage;
		onCall(outcome.response.status);
		return outcome;
	}

	private send(board: BoardSender, answer: ApiResponse, sequences: readonly number[] | undefined): void {
		board.send(encodeResponse(answer), () => this.delivered(answer, sequences));
	}

	private delivered({ status, headers }: ApiResponse, sequences: readonly number[] | undefined): void {
		const wait = headers["Retry-After"];
		const remaining = headers["X-RateLimit-Remaining"];
		const reset = headers["X-RateLimit-Reset"];
		this.options.onDelivered({
			status,
			waitMs: wait === undefined ? undefined : Number(wait) * 1000,
			remaining: remaining === undefined ? undefined : Number(remaining),
			reset: reset === undefined ? undefined : Number(reset) * 1000,
			sequences,
		});
	}
}

/** The refusal of a poison point, and what a proxy says. */
export const poisonMessage = "temperature is not in the schema";
export const proxyMessage = "a proxy";

/** Whether a request, of which these are the first bytes, is longer than what the board can have sent by now. */
function isLong(bytes: Uint8Array): boolean {
	const [, length = "0"] = /\r\ncontent-length: *(\d+)/i.exec(Buffer.from(bytes).toString("latin1")) ?? [];
	return Number(length) > 2 * segmentBytes;
}

function proxyResponse(status: number, headers: ApiResponse["headers"]): ApiResponse {
	return { status, headers, body: { message: proxyMessage } };
}

function sendSegments(bytes: Uint8Array, board: BoardSender, delivered?: () => void): void {
	for (let at = 0; at < bytes.length; at += segmentBytes) {
		const end = at + segmentBytes;
		board.send(bytes.subarray(at, end), end >= bytes.length ? delivered : undefined);
	}
}

function drip(bytes: Uint8Array, board: BoardSender, at = 0): void {
	if (at === bytes.length) return;
	board.send(bytes.subarray(at, at + 1));
	board.after(1_000, () => drip(bytes, board, at + 1));
}

/** Sequence numbers of the points in a request. */
function sequencesOf({ body }: ReceivedRequest): number[] {
	const { dataPoints, ...single } = JSON.parse(Buffer.from(body).toString("utf8"));
	const points: readonly { metadata?: { seq?: number } }[] = dataPoints ?? [single];
	return points.map(({ metadata }) => metadata?.seq ?? 0);
}
