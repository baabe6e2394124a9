import {
	constants,
	createECDH,
	createHash,
	createPublicKey,
	generateKeyPairSync,
	publicEncrypt,
	randomBytes,
	sign,
} from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { makeChains } from "../../sdk-tests/host/certificate-chains";
import { publicJwk } from "../../sdk-tests/host/public-jwk";
import { type SignatureCheck, verifyCertificatePath } from "../../src/boards/esp32/tls/certificate-path";
import { offeredSchemes } from "../../src/boards/esp32/tls/signature-scheme";
import { chipModule } from "../esp32/chip-module";
import { type Call, compilePublicKeyProgram, runPublicKeyCalls } from "./public-key-program";
import { certificatesOf } from "./verify-signature";

/** The chip's arithmetic in C, compiled for this computer and compared with Node's (OpenSSL). */
const program = compilePublicKeyProgram();
const run = (calls: readonly Call[]) => runPublicKeyCalls(program ?? "", calls);

const curves = [
	{
		number: 23,
		name: "prime256v1",
		jwk: "P-256",
		size: 32,
		hash: "sha256",
		n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
		p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
		b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
	},
	{
		number: 24,
		name: "secp384r1",
		jwk: "P-384",
		size: 48,
		hash: "sha384",
		n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
		p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
		b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
	},
] as const;
type Curve = (typeof curves)[number];

function toBytes(value: bigint, size: number): Buffer {
	return Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex");
}

/** The public point of a key, x and y. */
function pointOf({ name, size }: Curve, key: bigint): Buffer {
	const ecdh = createECDH(name);
	ecdh.setPrivateKey(toBytes(key, size));
	return ecdh.getPublicKey().subarray(1);
}

function sharedOf({ name, size }: Curve, key: bigint, point: Buffer): Buffer {
	const ecdh = createECDH(name);
	ecdh.setPrivateKey(toBytes(key, size));
	return ecdh.computeSecret(Buffer.concat([Buffer.of(4), point]));
}

interface AffinePoint {
	readonly x: bigint;
	readonly y: bigint;
}

function toPoint(bytes: Buffer): AffinePoint {
	const [x = 0n, y = 0n] = [0, bytes.length / 2].map((at) =>
		BigInt(`0x${bytes.subarray(at, at + bytes.length / 2).toString("hex")}`),
	);
	return { x, y };
}

function powerBy(base: bigint, exponent: bigint, modulus: bigint): bigint {
	let result = 1n;
	for (let factor = base % modulus, rest = exponent; rest > 0n; rest >>= 1n) {
		if (rest & 1n) result = (result * factor) % modulus;
		factor = (factor * factor) % modulus;
	}
	return result;
}

function addAffine(a: AffinePoint, b: AffinePoint, p: bigint): AffinePoint {
	const [rise, run] = a.x === b.x ? [3n * a.x * a.x - 3n, 2n * a.y] : [b.y - a.y, b.x - a.x];
	const slope = rise * powerBy(((run % p) + p) % p, p - 2n, p);
	const x = (((slope * slope - a.x - b.x) % p) + p) % p;
	return { x, y: (((slope * (a.x - x) - a.y) % p) + p) % p };
}

function multiply(point: AffinePoint, factor: bigint, p: bigint): AffinePoint {
	let result: AffinePoint | undefined;
	for (const bit of factor.toString(2)) {
		if (result !== undefined) result = addAffine(result, result, p);
		if (bit === "1") result = result === undefined ? point : addAffine(result, point, p);
	}
	return result ?? point;
}

/** Keys with few, many, low and high bits, at the ends of the range, and such as meet the table's own points. */
function specialKeys({ n, size }: Curve): readonly bigint[] {
	const half = 1n << BigInt(4 * size);
	const alternating = BigInt(`0x${"55".repeat(size)}`) % n;
	const keys = [
		...[1n, 2n, 3n, 4n, 5n, 7n, 8n, n - 1n, n - 2n, n - 3n, n >> 1n, (n >> 1n) + 1n],
		...[half - 1n, half, half + 1n, 2n * half, 3n * half, alternating, 2n * alternating],
	];
	return keys.map((key) => key % n);
}

