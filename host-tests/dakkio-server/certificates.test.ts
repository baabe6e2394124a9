import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect, createServer, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
	type CertificateFault,
	DevelopmentCertificates,
	type ServerIdentity,
} from "../../simulator/dakkio/certificates";

const day = 86_400_000;
let directory: string;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "dakkio-certificates-"));
});

afterEach(() => {
	rmSync(directory, { recursive: true });
});

/** What a client says of a server with this identity: `undefined`, or the code of its refusal. */
async function verdict(identity: ServerIdentity, options: ConnectionOptions): Promise<string | undefined> {
	const server = createServer({ key: identity.key, cert: identity.chain }, (socket) => {
		socket.on("error", () => {});
		socket.end();
	});
	server.on("tlsClientError", () => {});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	const port = typeof address === "object" ? (address?.port ?? 0) : 0;
	const refusal = await new Promise<string | undefined>((resolve) => {
		const socket: TLSSocket = connect({ host: "127.0.0.1", port, ...options }, () => {
			resolve(undefined);
			socket.destroy();
		});
		socket.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
	});
	await new Promise((resolve) => server.close(resolve));
	return refusal;
}

function chainOf({ chain }: ServerIdentity): X509Certificate[] {
	return (chain.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? []).map(
		(pem) => new X509Certificate(pem),
	);
}

describe("a client that trusts the root alone", () => {
	test.each(["TLSv1.2", "TLSv1.3"] as const)(
		"accepts the server by name and by address (%s)",
		async (version) => {
			const { root, server } = await DevelopmentCertificates.open({ directory });
			const options = { ca: root.pem, minVersion: version, maxVersion: version };
			expect(await verdict(server, { ...options, servername: "localhost" })).toBeUndefined();
			expect(await verdict(server, options)).toBeUndefined();
		},
	);

	test("accepts further names that were asked for, and no others", async () => {
		const { root, server } = await DevelopmentCertificates.open({
			directory,
			names: ["dakkio.test", "10.0.0.7"],
		});
		expect(await verdict(server, { ca: root.pem, servername: "dakkio.test" })).toBeUndefined();
		expect(await verdict(server, { ca: root.pem, servername: "other.test" })).toBe(
			"ERR_TLS_CERT_ALTNAME_INVALID",
		);
		expect(chainOf(server)[0]?.checkIP("10.0.0.7")).toBe("10.0.0.7");
	});

	const faults: readonly (readonly [CertificateFault, string])[] = [
		["expired", "CERT_HAS_EXPIRED"],
		["not yet valid", "CERT_NOT_YET_VALID"],
		["wrong name", "ERR_TLS_CERT_ALTNAME_INVALID"],
		["unknown root", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
		["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
	];
	test.each(faults)("refuses a server whose certificate is bad: %s (%s)", async (fault, code) => {
		const certificates = await DevelopmentCertificates.open({ directory });
		const options = { ca: certificates.root.pem, servername: "localhost" };
		expect(await verdict(await certificates.faulty(fault), options)).toBe(code);
	});
});

const openssl = spawnSync("openssl", ["version"]).status === 0;

test.skipIf(!openssl)("openssl finds the chain good, by its strictest rules", async () => {
	const { server } = await DevelopmentCertificates.open({ directory });
	const [leaf, intermediate] = chainOf(server);
	const file = (name: string, text = "") => {
		writeFileSync(join(directory, name), text);
		return join(directory, name);
	};
	const verify = (...args: string[]) =>
		execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", join(directory, "root.pem"), ...args], {
			encoding: "utf8",
		});
	const untrusted = file("intermediate", intermediate?.toString());
	const purpose = ["-purpose", "sslserver", "-verify_hostname", "localhost", "-untrusted", untrusted];
	expect(verify(...purpose, file("leaf", leaf?.toString()))).toContain("OK");
	expect(verify(untrusted)).toContain("OK");
});

