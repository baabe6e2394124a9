import { encodeUtf8 } from "../common/utf8";

/** Pulled as the socket takes it, never held whole. */
export interface Body {
	/** Bytes. */
	readonly length: number;
	/** Fills `into` with the next bytes and returns how many; 0 only at the end. */
	read(into: Uint8Array): number;
}

/** A message as the bytes that go out, made as they are asked for. */
export class MessageStream {
	private readonly head: Uint8Array;
	private readonly body: Body | undefined;
	private headBytesRead = 0;
	private remainingBodyBytes: number;

	/** `head`: start line and headers, with the empty line that ends them. */
	constructor(head: string, body: Body | undefined) {
		this.head = encodeUtf8(head);
		this.body = body;
		this.remainingBodyBytes = body?.length ?? 0;
	}

	/** Whether all of it has been read. */
	get done(): boolean {
		return this.headBytesRead === this.head.length && this.remainingBodyBytes === 0;
	}

	/** Fills `into` as far as the message goes; returns how many bytes. Throws when the body ends too early. */
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

/** A body that is a text. */
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
