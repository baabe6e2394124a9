import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	decodeKnownServer,
	digestChain,
	digestTrust,
	encodeKnownServer,
	isWithin,
	type KnownServer,
	maxKeptBytes,
	maxSessionMs,
	type Sha256,
	sessionEnd,
	usableSession,
} from "../../src/boards/esp32/tls/known-server";

const sha256: Sha256 = (...parts) => {
	const hash = createHash("sha256");
	for (const part of parts) hash.update(part);
	return new Uint8Array(hash.digest());
};

const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const now = Date.UTC(2026, 10, 26);

const session = {
	suite: 0x2b,
	masterSecret: bytes(48, 1),
	id: bytes(0, 0),
	ticket: bytes(200, 2),
	expiresAt: now + 1000,
};
const known: KnownServer = {
	trust: bytes(32, 3),
	chain: bytes(32, 4),
	validity: { notBefore: now - 1000, notAfter: now + 5000 },
	issuer: "Let’s Encrypt",
	session,
};

describe("what is kept of a server", () => {
	const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength });
	const anySession = fc.record({
		suite: fc.constantFrom(0x2b, 0x2f),
		masterSecret: fc.uint8Array({ minLength: 48, maxLength: 48 }),
		id: anyBytes(32),
		ticket: anyBytes(400),
		expiresAt: fc.integer({ min: 1, max: 2 ** 45 }),
	});
	const anyKnown = fc.record({
		trust: fc.uint8Array({ minLength: 32, maxLength: 32 }),
		chain: fc.uint8Array({ minLength: 32, maxLength: 32 }),
		validity: fc.record({ notBefore: fc.integer({ min: 0 }), notAfter: fc.integer({ min: 0 }) }),
		issuer: fc.string({ maxLength: 20 }),
		session: fc.option(anySession, { nil: undefined }),
	});

	test("is read as it was written, with anything behind it", () => {
		fc.assert(
			fc.property(anyKnown, anyBytes(50), (server, rest) => {
				const encoded = encodeKnownServer(server, sha256);
				expect(encoded.length).toBeLessThanOrEqual(maxKeptBytes);
				const memory = new Uint8Array([...encoded, ...rest]);
				expect(decodeKnownServer(memory, sha256)).toEqual(server);
			}),
		);
	});

	test("is not read once a bit of it was changed, or the end is missing, or there is nothing", () => {
		const encoded = encodeKnownServer(known, sha256);
		for (let at = 0; at < encoded.length; at++) {
			const changed = encoded.slice();
			changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
			expect(decodeKnownServer(changed, sha256)).toBeUndefined();
			expect(decodeKnownServer(encoded.subarray(0, at), sha256)).toBeUndefined();
		}
		expect(decodeKnownServer(new Uint8Array(maxKeptBytes), sha256)).toBeUndefined();
	});

	test("has no session whose ticket does not fit", () => {
		const large = { ...known, session: { ...session, ticket: bytes(600, 5) } };
		expect(decodeKnownServer(encodeKnownServer(large, sha256), sha256)).toEqual({
			...known,
			session: undefined,
		});
	});

	test("has a name of the authority that is cut to 255 bytes", () => {
		const { issuer } = decodeKnownServer(
			encodeKnownServer({ ...known, issuer: "€".repeat(100) }, sha256),
			sha256,
		) ?? { issuer: "" };
		expect(issuer).toBe("€".repeat(85));
	});
});

describe("a session is offered", () => {
	test("until it ends", () => {
		expect(usableSession(known, now + 999)).toBe(session);
		expect(usableSession(known, now + 1000)).toBeUndefined();
	});

	test("while all certificates that it was made by are valid", () => {
		const long = { ...known, session: { ...session, expiresAt: now + 90_000 } };
		expect(usableSession(long, now + 5000)).toBeDefined();
		expect(usableSession(long, now + 5001)).toBeUndefined();
		expect(usableSession(long, now - 1001)).toBeUndefined();
		expect(isWithin(known.validity, Number.NaN)).toBe(false);
	});

	test("for a day at most, also by a clock that was set back", () => {
		const made = { ...known, validity: { notBefore: 0, notAfter: now + 9 * maxSessionMs } };
		const fresh = { ...made, session: { ...session, expiresAt: sessionEnd(now, 0) } };
		expect(usableSession(fresh, now)).toBeDefined();
		expect(usableSession(fresh, now - 1)).toBeUndefined();
		expect(usableSession(fresh, now - 30 * maxSessionMs)).toBeUndefined();
	});

	test("for a day at most, and no longer than the server says", () => {
		expect(sessionEnd(now, 0)).toBe(now + maxSessionMs);
		expect(sessionEnd(now, 300)).toBe(now + 300_000);
		expect(sessionEnd(now, 0xffffffff)).toBe(now + maxSessionMs);
	});

	test("no longer for a new ticket", () => {
		const end = sessionEnd(now, 0);
		expect(sessionEnd(now + 3_600_000, 0, end)).toBe(end);
		expect(sessionEnd(now + 3_600_000, 0xffffffff, end)).toBe(end);
		expect(sessionEnd(now + 3_600_000, 60, end)).toBe(now + 3_660_000);
	});
});

describe("what a server was verified by", () => {
	const trust = (host: string, port: number, ...roots: Uint8Array[]) =>
		Buffer.from(digestTrust(host, port, roots, sha256)).toString("hex");
	const [a, b] = [bytes(10, 1), bytes(12, 2)];

	test("differs by name, port, and each root", () => {
		const all = [
			trust("api.dakkio.test", 443),
			trust("api.dakkio.tes", 443),
			trust("api.dakkio.test", 8443),
			trust("api.dakkio.test", 443, a),
			trust("api.dakkio.test", 443, b),
			trust("api.dakkio.test", 443, a, b),
			trust("api.dakkio.test", 443, b, a),
			// The same bytes, otherwise divided.
			trust("api.dakkio.test", 443, new Uint8Array([...a, ...b])),
			trust("api.dakkio.test", 443, new Uint8Array([...a, b[0] ?? 0]), b.subarray(1)),
			trust("api.dakkio.test", 443, new Uint8Array([...a, 0, 0, 12, ...b])),
		];
		expect(new Set(all).size).toBe(all.length);
	});

	test("is part of its chain, which differs by each certificate and their order", () => {
		const chain = (by: number, ...certificates: Uint8Array[]) =>
			Buffer.from(digestChain(bytes(32, by), certificates, sha256)).toString("hex");
		const all = [chain(1, a), chain(2, a), chain(1, a, b), chain(1, b, a), chain(1), chain(1, b)];
		expect(new Set(all).size).toBe(all.length);
	});
});
