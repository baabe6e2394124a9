// @peculiar/x509 requires this polyfill to be imported first.
import "reflect-metadata";
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
	AuthorityKeyIdentifierExtension,
	BasicConstraintsExtension,
	ExtendedKeyUsage,
	ExtendedKeyUsageExtension,
	type Extension,
	KeyUsageFlags,
	KeyUsagesExtension,
	PemConverter,
	SubjectAlternativeNameExtension,
	SubjectKeyIdentifierExtension,
	X509Certificate,
	X509CertificateGenerator,
} from "@peculiar/x509";

/** P-256 with SHA-256, which devices support; it leaves only ECDHE with AES-GCM. */
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Validity of a certificate: milliseconds of Unix time, both inclusive. */
export interface Validity {
	readonly from: number;
	readonly to: number;
}

/** A certificate with its private key. */
export interface IssuedCertificate {
	readonly certificate: X509Certificate;
	readonly keys: webcrypto.CryptoKeyPair;
}

/** The purpose of a certificate (RFC 5280 section 4.2.1). */
export type Purpose =
	/** A CA; `pathLength`: maximum number of intermediates below it. */
	| { readonly kind: "authority"; readonly pathLength: number }
	/** A TLS server with these DNS names and IP addresses. */
	| { readonly kind: "server"; readonly names: readonly string[] };

export interface IssueCertificateOptions {
	/** The subject's common name. */
	readonly name: string;
	readonly purpose: Purpose;
	readonly validity: Validity;
	/** Omitted: self-signed. */
	readonly issuer?: IssuedCertificate;
}

/** Generates a key pair and issues a certificate for it. */
export async function issueCertificate({
	name,
	purpose,
	validity,
	issuer,
}: IssueCertificateOptions): Promise<IssuedCertificate> {
	const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
	const signer = issuer?.keys ?? keys;
	const extensions = [
		...purposeExtensions(purpose),
		await SubjectKeyIdentifierExtension.create(keys.publicKey),
		await AuthorityKeyIdentifierExtension.create(signer.publicKey),
	];
	const certificate = await X509CertificateGenerator.create({
		serialNumber: serialNumber(),
		subject: distinguishedName(name),
		issuer: issuer?.certificate.subject ?? distinguishedName(name),
		notBefore: new Date(validity.from),
		notAfter: new Date(validity.to),
		publicKey: keys.publicKey,
		signingKey: signer.privateKey,
		signingAlgorithm: algorithm,
		extensions,
	});
	return { certificate, keys };
}

function purposeExtensions(purpose: Purpose): Extension[] {
	if (purpose.kind === "authority")
		return [
			new BasicConstraintsExtension(true, purpose.pathLength, true),
			new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
		];
	return [
		new BasicConstraintsExtension(false, undefined, true),
		new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
		new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
		new SubjectAlternativeNameExtension(
			purpose.names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
		),
	];
}

function distinguishedName(name: string): string {
	return `CN=${name}, O=Dakkio development`;
}

/** 128 random bits, positive (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
	const bytes = randomBytes(16);
	bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
	return bytes.toString("hex");
}

/** The private key in PKCS #8, PEM. */
export async function privateKeyToPem({ keys }: IssuedCertificate): Promise<string> {
	return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")}\n`;
}

/** The certificate as PEM (RFC 7468). */
export function certificateToPem(certificate: X509Certificate): string {
	return `${certificate.toString("pem")}\n`;
}

/** The certificates in a PEM text, in order. Throws if one is damaged. */
export function certificatesFromPem(pem: string): X509Certificate[] {
	const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
	return blocks.map((block) => new X509Certificate(block));
}

/** Parses a certificate and its key. Throws if either is damaged or they do not match. */
export async function issuedCertificateFromPem(pem: string): Promise<IssuedCertificate> {
	const [certificate] = certificatesFromPem(pem);
	if (certificate === undefined) throw new Error("the PEM text contains no certificate");
	const key = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
	const spki = certificate.publicKey.rawData;
	const keys = {
		privateKey: await webcrypto.subtle.importKey("pkcs8", key, algorithm, true, ["sign"]),
		publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
	};
	const probe = randomBytes(32);
	const signature = await webcrypto.subtle.sign(algorithm, keys.privateKey, probe);
	if (!(await webcrypto.subtle.verify(algorithm, keys.publicKey, signature, probe)))
		throw new Error("the key does not match the certificate");
	return { certificate, keys };
}
