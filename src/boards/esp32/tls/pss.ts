import { areBytesEqual } from "../../../common/equal-bytes";

export interface PssOptions {
	/** The signature raised to the public exponent: as many bytes as the modulus. */
	readonly encoded: Uint8Array;
	readonly modulusBits: number;
	/** The hash of the signed bytes. */
	readonly hash: Uint8Array;
	/** Bytes. */
	readonly saltLength: number;
	digest(bytes: Uint8Array): Uint8Array;
}

/** The last byte of the encoding. */
const trailer = 0xbc;

/** EMSA-PSS-VERIFY with MGF1 and one hash function for all (RFC 8017 section 9.1.2). */
export function isPssEncoding({ encoded, modulusBits, hash, saltLength, digest }: PssOptions): boolean {
	const bits = modulusBits - 1;
	const length = Math.ceil(bits / 8);
	// With a modulus of 8n + 1 bits the first byte is not used.
	const start = encoded.length - length;
	const block = encoded.slice(start);
	const seedAt = length - hash.length - 1;
	const saltAt = seedAt - saltLength;
	if (saltAt < 1 || (start > 0 && encoded[0] !== 0) || block[length - 1] !== trailer) return false;
	const seed = block.subarray(seedAt, length - 1);
	const firstByteMask = 0xff >> (8 * length - bits);
	if (((block[0] ?? 0) & ~firstByteMask) !== 0) return false;
	const data = block.subarray(0, seedAt);
	unmask(data, seed, digest);
	data[0] = (data[0] ?? 0) & firstByteMask;
	// Zeros, a one, the salt.
	if (data[saltAt - 1] !== 1 || !data.subarray(0, saltAt - 1).every((byte) => byte === 0)) return false;
	const message = new Uint8Array(8 + hash.length + saltLength);
	message.set(hash, 8);
	message.set(data.subarray(saltAt), 8 + hash.length);
	return areBytesEqual(digest(message), seed);
}

/** Removes the mask of MGF1 (RFC 8017 appendix B.2.1) in place. */
function unmask(data: Uint8Array, seed: Uint8Array, digest: (bytes: Uint8Array) => Uint8Array): void {
	const input = new Uint8Array(seed.length + 4);
	input.set(seed);
	for (let at = 0, counter = 0; at < data.length; counter++) {
		// The mask takes fewer than 256 hashes.
		input[seed.length + 3] = counter;
		const mask = digest(input);
		for (let i = 0; i < mask.length && at < data.length; i++, at++)
			data[at] = (data[at] ?? 0) ^ (mask[i] ?? 0);
	}
}
