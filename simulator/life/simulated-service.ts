import type { Account } from "../dakkio/account";
import { type ApiOutcome, type ApiResponse, type DataPoint, handleApiRequest } from "../dakkio/api";
import { quotaHeaders, quotaStatus, type Usage, usageAt } from "../dakkio/quota";
import { type BoardSender, type ReceivedRequest, RequestParser } from "./request-parser";
import { encodeHeaderFlood, encodeOddResponse, encodeResponse } from "./response-encoder";
import type { ServiceFault } from "./scenario";

/** An answer that has reached the board to its last byte. */
export interface DeliveredResponse {
	readonly status: number;
	/** Milliseconds that the service asks to be left alone. */
	readonly waitMs: number | undefined;
	/** The plan's calls that are left, and when there are new ones (milliseconds of Unix time by the service's clock). */
	readonly remaining: number | undefined;
	readonly reset: number | undefined;
	/** Of the points that the request carried, where the service has looked at them. */
	readonly sequences: readonly number[];
}

/** What all devices of an account share, besides it. */
export interface AccountState {
	/** Of the plan. */
	usage: Usage | undefined;
	/** How many points have got one. */
	idCount: number;
	/** The month (its start, milliseconds of Unix time) in which the plan may run out, whatever a device does about it. */
	excused: number | undefined;
}

export interface ServiceOptions {
	readonly account: Account;
	readonly accountState: AccountState;
	readonly plan: number;
	/** The true time, milliseconds of Unix time. */
	now(): number;
	fault(): ServiceFault | undefined;
	/** How wrong its clock is, milliseconds. */
	clockOffsetMs(): number;
	/** A request has begun before another was answered. */
	onPipelined(): void;
	/** `late`: the board had closed the connection before they arrived. */
	onStored(points: readonly DataPoint[], late: boolean): void;
	/** A request was answered by the API itself with this status: a call, unless it is 401 or 429. */
	onCall(status: number): void;
	onDelivered(answered: DeliveredResponse): void;
	/** An answer is being told of which not all, or nothing of use, will come. */
	onIncompleteResponse(): void;
}

/** A segment of TCP, or a few. */
const segmentBytes = 4096;

/** The service as one device meets it, in memory: the embedded server's own judgement of requests, over bytes instead of sockets. */
export class SimulatedService {
	private readonly options: ServiceOptions;

	constructor(options: ServiceOptions) {
		this.options = options;
	}

	/** A connection; gets what the board sends. */
	accept(board: BoardSender): RequestParser {
		return new RequestParser({
			onBytes: () => this.acceptsRequest(board),
			onRequest: (request) => this.handleRequest(request, board),
			onPipelined: this.options.onPipelined,
		});
	}

	/** Others with the same plan leave nothing of this month's calls. */
	exhaustQuota(): void {
		const { accountState, plan } = this.options;
		accountState.usage = { month: this.month, calls: plan };
		this.excuseQuota();
	}

	/** The plan may run out this month. */
	excuseQuota(): void {
		this.options.accountState.excused = this.month;
	}

	/** Whether it may. */
	get isQuotaExcused(): boolean {
		return this.options.accountState.excused === this.month;
	}

	/** Its start, by the service's clock. */
	private get month(): number {
		return usageAt(this.options.accountState.usage, this.now()).month;
	}

	private now(): number {
		return this.options.now() + this.options.clockOffsetMs();
	}

	/** What happens before a request has been read to its end. */
	private acceptsRequest(board: BoardSender): boolean {
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
				this.send(board, proxyResponse(fault.status, { Connection: "close" }), []);
				board.reset();
				return false;
			default:
				return true;
		}
	}

	private handleRequest(request: ReceivedRequest, board: BoardSender): void {
		const fault = this.options.fault();
		if (fault?.kind === "status") {
			const headers = fault.wait === undefined ? {} : { "Retry-After": String(fault.wait) };
			this.send(board, proxyResponse(fault.status, headers), []);
		} else if (fault?.kind === "too large" && request.body.length > fault.bytes)
			this.send(board, proxyResponse(413, {}), []);
		else if (fault?.kind === "poison") this.handlePoison(request, board, fault);
		else this.store(request, board, fault);
	}

	private handlePoison(
		request: ReceivedRequest,
		board: BoardSender,
		fault: ServiceFault & { kind: "poison" },
	): void {
		const sequences = sequencesOf(request);
		if (!sequences.some((sequence) => sequence % fault.every === 0)) this.store(request, board, fault);
		else this.send(board, this.refusal(fault.status), sequences);
	}

	/** A call that counts, although nothing is stored. */
	private refusal(status: number): ApiResponse {
		const { plan, onCall } = this.options;
		const usage = usageAt(this.options.accountState.usage, this.now());
		this.options.accountState.usage = { ...usage, calls: usage.calls + 1 };
		onCall(status);
		const headers = quotaHeaders(quotaStatus(this.options.accountState.usage, plan, this.now()));
		return { status, headers, body: { error: "Refused", message: poisonMessage } };
	}

	private store(request: ReceivedRequest, board: BoardSender, fault: ServiceFault | undefined): void {
		const outcome = this.evaluate(request);
		if (outcome.points.length > 0) this.options.onStored(outcome.points, board.isClosed);
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
				sendSegments(encodeHeaderFlood(outcome.response), board);
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

	private send(board: BoardSender, answer: ApiResponse, sequences: readonly number[]): void {
		board.send(encodeResponse(answer), () => this.delivered(answer, sequences));
	}

	private delivered({ status, headers }: ApiResponse, sequences: readonly number[]): void {
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

/** What is said of a poison point. */
export const poisonMessage = "temperature is not in the schema";

function proxyResponse(status: number, headers: ApiResponse["headers"]): ApiResponse {
	return { status, headers, body: { message: "a proxy" } };
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

/** The sequence numbers of the points that a request carries. */
function sequencesOf({ body }: ReceivedRequest): number[] {
	const { dataPoints, ...single } = JSON.parse(Buffer.from(body).toString("utf8"));
	const points: readonly { metadata?: { seq?: number } }[] = dataPoints ?? [single];
	return points.map(({ metadata }) => metadata?.seq ?? 0);
}
