// @peculiar/x509 requires this polyfill to be imported first.
import "reflect-metadata";
import { Extension } from "@peculiar/x509";
import { expect, test } from "vitest";
import { type CertificateOptions, certify, nameConstraints } from "../../sdk-tests/host/certificate";
import { checkSettings } from "../../src/settings/settings";

const server = "https://api.dakkio.test:8443";
const byAddress = "https://10.1.2.3";

async function pemOf(options: Partial<CertificateOptions>): Promise<string> {
	return (await certify({ name: "Root", ...options })).certificate.toString("pem");
}

/** The problem with a root certificate. */
function problemWith(rootCertificate: string, service: string, now = Date.now()): string | undefined {
	const { problems } = checkSettings({ server: service, rootCertificate }, {}, now);
	expect(problems.map(({ key }) => key)).toEqual(problems.map(() => "rootCertificate"));
	return problems[0]?.problem;
}

const authority = (...extensions: Extension[]) => ({ authority: true, extensions }) as const;
const permitted = (...names: readonly (string | readonly number[])[]) =>
	authority(nameConstraints({ permitted: names }));
const malformed = (hex: string) => authority(new Extension("2.5.29.30", true, Buffer.from(hex, "hex")));
const tenNet = [10, 0, 0, 0, 255, 0, 0, 0];

test.each<[what: string, options: Partial<CertificateOptions>, service: string, problem: RegExp | undefined]>(
	[
		["an authority for all names", authority(), server, undefined],
		["one for the service's domain", permitted("example.com", "dakkio.test"), server, undefined],
		["one for another domain", permitted("example.com"), server, /^This is not for api\.dakkio\.test: enter/],
		["one not for this domain", authority(nameConstraints({ excluded: ["dakkio.test"] })), server, /not for/],
		["one for the service's network", permitted(tenNet), byAddress, undefined],
		["one for another network", permitted(tenNet), "https://192.168.1.2", /^This is not for 192\.168\.1\.2:/],
		["constraints that are no lists", malformed("3003020105"), server, /nameConstraints cannot be read/],
		["a subtree that is none", malformed("3005a003020105"), server, /nameConstraints cannot be read/],
		["an address without its mask", permitted([10, 0, 0, 0]), server, /nameConstraints cannot be read/],
		["the service's own certificate", { names: ["API.dakkio.test"] }, server, undefined],
		[
			"its own, which may sign, too",
			{ ...permitted("x.test"), names: ["api.dakkio.test"] },
			server,
			undefined,
		],
		["another server's own", { names: ["other.example"] }, server, /^This is not for api\.dakkio\.test:/],
	],
)("%s", async (_, options, service, problem) => {
	const text = problemWith(await pemOf(options), service);
	if (problem === undefined) expect(text).toBeUndefined();
	else expect(text).toMatch(problem);
});

test("one of several is enough", async () => {
	const [other, own] = await Promise.all([pemOf(permitted("example.com")), pemOf(authority())]);
	expect(problemWith(`${other}\n${own}`, server)).toBeUndefined();
	expect(problemWith(`${other}\n${other}`, server)).toMatch(/not for/);
});

test("one that is not valid yet is refused if the time is known, with a day for clocks that differ", async () => {
	const later = await pemOf({ ...authority(), fromDays: 3 });
	expect(problemWith(later, server)).toMatch(/it is not valid before 2\d{3}-\d\d-\d\d\.$/);
	expect(problemWith(later, server, 0)).toBeUndefined();
	expect(problemWith(later, server, Date.now() + 5 * 86_400_000)).toBeUndefined();
	expect(problemWith(await pemOf({ ...authority(), fromDays: 0.5 }), server)).toBeUndefined();
});
