import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, isIP } from "node:net";
import { connect, createServer, type Server } from "node:tls";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { certify, rawNames, toPem } from "../../sdk-tests/host/certificate";
import { makeChains } from "../../sdk-tests/host/certificate-chains";
import type { ChainCase } from "../../sdk-tests/host/chain-table";
import { verifyCertificatePath } from "../../src/boards/esp32/tls/certificate-path";
import { checkIdentifier, DerReader, parseTime, Tag } from "../../src/boards/esp32/tls/der";
import { makeEncodings } from "./encoding-chains";
import { certificatesOf, verifySignature } from "./verify-signature";

/** The chip's judgement of certificates, on the table that `npm run test:sdk` plays over real connections. */

let chains: readonly ChainCase[];
beforeAll(async () => {
	chains = [...(await makeChains()), ...(await makeEncodings())];
});

test("each chain of the table, good and forged, has the expected result", () => {
	const judged = chains.map((chain) => `${chain.name}: ${judge(chain).verdict}`);
	expect(judged).toEqual(
		chains.map(({ name, expected }) => expect.stringMatching(`^${escaped(`${name}: ${expected}`)}(,|$)`)),
	);
	expect(chains.length).toBeGreaterThanOrEqual(50);
});

test("OpenSSL accepts and refuses the same chains, except those that the table explains", async () => {
	const differing: string[] = [];
	for (const chain of chains) {
		const agrees = (await isAcceptedByOpenSsl(chain)) === (chain.expected === "accepted");
		if (agrees !== (chain.stricter === undefined && chain.wider === undefined)) differing.push(chain.name);
	}
	expect(differing).toEqual([]);
});

test("no name is taken that Node's own check would not take", () => {
	for (const chain of chains) if (chain.expected === "accepted") expect(hasName(chain)).toBe(true);
});

