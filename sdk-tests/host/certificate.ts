// @peculiar/x509 requires this polyfill to be imported first.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
	AuthorityKeyIdentifierExtension,
	BasicConstraintsExtension,
	ExtendedKeyUsageExtension,
	Extension,
	KeyUsageFlags,
	KeyUsagesExtension,
	PemConverter,
	SubjectAlternativeNameExtension,
	SubjectKeyIdentifierExtension,
	type X509Certificate,
	X509CertificateGenerator,
} from "@peculiar/x509";

export { KeyUsageFlags };

/** Key types that public CAs use, and obsolete ones. */
export type KeyKind = "P-256" | "P-384" | "RSA 1024" | "RSA 2048" | "RSA 4096";

/** A certificate with its key. */
export interface TestCertificate {
	readonly certificate: X509Certificate;
	readonly keys: webcrypto.CryptoKeyPair;
	readonly kind: KeyKind;
}

export interface CertificateOptions {
	readonly name: string;
	/** Omitted: self-signed. */
	readonly issuer?: TestCertificate;
	/** The key that signs in the issuer's name, instead of the issuer's. */
	readonly forger?: TestCertificate;
	readonly key?: KeyKind;
	/** Omitted: a new key. */
	readonly keys?: webcrypto.CryptoKeyPair;
	readonly hash?: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
	/** Days from now. */
	readonly fromDays?: number;
	readonly toDays?: number;
	/** A CA, with this many CAs below it; unlimited when `true`. */
	readonly authority?: number | true;
	/** Extended key usage; omitted: as fits the certificate. */
	readonly usage?: KeyUsageFlags;
	/** Host names and addresses; empty: no such extension. */
	readonly names?: readonly string[];
	readonly purposes?: readonly string[];
	readonly extensions?: readonly Extension[];
	/** Hexadecimal; omitted: 16 random bytes. */
	readonly serial?: string;
}

const day = 86_400_000;
const serverAuthentication = "1.3.6.1.5.5.7.3.1";

/** Issues a certificate, valid or not. */
export async function certify(options: CertificateOptions): Promise<TestCertificate> {
	const { name, issuer, forger, key = "P-256", fromDays = -1, toDays = 90 } = options;
	const keys = options.keys ?? (await generate(key));
	const signer = forger ?? issuer ?? { keys, kind: key };
	const hash = options.hash ?? (signer.kind === "P-384" ? "SHA-384" : "SHA-256");
	const subject = `CN=${name}, O=Dakkio tests`;
	const certificate = await X509CertificateGenerator.create({
		serialNumber: options.serial ?? `40${randomBytes(15).toString("hex")}`,
		subject,
		issuer: issuer?.certificate.subject ?? subject,
		notBefore: new Date(Date.now() + fromDays * day),
		notAfter: new Date(Date.now() + toDays * day),
		publicKey: keys.publicKey,
		signingKey: signer.keys.privateKey,
		signingAlgorithm: { name: signer.kind.startsWith("RSA") ? "RSASSA-PKCS1-v1_5" : "ECDSA", hash },
		extensions: [
			...purpose(options),
			await SubjectKeyIdentifierExtension.create(keys.publicKey),
			await AuthorityKeyIdentifierExtension.create((issuer?.keys ?? keys).publicKey),
			...(options.extensions ?? []),
		],
	});
	return { certificate, keys, kind: key };
}

function purpose({ authority, usage, names, purposes }: CertificateOptions): Extension[] {
	if (authority !== undefined)
		return [
			new BasicConstraintsExtension(true, authority === true ? undefined : authority, true),
			new KeyUsagesExtension(usage ?? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
		];
	return [
		new BasicConstraintsExtension(false, undefined, true),
		new KeyUsagesExtension(usage ?? KeyUsageFlags.digitalSignature, true),
		new ExtendedKeyUsageExtension([...(purposes ?? [serverAuthentication])]),
		...(names === undefined
			? []
			: [
					new SubjectAlternativeNameExtension(
						names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
					),
				]),
	];
}

function generate(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
	const usages = ["sign", "verify"] as const;
	if (kind === "P-256" || kind === "P-384")
		return webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: kind }, true, usages);
	return webcrypto.subtle.generateKey(
		{
			name: "RSASSA-PKCS1-v1_5",
			modulusLength: Number(kind.slice(4)),
			publicExponent: Uint8Array.of(1, 0, 1),
			hash: "SHA-256",
		},
		true,
		usages,
	);
}

/** An extension that restricts the names below a CA to a domain (RFC 5280 section 4.2.1.10). */
export function nameConstraints(domain: string, critical = true): Extension {
	const name = Buffer.from(domain);
	const subtree = tlv(0x30, tlv(0x82, name));
	return new Extension("2.5.29.30", critical, tlv(0x30, tlv(0xa0, subtree)));
}

/** A subjectAltName extension with exactly these bytes. */
export function rawNames(...names: readonly string[]): Extension {
	const list = Buffer.concat(names.map((name) => tlv(0x82, Buffer.from(name, "latin1"))));
	return new Extension("2.5.29.17", false, tlv(0x30, list));
}

/** A critical extension of an unknown type. */
export function unknownRestriction(): Extension {
	return new Extension("1.3.6.1.4.1.99999.1", true, tlv(0x05, Buffer.alloc(0)));
}

function tlv(tag: number, content: Buffer): Buffer {
	const { length } = content;
	const header =
		length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return Buffer.concat([Buffer.from([tag, ...header]), content]);
}

export function toPem({ certificate }: TestCertificate): string {
	return `${certificate.toString("pem")}\n`;
}

export async function keyToPem({ keys }: TestCertificate): Promise<string> {
	return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")}\n`;
}

/** The same certificate with a bit of its signature flipped, PEM. */
export function damaged({ certificate }: TestCertificate): string {
	const bytes = Buffer.from(certificate.rawData);
	bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
	return `${PemConverter.encode(bytes, "CERTIFICATE")}\n`;
}
