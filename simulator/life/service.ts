import type { Account } from "../dakkio/account";
import { type ApiAnswer, answer, type DataPoint } from "../dakkio/api";
import { allowance, limitHeaders, type Usage, usageAt } from "../dakkio/quota";
import type { ServiceFault } from "./scenario";

/** How the service sends to the board. */
export interface ToBoard {
	/** `delivered` is called when the board has received the last byte. */
	send(bytes: Uint8Array, delivered?: () => void): void;
	reset(): void;
}

/** Points that were stored by one request. */
export interface Stored {
	readonly points: readonly DataPoint[];
	/** The board has the whole answer since this time, milliseconds of Unix time; `undefined`: it has not. */
	answeredAt: number | undefined;
}

export interface ServiceOptions {
	readonly account: Account;
	readonly plan: number;
	/** The true time, milliseconds of Unix time. */
	now(): number;
	fault(): ServiceFault | undefined;
	/** How wrong its clock is, milliseconds. */
	clockOffset(): number;
	onStored(stored: Stored): void;
	/** A request was answered by the API itself with this status. */
	onAnswered(status: number): void;
}

/** The service, in memory: the embedded server's own judgement of requests, over bytes instead of sockets. */
export class SimulatedService {
	readonly #options: ServiceOptions;
	#usage: Usage | undefined;
	#ids = 0;

	constructor(options: ServiceOptions) {
		this.#options = options;
	}

	/** A connection; gets what the board sends. */
	accept(board: ToBoard): Conversation {
		return new Conversation(board, this.#options.fault, (request) => this.#answer(request, board));
	}

	/** Others with the same plan leave nothing of this month's calls. */
	useUp(): void {
		const now = this.#now();
		this.#usage = { ...usageAt(this.#usage, now), calls: this.#options.plan };
	}

	/** Calls of the month now. */
	get calls(): number {
		return usageAt(this.#usage, this.#now()).calls;
	}

	#now(): number {
		return this.#options.now() + this.#options.clockOffset();
	}

	/** A call that counts, although nothing is stored. */
	#refuse(board: ToBoard): void {
		const { plan, onAnswered } = this.#options;
		const usage = usageAt(this.#usage, this.#now());
		this.#usage = { ...usage, calls: usage.calls + 1 };
		onAnswered(400);
		const headers = limitHeaders(allowance(this.#usage, plan, this.#now()));
		board.send(response({ status: 400, headers, body: { error: "Bad Request", message: refusal } }));
	}

	#answer(request: Request, board: ToBoard): void {
		const { account, plan, fault, onStored, onAnswered, now } = this.#options;
		const broken = fault();
		if (broken?.kind === "status") {
			board.send(response({ status: broken.status, headers: {}, body: { message: "a proxy" } }));
			return;
		}
		if (broken?.kind === "poison" && pointsOf(request).includes(broken.sequence)) {
			this.#refuse(board);
			return;
		}
		const outcome = answer(
			{
				method: request.method,
				path: request.path,
				key: request.headers.get("x-api-key"),
				contentType: request.headers.get("content-type"),
				body: request.body,
			},
			{
				account,
				usage: this.#usage,
				plan,
				now: this.#now(),
				makeId: () => (this.#ids++).toString(16).padStart(24, "0"),
			},
		);
		this.#usage = outcome.usage;
		onAnswered(outcome.answer.status);
		const stored: Stored = { points: outcome.points, answeredAt: undefined };
		if (stored.points.length > 0) onStored(stored);
		const bytes = response(outcome.answer);
		if (broken?.kind === "answer lost") board.reset();
		else if (broken?.kind === "answer cut") {
			board.send(bytes.subarray(0, bytes.length / 2));
			board.reset();
		} else
			board.send(bytes, () => {
				stored.answeredAt = now();
			});
	}
}

interface Request {
	readonly method: string;
	readonly path: string;
	readonly headers: ReadonlyMap<string, string>;
	readonly body: Uint8Array;
}

/** One connection's requests, read from its bytes. */
export class Conversation {
	readonly #board: ToBoard;
	readonly #fault: () => ServiceFault | undefined;
	readonly #onRequest: (request: Request) => void;
	readonly #chunks: Uint8Array[] = [];
	#length = 0;
	/** Bytes of the request that has begun, once its head is there. */
	#expected = 0;

	constructor(board: ToBoard, fault: () => ServiceFault | undefined, onRequest: (request: Request) => void) {
		this.#board = board;
		this.#fault = fault;
		this.#onRequest = onRequest;
	}

	receive(bytes: Uint8Array): void {
		const fault = this.#fault();
		if (fault?.kind === "silent") return;
		if (fault?.kind === "request cut") {
			this.#board.reset();
			return;
		}
		if (fault?.kind === "nonsense") {
			this.#board.send(Buffer.from("SSH-2.0-OpenSSH_9.6\r\n\r\n"));
			this.#board.reset();
			return;
		}
		this.#chunks.push(bytes);
		this.#length += bytes.length;
		if (this.#expected === 0) this.#expected = requestLength(Buffer.concat(this.#chunks));
		if (this.#expected === 0 || this.#length < this.#expected) return;
		const request = readRequest(Buffer.concat(this.#chunks));
		this.#chunks.length = this.#length = this.#expected = 0;
		this.#onRequest(request);
	}
}

/** What is said of a poison point. */
export const refusal = "temperature is not in the schema";

/** The sequence numbers of the points that a request carries. */
function pointsOf({ body }: Request): number[] {
	const { dataPoints, ...single } = JSON.parse(Buffer.from(body).toString("utf8"));
	const points: readonly { metadata?: { seq?: number } }[] = dataPoints ?? [single];
	return points.map(({ metadata }) => metadata?.seq ?? 0);
}

/** 0 while the head is not whole. */
function requestLength(bytes: Buffer): number {
	const end = bytes.indexOf("\r\n\r\n");
	if (end < 0) return 0;
	const [, length = "0"] = /^content-length: *(\d+)/im.exec(bytes.toString("latin1", 0, end)) ?? [];
	return end + 4 + Number(length);
}

function readRequest(bytes: Buffer): Request {
	const end = bytes.indexOf("\r\n\r\n");
	const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
	const [method = "", path = ""] = first.split(" ");
	const headers = new Map(
		lines.map((line): [string, string] => {
			const colon = line.indexOf(":");
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
		}),
	);
	return { method, path, headers, body: bytes.subarray(end + 4) };
}

function response({ status, headers, body }: ApiAnswer): Uint8Array {
	const content = Buffer.from(JSON.stringify(body));
	const lines = Object.entries({
		...headers,
		"Content-Type": "application/json",
		"Content-Length": content.length,
	});
	const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${head}\r\n`), content]);
}
