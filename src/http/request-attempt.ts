import type { Time, Timer } from "../boards/board";
import type { Channel } from "./channel";
import type { ExchangeResult } from "./exchange-result";
import { exchangeFailure, failureMessage, type Origin, timeoutMessage } from "./exchange-result";
import { MessageParser } from "./message-parser";
import { defaultKeptBodyBytes, type HttpRequest, type RequestStream, type ResponseHead } from "./request";
import { responseFormat, type StatusLine } from "./start-line";
import type { ExchangeTimeoutsMs } from "./timeouts";

export interface AttemptResult {
	readonly result: ExchangeResult;
	/** Whether the channel can carry another request. */
	readonly isReusable: boolean;
	/**
	 * Whether the request can be repeated safely: no byte of a response arrived, and either the server cannot have the
	 * whole request, or it is idempotent (RFC 9110 section 9.2.2).
	 */
	readonly isRetryable: boolean;
}

export interface AttemptOptions {
	readonly request: HttpRequest;
	readonly stream: RequestStream;
	readonly channel: Channel;
	readonly origin: Origin;
	readonly time: Time;
	readonly timeoutsMs: ExchangeTimeoutsMs;
	/** Shared by sending and receiving: each use ends before the next begins. */
	readonly buffer: Uint8Array;
	readonly responseHeaders: readonly string[];
	readonly maxHeaderBytes?: number | undefined;
	onEnd(end: AttemptResult): void;
}

/**
 * One request over one open channel, and its response. The status is valid as soon as its line is complete; errors in the
 * rest cost only the connection. A response that begins before the whole request is sent ends the sending: an error is
 * accepted (RFC 9112 section 9.5), a success is not. Ends once.
 */
export class RequestAttempt {
	private readonly options: AttemptOptions;
	private readonly parser: MessageParser<StatusLine>;
	private phase: "send" | "receive" | "ended" = "send";
	private timer: Timer | undefined;
	/** Whether any byte of a response has arrived. */
	private hasResponseBytes = false;
	/** The number of the last response, interim ones counted, of which a byte arrived before the whole request was sent. */
	private earlyResponse: number | undefined;

	constructor(options: AttemptOptions) {
		this.options = options;
		const { request, responseHeaders, maxHeaderBytes } = options;
		const maxKeptBodyBytes = request.maxKeptBodyBytes ?? defaultKeptBodyBytes;
		const readBody = request.makeBodyReader?.();
		let head: ResponseHead | undefined;
		const onBody = (part: Uint8Array) => {
			head ??= { status: this.parser.start?.status ?? 0, headers: this.parser.headers };
			readBody?.(part, head);
		};
		this.parser = new MessageParser({
			format: responseFormat,
			keptHeaders: responseHeaders,
			maxHeaderBytes,
			maxKeptBodyBytes,
			onBody,
		});
	}

	/** Sends as much as the channel accepts. */
	send(): void {
		if (this.phase !== "send") return;
		const { stream, channel, buffer } = this.options;
		while (!stream.done && channel.writableBytes > 0) {
			const part = buffer.subarray(0, Math.min(buffer.length, channel.writableBytes));
			channel.write(part.subarray(0, stream.read(part)));
		}
		this.enterPhase(stream.done ? "receive" : "send");
	}

	/** Reads `count` bytes, or fewer if the response ends before. */
	receive(count: number): void {
		const { channel, buffer } = this.options;
		this.hasResponseBytes = true;
		let left = count;
		let surplus = false;
		while (left > 0 && !surplus) {
			const length = channel.read(buffer.subarray(0, Math.min(buffer.length, left)));
			if (length <= 0) break;
			left -= length;
			surplus = this.parser.push(buffer.subarray(0, length)) < length;
		}
		const { state, start, isUntouched, problem } = this.parser;
		// mutation: early-response
		if (!this.options.stream.done && !isUntouched) this.earlyResponse = this.parser.interimCount;
		if (this.isEarly && start !== undefined && start.status < 300) this.end("", "cut");
		else if (state === "failed" || (state === "done" && problem !== ""))
			this.end(this.invalid(problem), "cut");
		else if (state === "done")
			this.end(surplus ? this.invalid("it is followed by more") : "", surplus ? "cut" : "whole");
		else if (start !== undefined && this.phase === "send") this.enterPhase("receive");
	}

	/** Whether the final response began before the whole request was sent. */
	private get isEarly(): boolean {
		return this.earlyResponse === this.parser.interimCount;
	}

	/** The channel was closed. */
	connectionClosed(error: Error | undefined): void {
		if (this.phase === "ended") return;
		this.parser.end();
		const isWhole = this.parser.state === "done";
		this.end(isWhole ? "" : failureMessage(this.phase, this.options.origin, error), "lost");
	}

	/** Ends now, with the response if its status is known. */
	abort(message: string): void {
		this.end(message, "cut");
	}

	/** An exception, here or in the body. */
	fail(error: unknown): void {
		if (this.phase !== "ended") this.end(failureMessage(this.phase, this.options.origin, error), "cut");
	}

	private enterPhase(phase: "send" | "receive"): void {
		const { time, timeoutsMs, origin } = this.options;
		this.phase = phase;
		time.clear(this.timer);
		const timeoutMs = timeoutsMs[phase];
		this.timer = time.set(() => this.abort(timeoutMessage(phase, origin, timeoutMs)), timeoutMs);
	}

	/** `whole`: the response is complete and nothing follows. `lost`: the peer closed. `cut`: this side aborts. */
	private end(message: string, manner: "whole" | "lost" | "cut"): void {
		if (this.phase === "ended") return;
		const { request, stream, time, onEnd } = this.options;
		const result = this.toResult(this.phase, message);
		this.phase = "ended";
		time.clear(this.timer);
		onEnd({
			result,
			isReusable: manner === "whole" && stream.done && this.parser.isPersistent,
			isRetryable: manner === "lost" && !this.hasResponseBytes && (!stream.done || request.method === "GET"),
		});
	}

	private invalid(problem: string): string {
		return `${this.options.origin.host}: invalid response: ${problem}`;
	}

	private toResult(phase: "send" | "receive", message: string): ExchangeResult {
		const { options } = this;
		const { start, headers, body, isTruncated } = this.parser;
		if (start === undefined) return exchangeFailure(phase, message, options.stream.done);
		const { status } = start;
		if (this.isEarly && status < 300)
			return exchangeFailure(
				"send",
				`${options.origin.host}: ${status} came before the whole request was sent`,
				options.stream.done,
			);
		return {
			...{ kind: "response", status, headers, body },
			...(isTruncated && { truncated: true }),
			...(message !== "" && { oddity: message }),
		};
	}
}
