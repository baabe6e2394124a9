import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { makeDirectory } from "../../boards/node/files";
import {
	certificatesFromPem,
	certificateToPem,
	type IssuedCertificate,
	issueCertificate,
	issuedCertificateFromPem,
	privateKeyToPem,
} from "./issue-certificate";

/** Key and certificates of a TLS server, PEM. */
export interface ServerIdentity {
	readonly key: string;
	/** The server's certificate, then the intermediate. The client has the root. */
	readonly chain: string;
}

/** A fault that a client must detect. */
export type CertificateFault =
	| "expired"
	| "not yet valid"
	/** For `wrong.example`. */
	| "wrong name"
	/** A chain to an unknown root with the name of the known one. */
	| "unknown root"
	/** One certificate, signed with its own key. */
	| "self-signed";

export interface CertificatesOptions {
	/** For the certificates; omitted: new ones for this process. */
	readonly directory?: string;
	/** DNS names and IP addresses of the server besides `localhost` and `127.0.0.1`. */
	readonly names?: readonly string[];
	/** Milliseconds of Unix time. Never simulated, because TLS clients use the computer's clock. */
	readonly now?: () => number;
}

const day = 86_400_000;

/** Validity in days. Browsers accept server certificates of up to 398 days. */
const rootLifetimeDays = 20 * 365;
const serverLifetimeDays = 365;
/** A server certificate with less time left is renewed at the next start. */
const minServerLifetimeDays = 60;

const localNames = ["localhost", "127.0.0.1"];

/**
 * The development certificates: a permanent root, and below it an intermediate and a server certificate, which are renewed
 * together when they expire or the names change. The intermediate's key is discarded at once.
 *
 * Files: `root.pem` for clients (`curl --cacert`); `root-key.pem` and `server-key.pem`, readable only by their owner. Each
 * is replaced atomically, so neither a crash nor a concurrent start leaves it incomplete.
 */
export class DevelopmentCertificates {
	/** The root that clients trust. */
	readonly root: { readonly pem: string; readonly der: Uint8Array };
	/** The server's certificates. */
	readonly server: ServerIdentity;
	private readonly _root: IssuedCertificate;
	private readonly names: readonly string[];
	private readonly now: () => number;

	private constructor(
		root: IssuedCertificate,
		server: ServerIdentity,
		names: readonly string[],
		now: () => number,
	) {
		this._root = root;
		this.names = names;
		this.now = now;
		this.root = {
			pem: certificateToPem(root.certificate),
			der: new Uint8Array(root.certificate.rawData),
		};
		this.server = server;
	}

	static async open({ directory, names = [], now = Date.now }: CertificatesOptions = {}) {
		const allNames = [...localNames, ...names];
		if (directory !== undefined) makeDirectory(directory);
		const root = directory === undefined ? await issueRoot(now()) : await openRoot(directory, now());
		const server =
			directory === undefined
				? await issueServer(root, allNames, now())
				: await openServer(directory, root, allNames, now());
		return new DevelopmentCertificates(root, server, allNames, now);
	}

	/** A server identity with a fault. */
	async faulty(fault: CertificateFault): Promise<ServerIdentity> {
		const now = this.now();
		switch (fault) {
			case "expired":
				return issueServer(this._root, this.names, now, { from: now - 30 * day, to: now - day });
			case "not yet valid":
				return issueServer(this._root, this.names, now, { from: now + day, to: now + 30 * day });
			case "wrong name":
				return issueServer(this._root, ["wrong.example"], now);
			case "unknown root":
				return issueServer(await issueRoot(now), this.names, now);
			case "self-signed":
				return issueSelfSigned(this.names, now);
		}
	}
}

async function openRoot(directory: string, now: number): Promise<IssuedCertificate> {
	const file = join(directory, "root-key.pem");
	let root = await readRoot(file, now);
	if (root === undefined) {
		const made = await issueRoot(now);
		const pem = (await privateKeyToPem(made)) + certificateToPem(made.certificate);
		createFile(file, pem);
		// If a concurrent start was faster, its root is used; an invalid file is replaced.
		root = await readRoot(file, now);
		if (root === undefined) replaceFile(file, pem);
		root ??= made;
	}
	replaceFile(join(directory, "root.pem"), certificateToPem(root.certificate), 0o644);
	return root;
}

