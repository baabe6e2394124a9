import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { bundledRoots } from "../../src/boards/esp32/tls/bundled-roots";
import { makeTrustAnchor } from "../../src/boards/esp32/tls/certificate-path";

/** What a hosted service's certificate leads to today. */
const named = [
	"ISRG Root X1",
	"ISRG Root X2",
	"GTS Root R1",
	"GTS Root R2",
	"GTS Root R3",
	"GTS Root R4",
	"Amazon Root CA 1",
	"Amazon Root CA 2",
	"Amazon Root CA 3",
	"Amazon Root CA 4",
	"DigiCert Global Root G2",
	"USERTrust RSA Certification Authority",
	"USERTrust ECC Certification Authority",
	"Sectigo Public Server Authentication Root R46",
	"Sectigo Public Server Authentication Root E46",
];

const known = rootCertificates.map((pem) => new X509Certificate(pem));

test("the board trusts these authorities and no others, each by the certificate that Mozilla lists", () => {
	const expected = named.map((name) => {
		const certificate = known.find(({ subject }) => subject.split("\n").includes(`CN=${name}`));
		return certificate === undefined ? name : makeTrustAnchor(new Uint8Array(certificate.raw));
	});
	expect(bundledRoots).toEqual(expected);
});

test("none of them runs out in the next five years", () => {
	const inFiveYears = Date.now() + 5 * 365 * 86_400_000;
	expect(bundledRoots.filter(({ notAfter }) => notAfter < inFiveYears)).toEqual([]);
});
