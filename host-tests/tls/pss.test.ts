import { constants, createHash, generateKeyPairSync, publicEncrypt, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPssEncoding } from "../../src/boards/esp32/tls/pss";

/** RSASSA-PSS beside OpenSSL's signatures. */

const message = Buffer.from("signed");

describe.each([2048, 2050, 3072])("with a modulus of %i bits", (modulusBits) => {
	const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: modulusBits });

	/** What the signature is, raised to the public exponent. */
	function encode(hash: string, saltLength: number): Uint8Array {
		const signature = sign(hash, message, {
			key: privateKey,
			padding: constants.RSA_PKCS1_PSS_PADDING,
			saltLength,
		});
		return new Uint8Array(publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature));
	}

	function isValid(encoded: Uint8Array, name: string, saltLength: number): boolean {
		const digest = (bytes: Uint8Array) => new Uint8Array(createHash(name).update(bytes).digest());
		return isPssEncoding({ encoded, modulusBits, hash: digest(message), saltLength, digest });
	}

	test.each([
		["sha256", 32],
		["sha384", 48],
		["sha512", 64],
		["sha256", 0],
		["sha256", 20],
		["sha256", 200],
	])("%s and a salt of %i bytes are valid, with another salt or hash not", (name, saltLength) => {
		const encoded = encode(name, saltLength);
		expect(isValid(encoded, name, saltLength)).toBe(true);
		for (const other of [saltLength - 1, saltLength + 1, 32 + saltLength, 400, 1000])
			if (other >= 0) expect(isValid(encoded, name, other)).toBe(false);
		expect(isValid(encoded, name === "sha256" ? "sha384" : "sha256", saltLength)).toBe(false);
	});

	test("one with a changed bit is not", () => {
		const encoded = encode("sha256", 32);
		fc.assert(
			fc.property(fc.nat(encoded.length - 1), fc.nat(7), (at, bit) => {
				const changed = encoded.slice();
				changed[at] = (changed[at] ?? 0) ^ (1 << bit);
				expect(isValid(changed, "sha256", 32)).toBe(false);
			}),
			{ numRuns: 200 },
		);
	});
});

test("a modulus of 8n + 1 bits has a byte more than its encoding, which is zero", () => {
	// OpenSSL makes no such key; the encoding is that of RFC 8017 section 9.1.1, with a salt of 0 bytes.
	const digest = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
	const hash = digest(message);
	const seed = digest(Buffer.concat([Buffer.alloc(8), hash]));
	const data = Buffer.concat([Buffer.alloc(256 - 34), Buffer.of(1)]);
	for (let at = 0; at < data.length; at++) {
		const mask = digest(Buffer.concat([seed, Buffer.of(0, 0, 0, at >> 5)]));
		data[at] = (data[at] ?? 0) ^ (mask[at & 31] ?? 0);
	}
	const encoded = Buffer.concat([Buffer.of(0), data, seed, Buffer.of(0xbc)]);
	const options = { modulusBits: 2049, hash, saltLength: 0, digest };
	expect(isPssEncoding({ ...options, encoded: new Uint8Array(encoded) })).toBe(true);
	encoded[0] = 1;
	expect(isPssEncoding({ ...options, encoded: new Uint8Array(encoded) })).toBe(false);
});
