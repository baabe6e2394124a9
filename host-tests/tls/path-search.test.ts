import type { webcrypto } from "node:crypto";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import {
	type CertificateOptions,
	certify,
	nameConstraints,
	type TestCertificate,
} from "../../sdk-tests/host/certificate";
import { verifyCertificatePath } from "../../src/boards/esp32/tls/certificate-path";
import { verifySignature } from "./verify-signature";

/** The search for a path, on random authorities, beside one that tries everything. */

const long = process.env.MODE === "long";
const host = "api.dakkio.test";
const maxIntermediates = 4;
const maxSignatureChecks = 8;

/** A certificate: who it is for, and who signed it; names and keys by number. Name 0 and key 0 are the root's. */
interface Issued {
	readonly subject: number;
	readonly key: number;
	readonly issuer: number;
	readonly signer: number;
	readonly isCA: boolean;
	readonly pathLength: number | undefined;
	readonly isExpired: boolean;
	/** Permitted domain. */
	readonly domain: string | undefined;
	/** Without key identifiers. */
	readonly plain: boolean;
}

const name = fc.nat(2);
const key = fc.nat(2);
const mostly = (value: boolean) => fc.integer({ min: 0, max: 9 }).map((digit) => digit > 0 === value);
const issued: fc.Arbitrary<Issued> = fc.record({
	...{ subject: name, key, issuer: name, signer: key, isCA: mostly(true), isExpired: mostly(false) },
	pathLength: fc.constantFrom(undefined, undefined, undefined, 0, 1),
	domain: fc.constantFrom(undefined, undefined, undefined, "dakkio.test", "example.org"),
	plain: fc.boolean(),
});

let keys: readonly webcrypto.CryptoKeyPair[] = [];
/** Each name with each key, to sign with. */
const authorities = new Map<string, TestCertificate>();
let root: TestCertificate;
beforeAll(async () => {
	const pool = await Promise.all(
		[0, 1, 2, 3].map((each) => certify({ name: `Key ${each}`, authority: true })),
	);
	keys = pool.map((each) => each.keys);
	root = await certify({ name: "Name 0", authority: true, ...keyOption(0) });
	for (const issuer of [0, 1, 2])
		for (const signer of [0, 1, 2]) {
			const authority = await certify({ name: `Name ${issuer}`, authority: true, ...keyOption(signer) });
			authorities.set(`${issuer} ${signer}`, authority);
		}
});

function keyOption(index: number): Pick<CertificateOptions, "keys"> {
	const pair = keys[index];
	if (pair === undefined) throw new Error("no such key");
	return { keys: pair };
}

async function issue(options: Issued, more: Partial<CertificateOptions> = {}): Promise<Uint8Array> {
	const { subject, issuer, signer, isCA, pathLength, isExpired, domain, plain } = options;
	const authority = authorities.get(`${issuer} ${signer}`) ?? root;
	const { certificate } = await certify({
		...{ name: `Name ${subject}`, issuer: authority, plain, ...keyOption(options.key) },
		...(isCA ? { authority: pathLength ?? true } : {}),
		...(isExpired ? { fromDays: -60, toDays: -1 } : {}),
		...(domain === undefined ? {} : { extensions: [nameConstraints({ permitted: [domain] })] }),
		...more,
	});
	return new Uint8Array(certificate.rawData);
}

/** Whether any path of the certificates, the server's first, leads to the root (RFC 5280 section 6). */
function hasPath(path: readonly Issued[], others: readonly Issued[]): boolean {
	const last = path.at(-1);
	if (last === undefined) return false;
	if (last.issuer === 0 && last.signer === 0 && !(last.subject === 0 && last.key === 0) && areAllowed(path))
		return true;
	if (path.length > maxIntermediates) return false;
	return others.some((issuer) => {
		const isItself = issuer.subject === last.subject && issuer.key === last.key;
		const below = path.slice(1).filter((each) => each.subject !== each.issuer).length;
		return (
			issuer.subject === last.issuer &&
			issuer.key === last.signer &&
			!isItself &&
			issuer.isCA &&
			!issuer.isExpired &&
			below <= (issuer.pathLength ?? below) &&
			hasPath(
				[...path, issuer],
				others.filter((each) => each !== issuer),
			)
		);
	});
}

/** The server's name is below dakkio.test, and no authority has one. */
function areAllowed(path: readonly Issued[]): boolean {
	return path.slice(1).every(({ domain }) => domain !== "example.org");
}

test("a path is found if there is one, within the bounds, and no other", async () => {
	let found = 0;
	await fc.assert(
		fc.asyncProperty(name, key, fc.array(issued, { maxLength: 6 }), async (issuer, signer, others) => {
			// The server has a name and a key of its own.
			const leaf = { ...{ subject: 9, key: 3, issuer, signer, isCA: false, isExpired: false, plain: false } };
			const server = { ...leaf, pathLength: undefined, domain: undefined };
			const certificates = [
				await issue(server, { names: [host] }),
				...(await Promise.all(others.map((each) => issue(each)))),
			];
			let checks = 0;
			const result = verifyCertificatePath({
				...{ certificates, host, now: Date.now() },
				...{ trusted: [new Uint8Array(root.certificate.rawData)], findRoots: () => [] },
				verifySignature(check) {
					checks++;
					return verifySignature(check);
				},
			});
			const isAccepted = "key" in result;
			const expected = hasPath([server], others);
			if (isAccepted) found++;
			expect(checks).toBeLessThanOrEqual(maxSignatureChecks);
			if (checks < maxSignatureChecks) expect(isAccepted).toBe(expected);
			else if (isAccepted) expect(expected).toBe(true);
		}),
		{ numRuns: long ? 2000 : 100 },
	);
	expect(found).toBeGreaterThan(0);
});
