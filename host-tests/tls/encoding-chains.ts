import { KeyObject } from "node:crypto";
import { certify, derToPem, type TestCertificate } from "../../sdk-tests/host/certificate";
import { type ChainCase, ChainTable, forged, leaf } from "../../sdk-tests/host/chain-table";
import { publicJwk } from "../../sdk-tests/host/public-jwk";
import { Field, identifier, signEC, tlv, withField } from "../../sdk-tests/host/resign";
import { DerReader } from "../../src/boards/esp32/tls/der";

/**
 * Certificates that their authority has signed as they are, although DER (ITU-T X.690) or RFC 5280 do not allow them. OpenSSL's
 * server does not even show most of them: so they are not part of the table that is played over connections.
 */
export async function makeEncodings(): Promise<readonly ChainCase[]> {
	const table = await ChainTable.make();
	const { intermediate, good } = table;
	const add = (name: string, expected: string, field: number, change: (encoded: Buffer) => Buffer) =>
		table.add(`encoding: ${name}`, expected, [resigned(good, intermediate, field, change), intermediate], {
			key: good,
		});
	add("as it is", "accepted", Field.serial, (encoded) => encoded);
	add("a version with a zero before it", forged, Field.version, hex("a00402020002"));
	add("version 1 with extensions", forged, Field.version, hex("a003020100"));
	add("version 2 with extensions", forged, Field.version, hex("a003020101"));
	add("version 4", forged, Field.version, hex("a003020103"));
	add("two versions", forged, Field.version, hex("a006020102020102"));
	add("a serial number with a zero before it", forged, Field.serial, hex("02020001"));
	add("an empty serial number", forged, Field.serial, hex("0200"));
	add("a negative serial number", "accepted", Field.serial, hex("0201ff"));
	for (const [name, expected, tag, text] of [
		["a time without seconds", forged, 0x17, "4901010000Z"],
		["a time with a zone", forged, 0x17, "490101000000+0000"],
		["a time with a fraction", forged, 0x18, "20500101000000.5Z"],
		["a time without a zone", forged, 0x17, "490101000000"],
		["a time with a blank", forged, 0x17, "49010100000 Z"],
		["a date that does not exist", forged, 0x17, "490230000000Z"],
		["an end before 2050 in four digits", "accepted", 0x18, "20490101000000Z"],
		["an end in 9999", "accepted", 0x18, "99991231235959Z"],
	] as const)
		add(name, expected, Field.validity, (encoded) =>
			changed(encoded, [1], () => tlv(tag, Buffer.from(text))),
		);
	for (const [name, expected, content] of [
		["true as 1", forged, "010101040403020780"],
		["a usage with an unused bit", forged, "0101ff040403020784"],
		["a usage with eight unused bits", forged, "0101ff040403020880"],
		["a usage with eight unused bits, all of them zero", forged, "0101ff04050303088000"],
		["a usage with zeros behind it", "accepted", "0101ff04050303008000"],
		["an empty usage", forged, "0101ff0403030100"],
		["a usage that is not critical", "accepted", "040403020780"],
		["false, written out", "accepted", "010100040403020780"],
		["a usage with bytes behind it", forged, "0101ff0406030207800500"],
		["a usage with a long form of its length", forged, "0101ff04050381020780"],
	] as const)
		add(name, expected, Field.extensions, withExtension(15, content));
	const { x = "", y = "" } = publicJwk(KeyObject.from(good.keys.publicKey));
	const point = Buffer.concat([x, y].map((part) => Buffer.from(part, "base64url")));
	const sign = (point[63] ?? 0) & 1;
	for (const [name, bits] of [
		["eight unused bits", Buffer.concat([Buffer.of(8, 4), point])],
		["a hybrid point", Buffer.concat([Buffer.of(0, 6 + sign), point])],
		["a compressed point", Buffer.concat([Buffer.of(0, 2 + sign), point.subarray(0, 32)])],
		["the point at infinity", Buffer.of(0, 0)],
		["bytes behind the point", Buffer.concat([Buffer.of(0, 4), point, Buffer.of(0)])],
	] as const)
		add(`a key with ${name}`, forged, Field.publicKey, (encoded) =>
			changed(encoded, [1], () => tlv(3, bits)),
		);
	await addAuthorities(table);
	const stricter = "OpenSSL takes BER for DER, and any version";
	return (await table.all()).map((each) =>
		lax.includes(each.name.replace("encoding: ", "")) ? { ...each, stricter } : each,
	);
}

