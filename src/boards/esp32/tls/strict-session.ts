import Session, { type SessionStream } from "ssl/session";

const changeCipherSpec = 20;
const applicationData = 23;

/** Type, version in two bytes, length in two (RFC 5246 section 6.2.1). */
const recordHeaderBytes = 5;
/** Maximum plaintext of a record. */
const maxContentBytes = 16_384;
/** Explicit nonce and tag of AES-GCM (RFC 5288 section 3). */
const encryptionOverheadBytes = 8 + 16;

/** The handshake message that authenticates all others. */
const finished = 20;

/**
 * The SDK's session with checks of records. The SDK buffers unencrypted application data from before the handshake and
 * returns it later as if it had been encrypted; it accepts a change to encryption at any time; and it allocates whatever
 * length a record claims.
 */
export class StrictSession extends Session {
	readonly #header = new Uint8Array(recordHeaderBytes);
	#record: Uint8Array<ArrayBuffer> | undefined;
	/** Received bytes of the header or record. */
	filledBytes = 0;

	/** The next record, header included; `undefined` while incomplete. */
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

	/** The content length of the record; throws if the record is not allowed now. */
	#checkHeader(): number {
		const [type = 0, version, , high = 0, low = 0] = this.#header;
		const length = high * 256 + low;
		const encrypted = this.serverCipher !== null;
		if (version !== 3 || type < changeCipherSpec || type > applicationData)
			throw new Error("a record of another protocol");
		const heldBytes = this.partialMessage?.bytes.length ?? 0;
		if (length + heldBytes > maxContentBytes + (encrypted ? encryptionOverheadBytes : 0))
			throw new Error("a record that is too long");
		if (encrypted && length < encryptionOverheadBytes) throw new Error("a record that is too short");
		if (type === applicationData && this.lastMessage !== finished)
			throw new Error("data before the handshake has ended");
		// The board must have changed to encryption before, but for a resumed session; and the server changes only once.
		if (type === changeCipherSpec && ((this.clientCipher === null && this.isResumed !== true) || encrypted))
			throw new Error("a change to encryption out of order");
		if (type === changeCipherSpec && length !== 1)
			throw new Error("a change to encryption of another length");
		return length;
	}
}
