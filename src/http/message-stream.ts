import { encodeUtf8 } from "../common/utf8";

/** A body that is read as the socket accepts it, never held in memory as a whole. */
export interface Body {
	/** Bytes. */
	readonly length: number;
	/** Fills `into` with the next bytes; returns how many, 0 only at the end. */
	read(into: Uint8Array): number;
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

	/** Fills `into`; returns the number of bytes. Throws if the body ends too early. */
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
