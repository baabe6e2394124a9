import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import {
	fingerprint,
	readRootSource,
	rootsModule,
	selectRoots,
	trustedRoots,
} from "../../scripts/root-store";
import { bundledRoots } from "../../src/boards/esp32/tls/bundled-roots";
import { parseCertificate } from "../../src/boards/esp32/tls/certificate";
import { findBundledRoots } from "../../src/boards/esp32/tls/trust-anchor";

const pem = readFileSync("scripts/root-certificates.pem", "utf8");
const roots = selectRoots(pem);
const parsed = roots.map((root) => parseCertificate(new Uint8Array(root.raw)));

test("the module is what the script makes of the stored certificates, and they are the listed ones", () => {
	const module = readFileSync("src/boards/esp32/tls/bundled-roots.ts", "utf8");
	const source = readRootSource(pem);
	expect(source.date).toMatch(/\d{4}$/);
	expect(module).toBe(rootsModule(roots, source));
	expect(roots.map(fingerprint)).toEqual(trustedRoots.map(([, wanted]) => wanted));
	expect(roots.map(({ subject }) => subject)).toEqual(
		trustedRoots.map(([name]) => expect.stringContaining(name.replace("GlobalSign Root CA - ", ""))),
	);
});

test("each root is found by its name, with its key and dates, and no other", () => {
	for (const root of parsed)
		expect([...findBundledRoots(root.subject)]).toEqual([
			expect.objectContaining({ subject: root.subject, key: root.key, notAfter: root.notAfter }),
		]);
	expect([...findBundledRoots(new Uint8Array(parsed[0]?.subject.length ?? 0))]).toEqual([]);
	expect([...findBundledRoots(new Uint8Array(0))]).toEqual([]);
});

test("each is, with the same key, among Node's copy of Mozilla's roots, if Node has one of this name", () => {
	const known = rootCertificates.map((text) => new X509Certificate(text));
	const differing = roots.filter((root) => {
		const same = known.filter(({ subject }) => subject === root.subject);
		return same.length > 0 && !same.some(({ publicKey }) => publicKey.equals(root.publicKey));
	});
	expect(differing.map(({ subject }) => subject)).toEqual([]);
});

test("none is left that ends within a year: run build:roots with a newer bundle", () => {
	const inAYear = Date.now() + 365 * 86_400_000;
	expect(parsed.filter(({ notAfter }) => notAfter < inAYear)).toEqual([]);
});

test("they take at most 9,500 bytes of flash", () => {
	expect(bundledRoots.length).toBeLessThanOrEqual(9_500);
});