describe("the certificates", () => {
	test("say what they are for", async () => {
		const { root, server } = await DevelopmentCertificates.open({ directory });
		const [leaf, intermediate] = chainOf(server);
		expect([new X509Certificate(root.der).ca, intermediate?.ca, leaf?.ca]).toEqual([true, true, false]);
		expect(leaf?.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
		expect(leaf?.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
		expect(leaf?.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
	});

	test("are the same at the next start", async () => {
		const first = await DevelopmentCertificates.open({ directory });
		const second = await DevelopmentCertificates.open({ directory });
		expect([second.root, second.server]).toEqual([first.root, first.server]);
	});

	test("have keys that only their owner can read", async () => {
		await DevelopmentCertificates.open({ directory });
		const modes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);
		expect(modes).toEqual([
			["root-key.pem", 0o600],
			["root.pem", 0o644],
			["server-key.pem", 0o600],
		]);
		expect(readFileSync(join(directory, "root.pem"), "utf8")).not.toContain("PRIVATE");
	});

	test("of the server are renewed before they expire; the root stays", async () => {
		let now = Date.now();
		const open = () => DevelopmentCertificates.open({ directory, now: () => now });
		const first = await open();
		now += 300 * day;
		expect((await open()).server).toEqual(first.server);
		now += 10 * day;
		const renewed = await open();
		expect(renewed.root).toEqual(first.root);
		expect(renewed.server).not.toEqual(first.server);
		expect(Date.parse(chainOf(renewed.server)[0]?.validTo ?? "")).toBeGreaterThan(now + 364 * day);
	});

	test("of the server are renewed when a name is added", async () => {
		await DevelopmentCertificates.open({ directory });
		const { root, server } = await DevelopmentCertificates.open({ directory, names: ["dakkio.test"] });
		expect(await verdict(server, { ca: root.pem, servername: "dakkio.test" })).toBeUndefined();
	});

	test("are all renewed before the root expires", async () => {
		let now = Date.now();
		const open = () => DevelopmentCertificates.open({ directory, now: () => now });
		const first = await open();
		now += 19.5 * 365 * day;
		expect((await open()).root).not.toEqual(first.root);
	});

	test("are one set, however many starts come at once", async () => {
		const all = await Promise.all(
			Array.from({ length: 8 }, () => DevelopmentCertificates.open({ directory })),
		);
		expect(new Set(all.map(({ root }) => root.pem)).size).toBe(1);
		for (const { root, server } of all)
			expect(await verdict(server, { ca: root.pem, servername: "localhost" })).toBeUndefined();
		expect(readdirSync(directory)).toHaveLength(3);
	});

	test.each(["root-key.pem", "server-key.pem", "root.pem"])(
		"work again after %s was cut short",
		async (name) => {
			await DevelopmentCertificates.open({ directory });
			const whole = readFileSync(join(directory, name), "utf8");
			for (const length of [0, 10, 300, whole.length - 40]) {
				writeFileSync(join(directory, name), whole.slice(0, length));
				const { root, server } = await DevelopmentCertificates.open({ directory });
				expect(await verdict(server, { ca: root.pem, servername: "localhost" })).toBeUndefined();
				expect(readFileSync(join(directory, "root.pem"), "utf8")).toBe(root.pem);
				expect((await DevelopmentCertificates.open({ directory })).root).toEqual(root);
			}
		},
	);

	test("work again after the server's was put under another intermediate", async () => {
		const file = join(directory, "server-key.pem");
		const [leaf] = chainOf((await DevelopmentCertificates.open({ directory })).server);
		const key = /[\s\S]*?(?=-----BEGIN CERTIFICATE)/.exec(readFileSync(file, "utf8"))?.[0];
		const other = await DevelopmentCertificates.open({ directory, names: ["dakkio.test"] });
		writeFileSync(file, `${key}${leaf}${chainOf(other.server)[1]}`);
		const { root, server } = await DevelopmentCertificates.open({ directory });
		expect(await verdict(server, { ca: root.pem, servername: "localhost" })).toBeUndefined();
	});
});
