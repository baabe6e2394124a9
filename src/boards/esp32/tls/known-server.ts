import { areBytesEqual } from "../../../common/equal-bytes";
import { decodeUtf8, encodeUtf8 } from "../../../common/utf8";

/** Validity of a certificate path: latest notBefore to earliest notAfter of its certificates, Unix milliseconds. */
export interface Validity {
	readonly notBefore: number;
	readonly notAfter: number;
}

/** A session of TLS 1.2 that the server may resume (RFC 5246 section 7.4.1.2, RFC 5077). The master secret is a secret. */
export interface TlsSession {
	/** Second byte of the cipher suite. */
	readonly suite: number;
	readonly masterSecret: Uint8Array;
	/** The server's name for it; empty if it has a ticket. */
	readonly id: Uint8Array;
	readonly ticket: Uint8Array;
	/** Milliseconds of Unix time. */
	readonly expiresAt: number;
}

/** What is stored about the server verified last. */
export interface KnownServer {
	/** SHA-256 of what it was verified by, see {@link digestTrust}. */
	readonly trust: Uint8Array;
	/** SHA-256 of its certificates and of `trust`, see {@link digestChain}. */
	readonly chain: Uint8Array;
	readonly validity: Validity;
	/** The authority that signed its certificate. */
	readonly issuer: string;
	readonly session: TlsSession | undefined;
}

/** SHA-256 of all parts, one after the other. */
export type Sha256 = (...parts: readonly Uint8Array[]) => Uint8Array;

/** Maximum bytes stored: tickets of common servers take 160 to 256. */
export const maxKeptBytes = 768;
const digestBytes = 32;
const secretBytes = 48;
/** Digest of the rest, length, trust, chain, three times, suite, master secret, lengths of issuer, id and ticket. */
const fixedBytes = 3 * digestBytes + 2 + 3 * 8 + 1 + secretBytes + 1 + 1 + 2;

/** Maximum session lifetime, whatever the server's hint: resumption does not check certificates (RFC 5246 appendix F.1.4). */
export const maxSessionMs = 86_400_000;

/**
 * The end of a session that was made or renewed at `now`. `lifetimeS`: the server's hint, 0 for none (RFC 5077 section
 * 3.3). `before`: its end until now; a new ticket for an old session does not extend it.
 */
export function sessionEnd(now: number, lifetimeS: number, before = now + maxSessionMs): number {
	return Math.min(before, lifetimeS === 0 ? before : now + lifetimeS * 1000);
}

/** Whether certificates that were verified as valid then are valid at `now`. */
export function isWithin({ notBefore, notAfter }: Validity, now: number): boolean {
	return now >= notBefore && now <= notAfter;
}

/** The session to offer at `now`; none once its certificates have expired, or after the clock was set back. */
export function usableSession({ session, validity }: KnownServer, now: number): TlsSession | undefined {
	if (session === undefined || !isWithin(validity, now)) return undefined;
	const remainingMs = session.expiresAt - now;
	return remainingMs > 0 && remainingMs <= maxSessionMs ? session : undefined;
}

/** Digest of what a server is verified by: its name, its port, and the user's trusted certificates (DER). */
export function digestTrust(
	host: string,
	port: number,
	trusted: readonly Uint8Array[],
	sha256: Sha256,
): Uint8Array {
	const name = encodeUtf8(`${host}:${port}`);
	return sha256(...withLengths([name, ...trusted]));
}

export function digestChain(
	trust: Uint8Array,
	certificates: readonly Uint8Array[],
	sha256: Sha256,
): Uint8Array {
	return sha256(trust, ...withLengths(certificates));
}

/** Prefixes each part with its length, so that different parts never give the same bytes. */
function withLengths(parts: readonly Uint8Array[]): readonly Uint8Array[] {
	return parts.flatMap((part) => [Uint8Array.of(part.length >> 16, part.length >> 8, part.length), part]);
}

/** The bytes to store; without the session if they would be more than {@link maxKeptBytes}. */
export function encodeKnownServer(server: KnownServer, sha256: Sha256): Uint8Array {
	const { trust, chain, validity, session } = server;
	const issuer = encodeUtf8(server.issuer).subarray(0, 255);
	const { id, ticket } = session ?? { id: new Uint8Array(0), ticket: new Uint8Array(0) };
	const length = fixedBytes + issuer.length + id.length + ticket.length;
	if (length > maxKeptBytes && session !== undefined)
		return encodeKnownServer({ ...server, session: undefined }, sha256);
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	let at = digestBytes;
	const put = (part: Uint8Array) => {
		bytes.set(part, at);
		at += part.length;
	};
	view.setUint16(at, length);
	at += 2;
	put(trust);
	put(chain);
	for (const time of [validity.notBefore, validity.notAfter, session?.expiresAt ?? 0]) {
		view.setFloat64(at, time);
		at += 8;
	}
	bytes[at++] = session?.suite ?? 0;
	put(session?.masterSecret ?? new Uint8Array(secretBytes));
	bytes[at++] = issuer.length;
	bytes[at++] = id.length;
	view.setUint16(at, ticket.length);
	at += 2;
	put(issuer);
	put(id);
	put(ticket);
	bytes.set(sha256(bytes.subarray(digestBytes)));
	return bytes;
}

/** `undefined` if the bytes are not what {@link encodeKnownServer} made, with anything behind it. */
export function decodeKnownServer(bytes: Uint8Array, sha256: Sha256): KnownServer | undefined {
	if (bytes.length < fixedBytes) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	let at = digestBytes;
	const length = view.getUint16(at);
	if (length < fixedBytes || length > bytes.length) return undefined;
	if (!areBytesEqual(sha256(bytes.subarray(at, length)), bytes.subarray(0, at))) return undefined;
	const take = (count: number) => {
		at += count;
		return bytes.slice(at - count, at);
	};
	at += 2;
	const trust = take(digestBytes);
	const chain = take(digestBytes);
	const validity = { notBefore: view.getFloat64(at), notAfter: view.getFloat64(at + 8) };
	const expiresAt = view.getFloat64(at + 16);
	at += 24;
	const [suite = 0] = take(1);
	const masterSecret = take(secretBytes);
	const [issuerBytes = 0, idBytes = 0, high = 0, low = 0] = take(4);
	const issuer = decodeUtf8(take(issuerBytes));
	const id = take(idBytes);
	const ticket = take(high * 256 + low);
	const session = expiresAt === 0 ? undefined : { suite, masterSecret, id, ticket, expiresAt };
	return { trust, chain, validity, issuer, session };
}
