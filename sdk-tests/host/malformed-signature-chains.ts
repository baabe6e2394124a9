import { constants, createHash, KeyObject, privateEncrypt, sign } from "node:crypto";
import { DerReader, parseSequence } from "../../src/boards/esp32/tls/der";
import { certify, derToPem, type TestCertificate } from "./certificate";
import { type ChainTable, forged, leaf } from "./chain-table";
import { publicJwk } from "./public-jwk";
import { Field, signEC, tlv, withField, withSignature } from "./resign";
import { nextRsaKeys } from "./rsa-keys";

/** Signatures that a verifier accepts if it parses what it should compare: RSASSA-PKCS1-v1_5 and ECDSA. */
export async function addMalformedSignatures(table: ChainTable): Promise<void> {
	await addPkcs1(table);
	addEC(table);
}

function signedBytes({ certificate }: TestCertificate): Uint8Array {
	return parseSequence(new DerReader(new Uint8Array(certificate.rawData)).readAny()).readAny().encoded;
}

function hashOf(signed: TestCertificate): Buffer {
	return createHash("sha256").update(signedBytes(signed)).digest();
}

const modulusBytes = 256;
const sha256 = Buffer.from("608648016503040201", "hex");
const none: Buffer = Buffer.of(5, 0);

/** DigestInfo (RFC 8017 section 9.2) of what the certificate signs. */
function digestInfo(hash: Buffer, parameters: Buffer = none, identifier: Buffer = sha256): Buffer {
	const algorithm = tlv(0x30, Buffer.concat([tlv(0x06, identifier), parameters]));
	return tlv(0x30, Buffer.concat([algorithm, tlv(0x04, hash)]));
}

/** What is signed: `head`, 255s, a zero, and `tail`. */
function block(tail: Buffer, head: Buffer = Buffer.of(0, 1), filler = 0xff): Buffer {
	const padding = Buffer.alloc(modulusBytes - head.length - 1 - tail.length, filler);
	return Buffer.concat([head, padding, Buffer.of(0), tail]);
}

async function addPkcs1(table: ChainTable): Promise<void> {
	const root = await certify({ name: "RSA", key: "RSA 2048", authority: true });
	const server = await leaf(root);
	const der = new Uint8Array(server.certificate.rawData);
	const hash = hashOf(server);
	const key = { key: KeyObject.from(root.keys.privateKey), padding: constants.RSA_NO_PADDING };
	const add = (name: string, expected: string, change: (signature: Buffer) => Buffer) =>
		table.add(`PKCS #1: ${name}`, expected, [derToPem(withSignature(der, change))], { root, key: server });
	const signed = (name: string, expected: string, bytes: Buffer) =>
		add(name, expected, () => privateEncrypt(key, bytes));
	signed("as it is", "accepted", block(digestInfo(hash)));
	const info = digestInfo(hash);
	const short = Buffer.concat([Buffer.from([0, 1, ...Buffer.alloc(8, 0xff), 0]), info]);
	signed("bytes behind the hash", forged, Buffer.concat([short, Buffer.alloc(modulusBytes - short.length)]));
	const longer = tlv(0x30, Buffer.concat([info.subarray(2), tlv(0x04, Buffer.alloc(100))]));
	signed("bytes within, behind the hash", forged, block(longer));
	signed("bytes in the parameters", forged, block(digestInfo(hash, tlv(0x04, Buffer.alloc(100)))));
	signed("no parameters", forged, block(digestInfo(hash, Buffer.alloc(0))));
	signed(
		"another hash's name",
		forged,
		block(digestInfo(hash, none, Buffer.from("608648016503040203", "hex"))),
	);
	signed("the hash without its name", forged, block(hash));
	signed("a long form of a length", forged, block(Buffer.concat([Buffer.of(0x30, 0x81), info.subarray(1)])));
	signed("block type 2", forged, block(info, Buffer.of(0, 2)));
	signed("block type 0", forged, block(info, Buffer.of(0, 0), 0));
	signed("no zero at the beginning", forged, block(info, Buffer.of(1, 1)));
	const broken = block(info);
	broken[20] = 0xfe;
	signed("other padding", forged, broken);
	signed(
		"no padding",
		forged,
		Buffer.concat([Buffer.of(0, 1, 0), info, Buffer.alloc(modulusBytes - 3 - info.length)]),
	);
	add("a zero before the signature", forged, (signature) => Buffer.concat([Buffer.of(0), signature]));
	add("a byte less", forged, (signature) => signature.subarray(1));
	add("zero", forged, () => Buffer.alloc(modulusBytes));
	add("one", forged, () => Buffer.concat([Buffer.alloc(modulusBytes - 1), Buffer.of(1)]));
	add("the greatest number", forged, () => Buffer.alloc(modulusBytes, 0xff));
	await addCubes(table);
	await addOpenKey(table);
}

/** With the exponent 1, the signature is the block itself. */
async function addOpenKey(table: ChainTable): Promise<void> {
	const open = await certify({ name: "One", key: "RSA 2048", issuer: table.root, authority: 0 });
	const { n = "" } = publicJwk(KeyObject.from(open.keys.publicKey));
	const numbers = [Buffer.concat([Buffer.of(0), Buffer.from(n, "base64url")]), Buffer.of(1)];
	const publicKey = tlv(0x30, Buffer.concat(numbers.map((number) => tlv(2, number))));
	const bits = tlv(3, Buffer.concat([Buffer.of(0), publicKey]));
	const rsaEncryption = tlv(6, Buffer.from("2a864886f70d010101", "hex"));
	const keyInfo = tlv(0x30, Buffer.concat([tlv(0x30, Buffer.concat([rsaEncryption, none])), bits]));
	const authority = withField(
		new Uint8Array(open.certificate.rawData),
		Field.publicKey,
		() => keyInfo,
		signEC(table.root.keys),
	);
	const forgery = await leaf(open);
	const anyone = withSignature(new Uint8Array(forgery.certificate.rawData), () =>
		block(digestInfo(hashOf(forgery))),
	);
	table.add("PKCS #1, exponent 1: signed by anyone", forged, [derToPem(anyone), derToPem(authority)], {
		key: forgery,
		stricter: "OpenSSL takes any exponent",
	});
}

