import Session, { type SessionStream } from "ssl/session";

const changeOfCipher = 20;
const applicationData = 23;

/** Type, version in two bytes, length in two (RFC 5246 section 6.2.1). */
const headerLength = 5;
/** Bytes that a record may hold, in the clear. */
const longestContent = 16_384;
/** What AES-GCM adds: explicit nonce and tag (RFC 5288 section 3). */
const encryption = 8 + 16;

/** The handshake message with which the server proves that nobody has changed the others. */
const finished = 20;

/**
 * The SDK's session, with rules for the records themselves. By itself it keeps application data that comes in the
 * clear before there are keys, and gives it out afterwards as if the server had encrypted it; it lets encryption
 * begin at any time; and it finds room for whatever length a record says it has.
 */
export class StrictSession extends Session {
	readonly #header = new Uint8Array(headerLength);
	#record: Uint8Array<ArrayBuffer> | undefined;
	/** Bytes of header or record that are there. */
	#filled = 0;

	/** The next record, header included; `undefined` while it is not whole. */
	override readPacket(stream: SessionStream): Uint8Array<ArrayBuffer> | undefined {
		if (this.#record === undefined) {
			if (!this.#fill(this.#header, stream)) return undefined;
			this.#record = new Uint8Array(headerLength + this.#checkHeader());
			this.#record.set(this.#header);
			this.#filled = headerLength;
		}
		const record = this.#record;
		if (!this.#fill(record, stream)) return undefined;
		this.#record = undefined;
		this.#filled = 0;
		return record;
	}

	#fill(bytes: Uint8Array, stream: SessionStream): boolean {
		const count = Math.min(bytes.length - this.#filled, stream.readable);
		if (count > 0) {
			stream.read(bytes.subarray(this.#filled, this.#filled + count));
			stream.readable -= count;
			this.#filled += count;
		}
		return this.#filled === bytes.length;
	}

	/** Its content's length, if it may come now. */
	#checkHeader(): number {
		const [type = 0, version, , high = 0, low = 0] = this.#header;
		const length = high * 256 + low;
		const encrypted = this.serverCipher !== null;
		if (version !== 3 || type < changeOfCipher || type > applicationData)
			throw new Error("a record of another protocol");
		if (length > longestContent + (encrypted ? encryption : 0)) throw new Error("a record that is too long");
		if (encrypted && length < encryption) throw new Error("a record that is too short");
		if (type === applicationData && this.lastMessage !== finished)
			throw new Error("data before the handshake has ended");
		// The keys are there once the board has changed to encryption itself; they are made for one change.
		if (type === changeOfCipher && (this.clientCipher === null || encrypted))
			throw new Error("a change to encryption out of order");
		return length;
	}
}