describe.skipIf(program === undefined).each(curves)("on $jwk", (curve) => {
	const { number, jwk, size, hash, name } = curve;
	const n: bigint = curve.n;
	const random = () => (BigInt(`0x${randomBytes(size + 8).toString("hex")}`) % (n - 1n)) + 1n;

	test("keys and what they have in common are OpenSSL's", () => {
		const keys = [...specialKeys(curve), ...Array.from({ length: 12 }, random)];
		const pairs = keys.flatMap((key) => [1n, random()].map((other) => [key, other] as const));
		const results = run(
			pairs.map(([key, other]) => ["ecdh_agree", number, pointOf(curve, other), toBytes(key, size)]),
		);
		for (const [at, [key, other]] of pairs.entries())
			expect(results[at], `${key} with ${other}`).toEqual({
				returned: 1,
				written: [pointOf(curve, key), sharedOf(curve, key, pointOf(curve, other))],
			});
	});

	test("a key of 0 or of the order leads nowhere, and one beyond it to the same points", () => {
		const point = pointOf(curve, 5n);
		const [none, order, beyond] = run(
			[0n, n, n + 9n].map((key) => ["ecdh_agree", number, point, toBytes(key, size)]),
		);
		expect([none?.returned, order?.returned]).toEqual([0, 0]);
		expect(beyond?.written).toEqual([pointOf(curve, 9n), sharedOf(curve, 9n, point)]);
	});

	test("only points of the curve are points", () => {
		const points = [1n, 2n, n - 1n, random(), random()].map((key) => pointOf(curve, key));
		const changed = points.map((point, at) => {
			const other = Buffer.from(point);
			other[(17 * at) % other.length] = (other[(17 * at) % other.length] ?? 0) ^ (1 << at);
			return other;
		});
		const outside = [Buffer.alloc(2 * size), Buffer.alloc(2 * size, 0xff)];
		const verdicts = (of: readonly Buffer[]) =>
			run(of.map((point) => ["ec_is_point", number, point])).map(({ returned }) => returned);
		expect(verdicts(points)).toEqual(points.map(() => 1));
		expect(verdicts([...changed, ...outside])).toEqual([...changed, ...outside].map(() => 0));
		const key = toBytes(random(), size);
		for (const { returned } of run(changed.map((point) => ["ecdh_agree", number, point, key])))
			expect(returned).toBe(0);
	});

	test("signatures of OpenSSL are valid, changed ones are not", () => {
		const cases = Array.from({ length: 12 }, (_, at) => {
			const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: name });
			const { x = "", y = "" } = publicJwk(publicKey);
			const message = randomBytes(40);
			const parts = [
				Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]),
				createHash(hash).update(message).digest(),
				sign(hash, message, { key: privateKey, dsaEncoding: "ieee-p1363" }),
			];
			const changed = parts.map((part) => Buffer.from(part));
			const part = changed[at % 3];
			if (part !== undefined) part[at % part.length] = (part[at % part.length] ?? 0) ^ (1 << (at % 8));
			return { parts, changed };
		});
		const verdicts = (of: readonly (readonly Buffer[])[]) =>
			run(of.map((parts) => ["ecdsa_verify", number, ...parts])).map(({ returned }) => returned);
		expect(verdicts(cases.map(({ parts }) => parts))).toEqual(cases.map(() => 1));
		expect(verdicts(cases.map(({ changed }) => changed))).toEqual(cases.map(() => 0));
	});

	// By the formula itself, with chosen numbers: sums that meet themselves, their opposites, and infinity.
	test("signatures at the ends of the ranges", () => {
		const inverse = (a: bigint) => {
			let [r0, r1, t0, t1] = [n, ((a % n) + n) % n, 0n, 1n];
			while (r1 > 0n) [r0, r1, t0, t1] = [r1, r0 % r1, t1, t0 - (r0 / r1) * t1];
			return ((t0 % n) + n) % n;
		};
		const xOf = (key: bigint) => BigInt(`0x${pointOf(curve, key).subarray(0, size).toString("hex")}`);
		const cases: { call: Call; valid: boolean }[] = [];
		const verify = (key: bigint, e: bigint, r: bigint, s: bigint): Call => [
			"ecdsa_verify",
			number,
			pointOf(curve, key),
			toBytes(e, size),
			Buffer.concat([toBytes(r, size), toBytes(s, size)]),
		];
		for (const key of [1n, 2n, n - 1n, random()])
			for (const k of [1n, 2n, n - 1n, random()])
				for (const e of [0n, n - 1n, n + 1n, (1n << BigInt(8 * size)) - 1n]) {
					const r = xOf(k) % n;
					const s = (inverse(k) * (e + r * key)) % n;
					cases.push({ call: verify(key, e, r, s), valid: s !== 0n });
					if (s !== 0n) cases.push({ call: verify(key, e, r, n - s), valid: true });
					cases.push({
						call: verify(key, e + 1n < 1n << BigInt(8 * size) ? e + 1n : 5n, r, s),
						valid: false,
					});
				}
		// Out of range, and e G + r Q at infinity.
		for (const [r, s] of [
			[0n, 1n],
			[1n, 0n],
			[n, 1n],
			[1n, n],
			[0n, 0n],
			[n + 1n, 1n],
		] as const)
			cases.push({ call: verify(3n, 7n, r, s), valid: false });
		cases.push({ call: verify(n - 1n, 5n, 5n, 9n), valid: false });
		const results = run(cases.map(({ call }) => call));
		for (const [at, { valid, call }] of cases.entries())
			expect(results[at]?.returned, call.map(String).join(" ")).toBe(valid ? 1 : 0);
	});

	// x is compared by the order, which is a little less than the prime; random points are hardly ever between the two.
	test("a signature whose point has an x beyond the order", () => {
		const { p, b } = curve;
		let r = 1n;
		let y = 0n;
		for (; ; r++) {
			const square = ((n + r) ** 3n - 3n * (n + r) + b) % p;
			y = powerBy(square, (p + 1n) / 4n, p);
			if ((y * y) % p === square) break;
		}
		// R = (e / s) G + (r / s) Q, for a chosen R.
		const [first, second] = [12_345n, 67_890n];
		const generator = toPoint(pointOf(curve, 1n));
		const minusFirst = multiply(generator, n - first, p);
		const key = multiply(addAffine({ x: n + r, y }, minusFirst, p), powerBy(second, n - 2n, n), p);
		const s = (r * powerBy(second, n - 2n, n)) % n;
		const verify = (of: bigint): Call => [
			"ecdsa_verify",
			number,
			Buffer.concat([toBytes(key.x, size), toBytes(key.y, size)]),
			toBytes((first * s) % n, size),
			Buffer.concat([toBytes(of, size), toBytes(s, size)]),
		];
		expect(run([verify(r), verify(r + 1n)]).map(({ returned }) => returned)).toEqual([1, 0]);
	});

	test("the key's form in a certificate is the one that is tested here", () => {
		const point = pointOf(curve, 11n);
		const [x, y] = [point.subarray(0, size), point.subarray(size)].map((half) => half.toString("base64url"));
		expect(() =>
			createPublicKey({ key: { kty: "EC", crv: jwk, x: x ?? "", y: y ?? "" }, format: "jwk" }),
		).not.toThrow();
	});
});

