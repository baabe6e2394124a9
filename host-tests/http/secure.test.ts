import type { Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import {
	type CertificateFault,
	DevelopmentCertificates,
	type ServerIdentity,
} from "../../simulator/dakkio/certificates";
import {
	certificateToPem,
	type IssuedCertificate,
	issueCertificate,
	type Purpose,
	privateKeyToPem,
} from "../../simulator/dakkio/issue-certificate";
import { startTcpProxy } from "../../simulator/tcp-proxy";
import { HttpTestClient, postRequest } from "./http-test-client";
import { type ConnectionScript, RawServer } from "./raw-server";

const open: { close(): void | Promise<void> }[] = [];
let certificates: DevelopmentCertificates;

beforeAll(async () => {
	certificates = await DevelopmentCertificates.open();
});

afterEach(async () => {
	for (const each of open.splice(0)) await each.close();
});

const created: ConnectionScript = async (peer) => {
	for (;;) {
		await peer.request();
		peer.send("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
	}
};

async function serve({ key, chain }: ServerIdentity): Promise<RawServer> {
	const server = await RawServer.startTLS({ key, cert: chain }, created);
	open.push({ close: () => server.stop() });
	return server;
}

function connect(port: number, root = certificates.root.der): HttpTestClient {
	const client = new HttpTestClient({ port, secure: true, roots: [root] });
	open.unshift(client);
	return client;
}

describe("a server whose certificate is good", () => {
	test("gets a thousand requests over one handshake", async () => {
		const server = await serve(certificates.server);
		const client = connect(server.port);
		for (let i = 0; i < 1000; i++)
			expect(await client.exchange(postRequest())).toMatchObject({ status: 201 });
		expect(client.connection.connectionCount).toBe(1);
	});

	test("is trusted through a root of the user's own", async () => {
		const server = await serve(certificates.server);
		const client = new HttpTestClient({ port: server.port, secure: true, ca: [certificates.root.der] });
		open.unshift(client);
		expect(await client.exchange(postRequest())).toMatchObject({ status: 201 });
	});

	test("is not trusted if its root is unknown", async () => {
		const server = await serve(certificates.server);
		const client = new HttpTestClient({ port: server.port, secure: true });
		open.unshift(client);
		expect(await client.exchange(postRequest())).toMatchObject({ kind: "failure", trustFault: "untrusted" });
	});
});

describe("a server whose certificate is not good gets nothing of the request", () => {
	const faults: readonly (readonly [CertificateFault, string, RegExp])[] = [
		["expired", "expired", /^certificate of localhost: expired$/],
		["not yet valid", "not yet valid", /^certificate of localhost: not yet valid$/],
		["wrong name", "wrong name", /^certificate of localhost: wrong name$/],
		["unknown root", "untrusted", /^certificate of localhost: untrusted$/],
		["self-signed", "untrusted", /^certificate of localhost: untrusted$/],
	];
	test.each(faults)("%s", async (fault, trust, message) => {
		await refuses(await certificates.faulty(fault), trust, message);
	});

	test("a signature that does not hold", async () => {
		const { key, chain } = certificates.server;
		await refuses({ key, chain: damageSignature(chain) }, "forged", /: forged$/);
	});

	test("a leaf that acts as an authority", async () => {
		const root = await make({ kind: "authority", pathLength: 1 }, "root");
		const leaf = await make({ kind: "server", names: ["localhost"] }, "leaf", root);
		const forged = await make({ kind: "server", names: ["localhost"] }, "forged", leaf);
		const chain = [forged, leaf].map(({ certificate }) => certificateToPem(certificate)).join("");
		const trusted = new Uint8Array(root.certificate.rawData);
		await refuses({ key: await privateKeyToPem(forged), chain }, "forged", /: forged$/, trusted);
	});

	test("one of its own making, in front of a genuine intermediate", async () => {
		const { key, chain } = await certificates.faulty("self-signed");
		const [, intermediate = ""] = certificates.server.chain.split(/(?<=-----END CERTIFICATE-----\n)/);
		await refuses({ key, chain: chain + intermediate }, "untrusted", /: untrusted$/);
	});

	async function refuses(
		identity: ServerIdentity,
		trust: string,
		message: RegExp,
		root?: Uint8Array,
	): Promise<void> {
		const server = await serve(identity);
		const outcome = await connect(server.port, root).exchange(postRequest());
		expect(outcome).toEqual({
			kind: "failure",
			phase: "secure",
			message: expect.stringMatching(message),
			trustFault: trust,
			fullySent: false,
		});
		expect(outcome).toHaveProperty("message", expect.stringContaining("localhost"));
	}
});

describe("a server that does not get as far as a certificate", () => {
	test("is silent after it accepted: the handshake has its own deadline", async () => {
		const server = await RawServer.start(() => {});
		open.push({ close: () => server.stop() });
		const client = connect(server.port);
		const exchange = client.start(postRequest());
		const peer = await server.peer(0);
		let hello = false;
		peer.take(1).then(() => {
			hello = true;
		});
		while (!hello) await client.time.advance(0);
		await client.time.advance(19_999);
		expect(exchange.done).toBe(false);
		await client.time.advance(1);
		expect(await exchange.outcome).toEqual({
			kind: "failure",
			phase: "secure",
			message: `localhost:${server.port}: TLS handshake timed out after 20 s`,
			fullySent: false,
		});
		await peer.closed();
	});

	test("stops half way through the handshake", async () => {
		const server = await serve(certificates.server);
		const relay = await truncating(server.port, 500, () => {});
		const client = connect(relay.port);
		const exchange = client.start(postRequest());
		let passed = false;
		relay.passed.then(() => {
			passed = true;
		});
		while (!passed) await client.time.advance(0);
		await client.time.advance(19_999);
		expect(exchange.done).toBe(false);
		await client.time.advance(1);
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "secure", fullySent: false });
	});

	test("closes half way through the handshake", async () => {
		const server = await serve(certificates.server);
		const relay = await truncating(server.port, 500, (client) => client.end());
		const outcome = await connect(relay.port).exchange(postRequest());
		expect(outcome).toMatchObject({ kind: "failure", phase: "secure", fullySent: false });
	});

	test("speaks no TLS", async () => {
		const server = await RawServer.start((peer) => peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
		open.push({ close: () => server.stop() });
		expect(await connect(server.port).exchange(postRequest())).toEqual({
			kind: "failure",
			phase: "secure",
			message: `localhost:${server.port}: TLS handshake failed: the server does not speak TLS`,
			fullySent: false,
		});
	});

	test("is not there", async () => {
		const server = await RawServer.start();
		const { port } = server;
		await server.stop();
		expect(await connect(port).exchange(postRequest())).toMatchObject({ kind: "failure", phase: "connect" });
	});
});

function make(purpose: Purpose, name: string, issuer?: IssuedCertificate): Promise<IssuedCertificate> {
	const now = Date.now();
	const validity = { from: now - 86_400_000, to: now + 86_400_000 };
	return issueCertificate({ name, purpose, validity, ...(issuer && { issuer }) });
}

/** Changes the last byte of the first certificate: the end of its signature. */
function damageSignature(chain: string): string {
	return chain.replace(/-----BEGIN CERTIFICATE-----([^-]*)/, (_, body: string) => {
		const der = Buffer.from(body, "base64");
		der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
		return `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n`;
	});
}

/** A relay that forwards only so many bytes of a server's response, and what it does then. */
async function truncating(port: number, bytes: number, then: (client: Socket) => void) {
	let left = bytes;
	let onPassed = () => {};
	const passed = new Promise<void>((resolve) => {
		onPassed = resolve;
	});
	const proxy = await startTcpProxy(port, {
		relayResponse: (server, client) =>
			server.on("data", (data) => {
				client.write(data.subarray(0, left));
				left = Math.max(0, left - data.length);
				if (left > 0) return;
				then(client);
				onPassed();
			}),
	});
	open.push(proxy);
	return { port: proxy.port, passed };
}
