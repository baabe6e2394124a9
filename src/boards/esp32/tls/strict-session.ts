import Session, { type SessionStream } from "ssl/session";

const changeCipherSpec = 20;
const applicationData = 23;

/** Type, version in two bytes, length in two (RFC 5246 section 6.2.1). */
const recordHeaderBytes = 5;
/** Bytes that a record may hold, in the clear. */
const maxContentBytes = 16_384;
/** What AES-GCM adds: explicit nonce and tag (RFC 5288 section 3). */
const encryptionOverheadBytes = 8 + 16;

/** The handshake message with which the server proves that nobody has changed the others. */
const finished = 20;

/**
 * The SDK's session, with rules for the records themselves. By itself it keeps application data that comes in the
 * clear before there are keys, and gives it out afterwards as if the server had encrypted it; it lets encryption
 * begin at any time; and it finds room for whatever length a record says it has.
 */
export class StrictSession extends Session {
	readonly #header = new Uint8Array(recordHeaderBytes);
	#record: Uint8Array<ArrayBuffer> | undefined;
	/** Bytes of header or record that are there. */
	filledBytes = 0;

	/** The next record, header included; `undefined` while it is not whole. */
	override readPacket(stream: SessionStream): Uint8Array<ArrayBuffer> | undefined {
		if (this.#record === undefined) {
			if (!this.#fill(this.#header, stream)) return undefined;
			this.#record = new Uint8Array(recordHeaderBytes + this.#checkHeader());
			this.#record.set(this.#header);
			this.filledBytes = recordHeaderBytes;
		}
		const record = this.#record;
		if (!this.#fill(record, stream)) return undefined;
		this.#record = undefined;
		this.filledBytes = 0;
		return record;
	}

	#fill(bytes: Uint8Array, stream: SessionStream): boolean {
		const count = Math.min(bytes.length - this.filledBytes, stream.readable);
		if (count > 0) {
			stream.read(bytes.subarray(this.filledBytes, this.filledBytes + count));
			stream.readable -= count;
			this.filledBytes += count;
		}
		return this.filledBytes === bytes.length;
	}

	/** Its content's length, if it may come now. */
	#checkHeader(): number {
		const [type = 0, version, , high = 0, low = 0] = this.#header;
		const length = high * 256 + low;
		const encrypted = this.serverCipher !== null;
		if (version !== 3 || type < changeCipherSpec || type > applicationData)
			throw new Error("a record of another protocol");
		if (length > maxContentBytes + (encrypted ? encryptionOverheadBytes : 0))
			throw new Error("a record that is too long");
		if (encrypted && length < encryptionOverheadBytes) throw new Error("a record that is too short");
		if (type === applicationData && this.lastMessage !== finished)
			throw new Error("data before the handshake has ended");
		// The keys are there once the board has changed to encryption itself; they are made for one change.
		if (type === changeCipherSpec && (this.clientCipher === null || encrypted))
			throw new Error("a change to encryption out of order");
		return length;
	}
}
