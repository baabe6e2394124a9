import { encodeUtf8, utf8Bytes } from "../common/utf8";

/** A body that is read as the socket accepts it, never held in memory as a whole. */
export interface Body {
	/** Bytes. */
	readonly length: number;
	/** Fills `into` with the next bytes; returns how many, 0 only at the end. */
	read(into: Uint8Array): number;
	/** Whether there are more bytes than `length`, once so many have been read. */
	readonly hasMore?: boolean;
}

/** An outgoing message as bytes, generated as they are read. */
export class MessageStream {
	private readonly head: Uint8Array;
	private readonly body: Body | undefined;
	private headBytesRead = 0;
	private remainingBodyBytes: number;

	/** `head`: start line and headers, including the empty line. */
	constructor(head: string, body: Body | undefined) {
		this.head = encodeUtf8(head);
		this.body = body;
		this.remainingBodyBytes = body?.length ?? 0;
	}

	/** Whether the whole message has been read. */
	get done(): boolean {
		return this.headBytesRead === this.head.length && this.remainingBodyBytes === 0;
	}

	/** Fills `into`; returns the number of bytes. Throws if the body is shorter or longer than its length. */
	read(into: Uint8Array): number {
		let count = Math.min(into.length, this.head.length - this.headBytesRead);
		into.set(this.head.subarray(this.headBytesRead, this.headBytesRead + count));
		this.headBytesRead += count;
		while (count < into.length && this.remainingBodyBytes > 0) {
			const room = into.subarray(count, Math.min(into.length, count + this.remainingBodyBytes));
			const added = this.body?.read(room) ?? 0;
			if (!(added > 0 && added <= room.length))
				throw new RangeError(`the body of a message ends ${this.remainingBodyBytes} bytes too early`);
			count += added;
			this.remainingBodyBytes -= added;
			// Before the last bytes are sent, so that it never passes for whole.
			if (this.remainingBodyBytes === 0 && this.body?.hasMore === true)
				throw new RangeError(`the body of a message is longer than its ${this.body.length} bytes`);
		}
		return count;
	}
}

/** A body from a text. */
export function textBody(text: string): Body {
	return bytesBody(encodeUtf8(text));
}

export function bytesBody(bytes: Uint8Array): Body {
	let at = 0;
	return {
		length: bytes.length,
		read(into) {
			const part = bytes.subarray(at, at + into.length);
			into.set(part);
			at += part.length;
			return part.length;
		},
	};
}

/** A body of texts; `lines` is called twice, to count the bytes and to send them, and must give the same each time. */
export function linesBody(lines: () => Iterable<string>): Body {
	let length = 0;
	for (const line of lines()) length += utf8Bytes(line);
	return new StreamedBody(encodeEach(lines()), length);
}

function* encodeEach(lines: Iterable<string>): Generator<Uint8Array> {
	for (const line of lines) yield encodeUtf8(line);
}

/** A body whose parts are generated while it is read, one at a time. */
export class StreamedBody implements Body {
	readonly length: number;
	private readonly parts: Iterator<Uint8Array>;
	private part: Uint8Array = new Uint8Array(0);
	private takenBytes = 0;

	constructor(parts: Iterable<Uint8Array>, length: number) {
		this.length = length;
		this.parts = parts[Symbol.iterator]();
	}

	read(into: Uint8Array): number {
		let count = 0;
		while (count < into.length && (this.takenBytes < this.part.length || this.nextPart())) {
			const piece = this.part.subarray(this.takenBytes, this.takenBytes + into.length - count);
			into.set(piece, count);
			this.takenBytes += piece.length;
			count += piece.length;
		}
		return count;
	}

	/** Whether bytes are left. */
	get hasMore(): boolean {
		return this.takenBytes < this.part.length || this.nextPart();
	}

	private nextPart(): boolean {
		const { done, value } = this.parts.next();
		if (done === true) return false;
		this.part = value;
		this.takenBytes = 0;
		return true;
	}
}
