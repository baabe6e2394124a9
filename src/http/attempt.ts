import type { Time, Timer } from "../boards/board";
import type { Channel } from "./channel";
import type { Deadlines } from "./deadlines";
import { broken, failure, type Origin, timedOut } from "./failure";
import type { Outcome } from "./outcome";
import { MessageParser } from "./parser";
import { defaultKeptBody, type Request, type RequestStream } from "./request";
import { answers, type StatusLine } from "./status-line";

export interface AttemptEnd {
	readonly outcome: Outcome;
	/** Whether the channel may carry another request. */
	readonly reusable: boolean;
	/**
	 * Whether the request may go out once more without a thought: no byte of an answer has come, and either the
	 * server cannot have got the whole request, or it is one that changes nothing (RFC 9110 section 9.2.2).
	 */
	readonly repeatable: boolean;
}

export interface AttemptOptions {
	readonly request: Request;
	readonly stream: RequestStream;
	readonly channel: Channel;
	readonly origin: Origin;
	readonly time: Time;
	readonly deadlines: Deadlines;
	/** For what goes out and what comes in; each use is over before the next begins. */
	readonly buffer: Uint8Array;
	readonly answerHeaders: readonly string[];
	onEnd(end: AttemptEnd): void;
}

/**
 * One request over one open channel, and its answer. Sends while there is room and no answer yet: an answer that
 * comes before the whole request is out ends the sending, and is the answer (RFC 9112 section 9.5). Ends once.
 */
export class Attempt {
	private readonly options: AttemptOptions;
	private readonly parser: MessageParser<StatusLine>;
	private phase: "send" | "receive" | "ended" = "send";
	private timer: Timer | undefined;
	/** Whether any byte of an answer has come. */
	private heard = false;

	constructor(options: AttemptOptions) {
		this.options = options;
		const { request, answerHeaders } = options;
		const keptBody = request.keptBody ?? defaultKeptBody;
		const onBody = request.reader?.();
		this.parser = new MessageParser({ kind: answers, keep: answerHeaders, keptBody, onBody });
	}

	/** Sends what the channel has room for. */
	send(): void {
		if (this.phase !== "send") return;
		const { stream, channel, buffer } = this.options;
		while (!stream.done && channel.room > 0) {
			const part = buffer.subarray(0, Math.min(buffer.length, channel.room));
			channel.write(part.subarray(0, stream.read(part)));
		}
		this.enter(stream.done ? "receive" : "send");
	}

	/** Reads `count` bytes, or as many as the answer has. */
	receive(count: number): void {
		const { channel, buffer } = this.options;
		this.heard = true;
		let left = count;
		let surplus = false;
		while (left > 0 && !surplus) {
			const length = channel.read(buffer.subarray(0, Math.min(buffer.length, left)));
			if (length <= 0) break;
			left -= length;
			surplus = this.parser.push(buffer.subarray(0, length)) < length;
		}
		const { state, start } = this.parser;
		if (state === "done") this.end("", surplus ? "cut" : "whole");
		else if (state === "failed")
			this.end(`the answer of ${this.options.origin.host} cannot be read: ${this.parser.problem}`, "cut");
		else if (start !== undefined && this.phase === "send") this.enter("receive");
	}

	/** The channel is gone. */
	gone(error: Error | undefined): void {
		if (this.phase === "ended") return;
		this.parser.end();
		this.end(broken(this.phase, this.options.origin, error), "lost");
	}

	/** Ends now, with the answer if its status is known. */
	giveUp(message: string): void {
		this.end(message, "cut");
	}

	/** Something here or in the body threw. */
	fail(error: unknown): void {
		if (this.phase !== "ended") this.end(broken(this.phase, this.options.origin, error), "cut");
	}

	private enter(phase: "send" | "receive"): void {
		const { time, deadlines, origin } = this.options;
		this.phase = phase;
		time.clear(this.timer);
		const deadline = deadlines[phase];
		this.timer = time.set(() => this.giveUp(timedOut(phase, origin, deadline)), deadline);
	}

	/** Whole: the answer is complete and nothing follows it. Lost: the peer has closed. Cut: this end gives up. */
	private end(message: string, manner: "whole" | "lost" | "cut"): void {
		if (this.phase === "ended") return;
		const { request, stream, time, onEnd } = this.options;
		const outcome = this.outcome(this.phase, message);
		this.phase = "ended";
		time.clear(this.timer);
		onEnd({
			outcome,
			reusable: manner === "whole" && stream.done && this.parser.persistent,
			repeatable: manner === "lost" && !this.heard && (!stream.done || request.method === "GET"),
		});
	}

	private outcome(step: "send" | "receive", message: string): Outcome {
		const { start, headers, body, truncated } = this.parser;
		if (start === undefined) return failure(step, message, this.options.stream.done);
		const answer = { kind: "answer", status: start.status, headers, body } as const;
		return truncated ? { ...answer, truncated } : answer;
	}
}