/** `undefined` if there is none, it is damaged, or it expires before the next server certificate. */
async function readRoot(file: string, now: number): Promise<IssuedCertificate | undefined> {
	const pem = readText(file);
	if (pem === undefined) return undefined;
	try {
		const root = await issuedCertificateFromPem(pem);
		return root.certificate.notAfter.getTime() > now + serverLifetimeDays * day ? root : undefined;
	} catch {
		return undefined;
	}
}

async function openServer(directory: string, root: IssuedCertificate, names: readonly string[], now: number) {
	const file = join(directory, "server-key.pem");
	const kept = readServer(readText(file), root, names, now);
	if (kept !== undefined) return kept;
	const made = await issueServer(root, names, now);
	replaceFile(file, made.key + made.chain);
	return made;
}

function readServer(
	pem: string | undefined,
	root: IssuedCertificate,
	names: readonly string[],
	now: number,
): ServerIdentity | undefined {
	const key = /-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----\n/.exec(pem ?? "")?.[0];
	if (pem === undefined || key === undefined) return undefined;
	try {
		const chain = certificatesFromPem(pem).map(certificateToPem);
		const [leaf, intermediate] = chain.map((certificate) => new X509Certificate(certificate));
		const rootCertificate = new X509Certificate(certificateToPem(root.certificate));
		const good =
			leaf !== undefined &&
			intermediate?.verify(rootCertificate.publicKey) &&
			leaf.verify(intermediate.publicKey) &&
			leaf.checkPrivateKey(createPrivateKey(key)) &&
			Date.parse(leaf.validTo) > now + minServerLifetimeDays * day &&
			Date.parse(leaf.validFrom) <= now &&
			isFor(leaf, names);
		return good ? { key, chain: chain.join("") } : undefined;
	} catch {
		return undefined;
	}
}

function isFor(leaf: X509Certificate, names: readonly string[]): boolean {
	return names.every((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined);
}

function issueRoot(now: number): Promise<IssuedCertificate> {
	return issueCertificate({
		name: "Dakkio development root",
		purpose: { kind: "authority", pathLength: 1 },
		validity: validityFrom(now, rootLifetimeDays),
	});
}

async function issueServer(
	root: IssuedCertificate,
	names: readonly string[],
	now: number,
	validity = validityFrom(now, serverLifetimeDays),
): Promise<ServerIdentity> {
	const intermediate = await issueCertificate({
		name: "Dakkio development intermediate",
		purpose: { kind: "authority", pathLength: 0 },
		// Valid when the server certificate is not, so that only that one is faulty.
		validity: validityFrom(now, serverLifetimeDays + 1),
		issuer: root,
	});
	const server = await issueCertificate({
		name: names[0] ?? "localhost",
		purpose: { kind: "server", names },
		validity,
		issuer: intermediate,
	});
	const chain = certificateToPem(server.certificate) + certificateToPem(intermediate.certificate);
	return { key: await privateKeyToPem(server), chain };
}

async function issueSelfSigned(names: readonly string[], now: number): Promise<ServerIdentity> {
	const validity = validityFrom(now, serverLifetimeDays);
	const server = await issueCertificate({ name: "localhost", purpose: { kind: "server", names }, validity });
	return { key: await privateKeyToPem(server), chain: certificateToPem(server.certificate) };
}

/** From yesterday on, for clients whose clock is slow. */
function validityFrom(now: number, days: number) {
	return { from: now - day, to: now + days * day };
}

function readText(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		if (hasCode(error, "ENOENT")) return undefined;
		throw error;
	}
}

/** Replaces a file atomically. */
function replaceFile(file: string, text: string, mode = 0o600): void {
	const temporary = writeTemporary(file, text, mode);
	renameSync(temporary, file);
}

/** Creates a file atomically unless it exists. */
function createFile(file: string, text: string): void {
	const temporary = writeTemporary(file, text, 0o600);
	try {
		linkSync(temporary, file);
	} catch (error) {
		if (!hasCode(error, "EEXIST")) throw error;
	} finally {
		rmSync(temporary, { force: true });
	}
}

function writeTemporary(file: string, text: string, mode: number): string {
	const temporary = `${file}.${randomBytes(6).toString("hex")}.new`;
	writeFileSync(temporary, text, { mode, flag: "wx", flush: true });
	return temporary;
}

function hasCode(error: unknown, code: string): boolean {
	return error instanceof Error && "code" in error && error.code === code;
}