describe.skipIf(program === undefined)("RSA", () => {
	test.each([2048, 2056, 3072, 4096])("powers by a modulus of %i bits are OpenSSL's", (modulusLength) => {
		for (const exponent of [Buffer.of(3), Buffer.of(1, 0, 1)]) {
			// Any odd number will do: nothing here needs to know its factors.
			const modulus = randomBytes(modulusLength / 8);
			modulus[0] = (modulus[0] ?? 0) | 0x80;
			modulus[modulus.length - 1] = (modulus[modulus.length - 1] ?? 0) | 1;
			const [n, e] = [modulus, exponent].map((bytes) => bytes.toString("base64url"));
			const publicKey = createPublicKey({ key: { kty: "RSA", n: n ?? "", e: e ?? "" }, format: "jwk" });
			const number = BigInt(`0x${modulus.toString("hex")}`);
			const bases = [
				0n,
				1n,
				2n,
				number - 1n,
				number - 2n,
				BigInt(`0x${randomBytes(300).toString("hex")}`) % number,
			];
			const results = run(
				bases.map((base) => ["rsa_power", toBytes(base, modulus.length), exponent, modulus]),
			);
			for (const [at, base] of bases.entries())
				expect(results[at]).toEqual({
					returned: 1,
					written: [
						publicEncrypt(
							{ key: publicKey, padding: constants.RSA_NO_PADDING },
							toBytes(base, modulus.length),
						),
					],
				});
			const tooLarge: Call = ["rsa_power", modulus, exponent, modulus];
			const even: Call = [
				"rsa_power",
				toBytes(2n, modulus.length),
				exponent,
				toBytes(number - 1n, modulus.length),
			];
			const noExponent: Call = ["rsa_power", toBytes(2n, modulus.length), Buffer.of(0), modulus];
			expect(run([tooLarge, even, noExponent]).map(({ returned }) => returned)).toEqual([0, 0, 0]);
		}
	});

	test("a modulus of more than 4,096 bits is refused", () => {
		const [result] = run([["rsa_power", Buffer.alloc(513), Buffer.of(3), Buffer.alloc(513, 0xff)]]);
		expect(result?.returned).toBe(0);
	});
});

