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
	X509Certificate,
	X509CertificateGenerator,
} from "@peculiar/x509";
import { pssAlgorithm, resign, signPss, tlv } from "./resign";
import { nextRsaKeys } from "./rsa-keys";

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
	/** Signed with RSASSA-PSS and a salt of this many bytes. */
	readonly saltLength?: number;
	/** Days from now. */
	readonly fromDays?: number;
	readonly toDays?: number;
	/** A CA, with this many CAs below it; unlimited when `true`. */
	readonly authority?: number | true;
	/** Key usage; omitted: as fits the certificate. */
	readonly usage?: KeyUsageFlags;
	/** Without key usage, extended key usage and key identifiers. */
	readonly plain?: boolean;
	/** The subject's distinguished name; omitted: made of `name`. */
	readonly subject?: string;
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
	const subject = options.subject ?? `CN=${name}, O=Dakkio tests`;
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
			...(options.plain === true ? [] : await keyIdentifiers(keys, issuer?.keys ?? keys)),
			...(options.extensions ?? []),
		],
	});
	const issued = { certificate, keys, kind: key };
	const { saltLength } = options;
	if (saltLength === undefined) return issued;
	const algorithm = pssAlgorithm({ hash, saltLength });
	const der = resign(new Uint8Array(certificate.rawData), algorithm, signPss(signer.keys, hash, saltLength));
	return { ...issued, certificate: new X509Certificate(der) };
}

async function keyIdentifiers(keys: webcrypto.CryptoKeyPair, issuer: webcrypto.CryptoKeyPair) {
	return [
		await SubjectKeyIdentifierExtension.create(keys.publicKey),
		await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
	];
}

function purpose({ authority, usage, plain, names, purposes }: CertificateOptions): Extension[] {
	const isCA = authority !== undefined;
	const pathLength = typeof authority === "number" ? authority : undefined;
	const extensions: Extension[] = [new BasicConstraintsExtension(isCA, pathLength, true)];
	const usual = isCA ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
	if (plain !== true || usage !== undefined) extensions.push(new KeyUsagesExtension(usage ?? usual, true));
	if (purposes !== undefined || (plain !== true && !isCA))
		extensions.push(new ExtendedKeyUsageExtension([...(purposes ?? [serverAuthentication])]));
	if (names !== undefined)
		extensions.push(
			new SubjectAlternativeNameExtension(
				names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
			),
		);
	return extensions;
}

function generate(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
	if (kind !== "P-256" && kind !== "P-384") return nextRsaKeys(kind);
	return webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: kind }, true, ["sign", "verify"]);
}

/** A name constraints extension (RFC 5280 section 4.2.1.10); names are DNS names, addresses with mask, or DER. */
export function nameConstraints(
	{ permitted = [], excluded = [] }: NameConstraints,
	critical = true,
): Extension {
	const list = (tag: number, names: readonly ConstrainedName[]) =>
		names.length === 0 ? Buffer.alloc(0) : tlv(tag, Buffer.concat(names.map(subtree)));
	const lists = Buffer.concat([list(0xa0, permitted), list(0xa1, excluded)]);
	return new Extension("2.5.29.30", critical, tlv(0x30, lists));
}

export interface NameConstraints {
	readonly permitted?: readonly ConstrainedName[];
	readonly excluded?: readonly ConstrainedName[];
}

/** A DNS name; an address and its mask, in bytes; or any name, in DER. */
type ConstrainedName = string | readonly number[] | Buffer;

function subtree(name: ConstrainedName): Buffer {
	const base =
		typeof name === "string"
			? tlv(0x82, Buffer.from(name))
			: name instanceof Buffer
				? name
				: tlv(0x87, Buffer.from(name));
	return tlv(0x30, base);
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

export function toPem({ certificate }: TestCertificate): string {
	return `${certificate.toString("pem")}\n`;
}

export async function keyToPem({ keys }: TestCertificate): Promise<string> {
	return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")}\n`;
}

/** A certificate in DER as PEM. */
export function derToPem(der: Uint8Array): string {
	return `${PemConverter.encode(der, "CERTIFICATE")}\n`;
}

/** The same certificate with a bit of its signature flipped, PEM. */
export function damaged({ certificate }: TestCertificate): string {
	const bytes = Buffer.from(new Uint8Array(certificate.rawData));
	bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
	return derToPem(bytes);
}
