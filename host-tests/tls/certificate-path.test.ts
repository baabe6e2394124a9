import { createPublicKey, type JsonWebKey, verify, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { certify, rawNames, toPem } from "../../sdk-tests/host/certificate";
import { type ChainCase, makeChains } from "../../sdk-tests/host/certificate-chains";
import type { PublicKey } from "../../src/boards/esp32/tls/certificate";
import {
	makeTrustAnchor,
	type SignatureCheck,
	verifyCertificatePath,
} from "../../src/boards/esp32/tls/certificate-path";
import { DerReader, parseObjectIdentifier, parseTime, Tag } from "../../src/boards/esp32/tls/der";

/** The chip's judgement of certificates, on the table that `npm run test:sdk` plays over real connections. */

let chains: readonly ChainCase[];
beforeAll(async () => {
	chains = await makeChains();
});

test("each chain of the table, good and forged, has the expected result", () => {
	const judged = chains.map((chain) => `${chain.name}: ${judge(chain).verdict}`);
	expect(judged).toEqual(
		chains.map(({ name, expected }) => expect.stringMatching(`^${escaped(`${name}: ${expected}`)}(,|$)`)),
	);
	expect(chains.length).toBeGreaterThanOrEqual(50);
});

test("no name is taken that Node's own check would not take", () => {
	for (const { host, presented, expected } of chains) {
		const [first = ""] = certificates(presented);
		const leaf = new X509Certificate(first);
		const named = isIP(host) === 0 ? leaf.checkHost(host, { subject: "never" }) : leaf.checkIP(host);
		if (expected === "accepted") expect(named).toBeDefined();
	}
});

test("a certificate with two lists of names is refused, whichever has the name", async () => {
	// OpenSSL's server does not even show one: so it stands here and not in the table.
	const root = await certify({ name: "Root", authority: true });
	for (const [first, second] of [
		["api.dakkio.test", "other.test"],
		["other.test", "api.dakkio.test"],
	] as const) {
		const twice = { name: "Server", issuer: root, names: [first], extensions: [rawNames(second)] };
		const shown = certificates(toPem(await certify(twice))).map(der);
		expect(decide(shown, { root: toPem(root), host: "api.dakkio.test" }).verdict).toMatch(
			/^refused, forged, its certificate cannot be read: an extension twice/,
		);
	}
});

test("an untrusted chain costs at most eight signature checks, even if all its authorities have one name", async () => {
	const first = await certify({ name: "Loop", authority: true });
	const loop = [first];
	for (let i = 1; i < 5; i++)
		loop.push(await certify({ name: "Loop", issuer: loop[i - 1] ?? first, authority: true }));
	const leaf = await certify({ name: "Server", issuer: loop[4] ?? first, names: ["api.dakkio.test"] });
	const shown = [leaf, ...loop].map(toPem).join("");
	const root = toPem(await certify({ name: "Root", authority: true }));
	const { verdict, checks } = decide(certificates(shown).map(der), { root, host: "api.dakkio.test" });
	expect(verdict).toMatch(/^refused/);
	expect(checks).toBe(8);
});

test("a chain of which a byte was changed, or the end is missing, is refused, and no error escapes", () => {
	const good = chains.find(({ name }) => name === "RSA authorities, a leaf on P-256");
	if (good === undefined) throw new Error("the chain is not in the table");
	const [leaf = new Uint8Array(), issuer = new Uint8Array()] = certificates(good.presented).map(der);
	const changed = (bytes: Uint8Array, at: number, to: number, cut: boolean) => {
		const index = at % bytes.length;
		if (cut) return bytes.slice(0, index);
		const copy = bytes.slice();
		copy[index] = (copy[index] ?? 0) ^ to;
		return copy;
	};
	fc.assert(
		fc.property(
			fc.nat(),
			fc.integer({ min: 1, max: 255 }),
			fc.boolean(),
			fc.boolean(),
			(at, to, cut, first) => {
				const given = first ? [changed(leaf, at, to, cut), issuer] : [leaf, changed(issuer, at, to, cut)];
				expect(decide(given, good).verdict).toMatch(/^refused/);
			},
		),
		{ numRuns: 1000 },
	);
});

describe("what a certificate is made of", () => {
	const elements = (tag: number, content: string) =>
		new DerReader(Uint8Array.of(tag, content.length, ...Buffer.from(content, "latin1"))).readAny();

	test.each(["301301000000Z", "300230000000Z", "300101240000Z", "300101006000Z", "300001000000Z"])(
		"the time %s is none",
		(text) => {
			expect(() => parseTime(elements(Tag.utcTime, text))).toThrow("a time that does not exist");
		},
	);

	test("times are read in both forms", () => {
		expect(parseTime(elements(Tag.utcTime, "280229235959Z"))).toBe(Date.UTC(2028, 1, 29, 23, 59, 59));
		expect(parseTime(elements(Tag.utcTime, "991231000000Z"))).toBe(Date.UTC(1999, 11, 31));
		expect(parseTime(elements(Tag.generalizedTime, "20510101000000Z"))).toBe(Date.UTC(2051, 0, 1));
		expect(() => parseTime(elements(Tag.utcTime, `3001010000${"0".repeat(90)}Z`))).toThrow("another form");
	});

	test("an identifier without end is refused before it is written out", () => {
		expect(() => parseObjectIdentifier(elements(Tag.objectIdentifier, "\x2a".repeat(65)))).toThrow(
			"too long",
		);
	});
});

interface Judged {
	readonly verdict: string;
	readonly checks: number;
}

function judge(chain: ChainCase): Judged {
	return decide(certificates(chain.presented).map(der), chain);
}

function decide(given: readonly Uint8Array[], { root, host }: Pick<ChainCase, "root" | "host">): Judged {
	let checks = 0;
	const verdict = verifyCertificatePath({
		certificates: given,
		roots: () => [makeTrustAnchor(der(root))],
		host,
		now: Date.now(),
		verifySignature: (check) => {
			checks++;
			return holds(check);
		},
	});
	return {
		verdict: "fault" in verdict ? `refused, ${verdict.fault}, ${verdict.reason}` : "accepted",
		checks,
	};
}

function certificates(pem: string): readonly string[] {
	return pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/g) ?? [];
}

function der(pem: string): Uint8Array {
	return new Uint8Array(Buffer.from(pem.replace(/-----[^-]*-----/g, ""), "base64"));
}

function holds({ key, scheme, signedBytes, signature }: SignatureCheck): boolean {
	try {
		return verify(scheme.hash, signedBytes, createPublicKey({ key: jwk(key), format: "jwk" }), signature);
	} catch {
		// No point of its curve.
		return false;
	}
}

function jwk(key: PublicKey): JsonWebKey {
	const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
	if (key.kind === "RSA") return { kty: "RSA", n: text(key.modulus), e: text(key.exponent) };
	return { kty: "EC", crv: key.curve === "secp256r1" ? "P-256" : "P-384", x: text(key.x), y: text(key.y) };
}

function escaped(literal: string): string {
	return literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