/** What C writes into buffers that XS gives it. */
class HostFFI {
	ec_is_point(curve: number, point: ArrayBuffer) {
		return this.call([], "ec_is_point", curve, point);
	}
	ecdsa_verify(curve: number, ...parts: ArrayBuffer[]) {
		return this.call([], "ecdsa_verify", curve, ...parts);
	}
	ecdh_agree(curve: number, point: ArrayBuffer, key: ArrayBuffer, own: ArrayBuffer, shared: ArrayBuffer) {
		return this.call([own, shared], "ecdh_agree", curve, point, key);
	}
	rsa_power(result: ArrayBuffer, base: ArrayBuffer, exponent: ArrayBuffer, _: number, modulus: ArrayBuffer) {
		return this.call([result], "rsa_power", base, exponent, modulus);
	}
	private call(written: readonly ArrayBuffer[], name: string, ...args: (number | ArrayBuffer)[]): number {
		const parts = args.map((part) => (typeof part === "number" ? part : new Uint8Array(part)));
		const [result] = run([[name, ...parts]]);
		for (const [at, buffer] of written.entries()) new Uint8Array(buffer).set(result?.written[at] ?? []);
		return result?.returned ?? 0;
	}
}
vi.mock("mc/ffi", () => ({ default: HostFFI }));
vi.mock("rng", () => ({ default: { get: (count: number) => new Uint8Array(randomBytes(count)).buffer } }));
vi.mock("crypt", () => ({
	Digest: class {
		private readonly hash;
		constructor(name: string) {
			this.hash = createHash(name);
		}
		write(bytes: ArrayBuffer) {
			this.hash.update(new Uint8Array(bytes));
		}
		close() {
			return new Uint8Array(this.hash.digest()).buffer;
		}
	},
}));

describe.skipIf(program === undefined)("as the firmware calls it", async () => {
	const { verifySignature } = await chipModule<{ verifySignature(check: SignatureCheck): boolean }>(
		"tls/signature",
	);
	const { agreeKey } = await chipModule<{
		agreeKey(point: Uint8Array): { own: Uint8Array; shared: ArrayBuffer };
	}>("tls/key-agreement");
	const message = new Uint8Array(randomBytes(99));
	const flipped = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 20 ? byte ^ 4 : byte));

	test("malformed signatures in certificates, of each kind", async () => {
		const kinds = ["PKCS #1", "ECDSA", "RSA-PSS"];
		const chains = (await makeChains()).filter(({ name }) => kinds.some((kind) => name.startsWith(kind)));
		expect(chains.length).toBeGreaterThan(60);
		const judged = chains.map(({ name, presented, root, host }) => {
			const result = verifyCertificatePath({
				...{ certificates: certificatesOf(presented), trusted: certificatesOf(root), host },
				...{ findRoots: () => [], now: Date.now(), verifySignature },
			});
			return `${name}: ${"fault" in result ? `refused, ${result.fault}` : "accepted"}`;
		});
		expect(judged).toEqual(chains.map(({ name, expected }) => `${name}: ${expected}`));
	});

	test.each(curves)("the key exchange on $jwk", (curve) => {
		const server = createECDH(curve.name);
		const point = server.generateKeys().subarray(1);
		const { own, shared } = agreeKey(new Uint8Array(point));
		expect(Buffer.from(shared)).toEqual(server.computeSecret(Buffer.concat([Buffer.of(4), own])));
		expect(() => agreeKey(flipped(new Uint8Array(point)))).toThrow("without a secret");
		expect(() => agreeKey(new Uint8Array(65))).toThrow("another length");
	});

	const hashes = ["SHA256", "SHA384", "SHA512"] as const;
	test.each(curves.flatMap((curve) => hashes.map((hash) => [curve, hash] as const)))(
		"ECDSA on $0.jwk with %s",
		(curve, hash) => {
			const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve.name });
			const { x = "", y = "" } = publicJwk(publicKey);
			const point = new Uint8Array([x, y].flatMap((half) => [...Buffer.from(half, "base64url")]));
			const scheme = { kind: "EC", hash } as const;
			const signature = new Uint8Array(sign(hash, message, privateKey));
			const key = { kind: "EC", curve: curve.size === 32 ? "secp256r1" : "secp384r1", point } as const;
			expect(verifySignature({ key, scheme, signedBytes: message, signature })).toBe(true);
			expect(verifySignature({ key, scheme, signedBytes: flipped(message), signature })).toBe(false);
		},
	);

	const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const rsaSchemes = offeredSchemes.flatMap(({ scheme }) => (scheme.kind === "RSA" ? [scheme] : []));
	test.each(rsaSchemes)("RSA with %o", (scheme) => {
		const { hash, saltLength } = scheme;
		const { n = "", e = "" } = publicJwk(publicKey);
		const key = {
			kind: "RSA",
			modulus: new Uint8Array(Buffer.from(n, "base64url")),
			exponent: new Uint8Array(Buffer.from(e, "base64url")),
		} as const;
		const padding = saltLength === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
		const signature = new Uint8Array(sign(hash, message, { key: privateKey, ...padding }));
		const check = { key, scheme, signedBytes: message, signature };
		expect(verifySignature(check)).toBe(true);
		expect(verifySignature({ ...check, signedBytes: flipped(message) })).toBe(false);
		expect(verifySignature({ ...check, signature: flipped(signature) })).toBe(false);
		expect(verifySignature({ ...check, signature: signature.subarray(1) })).toBe(false);
		expect(verifySignature({ ...check, signature: new Uint8Array(signature.length).fill(0xff) })).toBe(false);
	});
});