/** With the exponent 3, some bytes of a power can be chosen without the key. */
async function addCubes(table: ChainTable): Promise<void> {
	const keys = await nextRsaKeys("RSA 2048, exponent 3");
	const root = await certify({ name: "Three", key: "RSA 2048", keys, authority: true });
	const server = await leaf(root);
	const add = (name: string, expected: string, change: (signature: Buffer) => Buffer) => {
		const presented = derToPem(withSignature(new Uint8Array(server.certificate.rawData), change));
		table.add(`PKCS #1, exponent 3: ${name}`, expected, [presented], { root, key: server });
	};
	add("as it is", "accepted", (signature) => signature);
	const hash = hashOf(server);
	const forge = (head: Buffer) => () => {
		const shift = BigInt(8 * (modulusBytes - head.length));
		const root3 = cubeRoot(((BigInt(`0x${head.toString("hex")}`) + 1n) << shift) - 1n);
		return Buffer.from(root3.toString(16).padStart(2 * modulusBytes, "0"), "hex");
	};
	const eight = Buffer.from([0, 1, ...Buffer.alloc(8, 0xff), 0]);
	add("a cube that begins like a signature", forged, forge(Buffer.concat([eight, digestInfo(hash)])));
	add("a cube without padding", forged, forge(Buffer.concat([Buffer.of(0, 1, 0), digestInfo(hash)])));
}

/** The greatest number whose cube is not greater. */
function cubeRoot(cube: bigint): bigint {
	let low = 0n;
	let high = 1n << BigInt(Math.ceil(cube.toString(2).length / 3) + 1);
	while (high - low > 1n) {
		const middle = (low + high) >> 1n;
		if (middle ** 3n <= cube) low = middle;
		else high = middle;
	}
	return low;
}

/** Of P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function addEC(table: ChainTable): void {
	const { intermediate, good } = table;
	const bytes = signedBytes(good);
	const signer = KeyObject.from(intermediate.keys.privateKey);
	/** Signatures differ each time: one whose numbers both need a zero before them. */
	let [r, s] = [0n, 0n];
	while (r >> 255n === 0n || s >> 255n === 0n) {
		const hex = sign("sha256", bytes, { key: signer, dsaEncoding: "ieee-p1363" }).toString("hex");
		[r, s] = [BigInt(`0x${hex.slice(0, 64)}`), BigInt(`0x${hex.slice(64)}`)];
	}
	/** With a zero before them: 33 bytes. */
	const digits = (value: bigint) => Buffer.from(value.toString(16).padStart(66, "0"), "hex");
	const number = (value: bigint) => {
		const bytes = digits(value);
		const first = bytes.findIndex((byte) => byte !== 0);
		return tlv(0x02, bytes.subarray((bytes[first] ?? 0) > 0x7f ? first - 1 : first));
	};
	const pair = (first: Buffer, second: Buffer) => tlv(0x30, Buffer.concat([first, second]));
	const add = (name: string, expected: string, signature: Buffer) =>
		table.add(
			`ECDSA: ${name}`,
			expected,
			[derToPem(withSignature(new Uint8Array(good.certificate.rawData), () => signature)), intermediate],
			{ key: good },
		);
	add("numbers of 256 bits", "accepted", pair(number(r), number(s)));
	add("the other s", "accepted", pair(number(r), number(order - s)));
	add(
		"a zero too many before r",
		forged,
		pair(tlv(0x02, Buffer.concat([Buffer.of(0), digits(r)])), number(s)),
	);
	add(
		"a zero too many before s",
		forged,
		pair(number(r), tlv(0x02, Buffer.concat([Buffer.of(0), digits(s)]))),
	);
	add("r without its zero, which is negative", forged, pair(tlv(0x02, digits(r).subarray(1)), number(s)));
	add("s without its zero, which is negative", forged, pair(number(r), tlv(0x02, digits(s).subarray(1))));
	add("r and the order", forged, pair(number(r + order), number(s)));
	add("s and the order", forged, pair(number(r), number(s + order)));
	add("r is 0", forged, pair(tlv(0x02, Buffer.of(0)), number(s)));
	add("s is 0", forged, pair(number(r), tlv(0x02, Buffer.of(0))));
	add("r is the order", forged, pair(number(order), number(s)));
	add("s is the order", forged, pair(number(r), number(order)));
	add("r is empty", forged, pair(tlv(0x02, Buffer.alloc(0)), number(s)));
	add("one number", forged, tlv(0x30, number(r)));
	add("three numbers", forged, tlv(0x30, Buffer.concat([number(r), number(s), number(s)])));
	const content = Buffer.concat([number(r), number(s)]);
	add("a long form of its length", forged, Buffer.concat([Buffer.of(0x30, 0x81, content.length), content]));
	add("an indefinite length", forged, Buffer.concat([Buffer.of(0x30, 0x80), content, Buffer.alloc(2)]));
	add("a set", forged, tlv(0x31, content));
	add("bit strings in place of numbers", forged, pair(tlv(0x03, digits(r)), tlv(0x03, digits(s))));
}