test("a certificate with two lists of names is refused, whichever has the name", async () => {
	// OpenSSL's server does not even show one: so it stands here and not in the table.
	const root = await certify({ name: "Root", authority: true });
	for (const [first, second] of [
		["api.dakkio.test", "other.test"],
		["other.test", "api.dakkio.test"],
	] as const) {
		const twice = { name: "Server", issuer: root, names: [first], extensions: [rawNames(second)] };
		const shown = certificatesOf(toPem(await certify(twice)));
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
	const { verdict, checks } = decide(certificatesOf(shown), { root, host: "api.dakkio.test" });
	expect(verdict).toMatch(/^refused/);
	expect(checks).toBe(8);
});

describe("a chain that was verified before", () => {
	const day = 86_400_000;

	async function make() {
		const root = await certify({ name: "Root", authority: true, fromDays: -9, toDays: 30 });
		const issuer = await certify({ name: "Issuer", issuer: root, authority: 0, fromDays: -5, toDays: 10 });
		const leaf = await certify({
			...{ name: "Server", issuer, names: [knownHost] },
			fromDays: -2,
			toDays: 20,
		});
		return { root, issuer, leaf };
	}

	const knownHost = "api.dakkio.test";
	const verify = (
		certificates: readonly Uint8Array[],
		more: Partial<Parameters<typeof verifyCertificatePath>[0]>,
	) => {
		let checks = 0;
		const result = verifyCertificatePath({
			...{ certificates, trusted: [], findRoots: () => [], host: knownHost, now: Date.now() },
			verifySignature: (check) => {
				checks++;
				return verifySignature(check);
			},
			...more,
		});
		return { result, checks };
	};

	test("has the validity of all its certificates, the root included", async () => {
		const { root, issuer, leaf } = await make();
		const trusted = certificatesOf(toPem(root));
		const { result, checks } = verify(certificatesOf(toPem(leaf) + toPem(issuer)), { trusted });
		if ("fault" in result) throw new Error(result.reason);
		expect(checks).toBe(2);
		expect(Math.round((result.validity.notBefore - Date.now()) / day)).toBe(-2);
		expect(Math.round((result.validity.notAfter - Date.now()) / day)).toBe(10);
	});

	test("is not searched again while it is valid; its own name and dates are checked each time", async () => {
		const { issuer, leaf } = await make();
		const shown = certificatesOf(toPem(leaf) + toPem(issuer));
		const now = Date.now();
		const known = { notBefore: now - day, notAfter: now + day };
		expect(verify(shown, { known })).toMatchObject({ checks: 0, result: { validity: known } });
		expect(verify(shown, { known, host: "other.test" }).result).toMatchObject({ fault: "wrong name" });
		const forever = { notBefore: 0, notAfter: Number.MAX_SAFE_INTEGER };
		const [late, early] = [now + 21 * day, now - 3 * day];
		expect(verify(shown, { known: forever, now: late }).result).toMatchObject({ fault: "expired" });
		expect(verify(shown, { known: forever, now: early }).result).toMatchObject({ fault: "not yet valid" });
	});

	test("is searched again once its dates have ended, or have not begun", async () => {
		const { root, issuer, leaf } = await make();
		const shown = certificatesOf(toPem(leaf) + toPem(issuer));
		const now = Date.now();
		const trusted = certificatesOf(toPem(root));
		for (const known of [
			{ notBefore: now - day, notAfter: now - 1 },
			{ notBefore: now + 1000, notAfter: now + day },
		]) {
			expect(verify(shown, { known, now, trusted }).checks).toBe(2);
			expect(verify(shown, { known, now }).result).toMatchObject({ fault: "untrusted" });
		}
	});
});

test("a chain with a changed byte or a missing end is refused, and nothing is thrown", () => {
	const good = chains.find(({ name }) => name === "RSA authorities, a leaf on P-256");
	if (good === undefined) throw new Error("the chain is not in the table");
	const [leaf = new Uint8Array(), issuer = new Uint8Array()] = certificatesOf(good.presented);
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

	test.each(["", "\x2a\x86", "\x80\x01", "\x2a\x80\x01"])("the identifier %j is none", (bytes) => {
		expect(() => checkIdentifier(elements(Tag.objectIdentifier, bytes))).toThrow("an object identifier");
	});
});

function hasName({ host, presented }: ChainCase, subject: "default" | "never" = "never"): boolean {
	// The first of them.
	const leaf = new X509Certificate(presented);
	return (isIP(host) === 0 ? leaf.checkHost(host, { subject }) : leaf.checkIP(host)) !== undefined;
}

/** Over a connection, as OpenSSL's command does: with TLS 1.2, and no weaker keys than it has by default. */
async function isAcceptedByOpenSsl(chain: ChainCase): Promise<boolean> {
	let server: Server;
	try {
		server = createServer({ key: chain.key, cert: chain.presented, ciphers: "DEFAULT:@SECLEVEL=0" });
	} catch {
		// A certificate that cannot be read.
		return false;
	}
	server.on("tlsClientError", () => {});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const socket = connect({
		port: (server.address() as AddressInfo).port,
		host: "127.0.0.1",
		...(isIP(chain.host) === 0 ? { servername: chain.host } : {}),
		ca: chain.root,
		ciphers: "DEFAULT:@SECLEVEL=2",
		maxVersion: "TLSv1.2",
		checkServerIdentity: () => (hasName(chain, "default") ? undefined : new Error("another name")),
	});
	const isAccepted = await new Promise<boolean>((resolve) => {
		socket.once("secureConnect", () => resolve(true));
		socket.once("error", () => resolve(false));
		socket.once("close", () => resolve(false));
	});
	socket.destroy();
	server.close();
	return isAccepted;
}

interface Judged {
	readonly verdict: string;
	readonly checks: number;
}

function judge(chain: ChainCase): Judged {
	return decide(certificatesOf(chain.presented), chain);
}

function decide(given: readonly Uint8Array[], { root, host }: Pick<ChainCase, "root" | "host">): Judged {
	let checks = 0;
	const verdict = verifyCertificatePath({
		certificates: given,
		trusted: certificatesOf(root),
		findRoots: () => [],
		host,
		now: Date.now(),
		verifySignature: (check) => {
			checks++;
			return verifySignature(check);
		},
	});
	return {
		verdict: "fault" in verdict ? `refused, ${verdict.fault}, ${verdict.reason}` : "accepted",
		checks,
	};
}

function escaped(literal: string): string {
	return literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