/** What OpenSSL accepts although it must not be. */
const lax: readonly string[] = [
	"version 1 with extensions",
	"version 2 with extensions",
	"version 4",
	"true as 1",
	"a usage with an unused bit",
	"a usage with bytes behind it",
	"a usage with a long form of its length",
	"a key with a hybrid point",
	"a key with a compressed point",
	"an authority as 1",
	"a key with a negative modulus",
	"a key with a modulus with a zero before it",
	"a key with an exponent with a zero before it",
];

/** Authorities by the root, whose certificates the board reads to find a path. */
async function addAuthorities(table: ChainTable): Promise<void> {
	const { root, intermediate, good } = table;
	const add = (name: string, expected: string, field: number, change: (encoded: Buffer) => Buffer) =>
		table.add(`encoding: ${name}`, expected, [good, resigned(intermediate, root, field, change)], {
			key: good,
		});
	for (const [name, expected, constraints] of [
		["a path length with a zero before it", forged, "30070101ff02020000"],
		["a negative path length", forged, "30060101ff0201ff"],
		["an authority that is none, written out", forged, "3003010100"],
		["a path length without an authority", forged, "3003020100"],
		["an authority as 1", forged, "3003010101"],
		["an authority with bytes behind it", forged, "30050101ff0500"],
	] as const) {
		const value = Buffer.from(constraints, "hex");
		add(name, expected, Field.extensions, withExtension(19, `0101ff${tlv(4, value).toString("hex")}`));
	}
	const rsa = await certify({ name: "RSA", key: "RSA 2048", issuer: root, authority: 0 });
	const server = await leaf(rsa);
	const { n = "" } = publicJwk(KeyObject.from(rsa.keys.publicKey));
	const modulus = Buffer.concat([Buffer.of(0), Buffer.from(n, "base64url")]);
	const even = Buffer.from(modulus);
	even[256] = (even[256] ?? 0) & 0xfe;
	for (const [name, numbers] of [
		["an even modulus", [even, Buffer.of(1, 0, 1)]],
		["a negative modulus", [modulus.subarray(1), Buffer.of(1, 0, 1)]],
		["a modulus with a zero before it", [Buffer.concat([Buffer.of(0), modulus]), Buffer.of(1, 0, 1)]],
		["the exponent 0", [modulus, Buffer.of(0)]],
		["an exponent with a zero before it", [modulus, Buffer.of(0, 1, 0, 1)]],
		["a negative exponent", [modulus, Buffer.of(0xff)]],
		["an exponent as long as the modulus", [modulus, modulus]],
		["three numbers", [modulus, Buffer.of(1, 0, 1), Buffer.of(1)]],
	] as const) {
		const content = tlv(0x30, Buffer.concat(numbers.map((number) => tlv(2, number))));
		const key = tlv(3, Buffer.concat([Buffer.of(0), content]));
		const odd = resigned(rsa, root, Field.publicKey, (encoded) => changed(encoded, [1], () => key));
		table.add(`encoding: a key with ${name}`, forged, [server, odd], { key: server });
	}
}

function hex(text: string): () => Buffer {
	return () => Buffer.from(text, "hex");
}

function resigned(
	holder: TestCertificate,
	issuer: TestCertificate,
	field: number,
	change: (encoded: Buffer) => Buffer,
): string {
	const der = new Uint8Array(holder.certificate.rawData);
	return derToPem(withField(der, field, change, signEC(issuer.keys)));
}

/** The element with another part: the one at these places, from outside in. */
function changed(
	encoded: Buffer,
	[first, ...rest]: readonly number[],
	change: (part: Buffer) => Buffer,
): Buffer {
	if (first === undefined) return change(encoded);
	const { tag, content } = new DerReader(encoded).readAny();
	const reader = new DerReader(content);
	const parts: Buffer[] = [];
	while (!reader.done) parts.push(Buffer.from(reader.readAny().encoded));
	parts[first] = changed(parts[first] ?? Buffer.alloc(0), rest, change);
	return tlv(tag, Buffer.concat(parts));
}

/** The list of extensions with other content behind the identifier 2.5.29.`number`. */
function withExtension(number: number, content: string): (encoded: Buffer) => Buffer {
	const name = identifier(0x55, 0x1d, number);
	return (encoded) =>
		changed(encoded, [0], (list) => {
			const reader = new DerReader(new DerReader(list).readAny().content);
			const parts: Buffer[] = [];
			while (!reader.done) {
				const part = Buffer.from(reader.readAny().encoded);
				parts.push(
					part.includes(name) ? tlv(0x30, Buffer.concat([name, Buffer.from(content, "hex")])) : part,
				);
			}
			return tlv(0x30, Buffer.concat(parts));
		});
}
