import { execFile } from "node:child_process";
import { constants } from "node:crypto";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import {
	type AddressInfo,
	connect,
	createServer as createTcpServer,
	isIP,
	type Socket,
	type Server as TcpServer,
} from "node:net";
import { join } from "node:path";
import { createServer, type Server, type TlsOptions } from "node:tls";
import fc from "fast-check";
import type { TlsCase } from "../test-plan";
import { certify, KeyUsageFlags, keyToPem, toPem } from "./certificate";
import { makeChains } from "./certificate-chains";
import { anyChange, applyChanges } from "./flight-changes";
import { tamperFlight, tamperHandshake } from "./handshake-tampering";
import { handshakes, signParameters } from "./handshakes";
import { insertRecords } from "./record-insertion";
import { makeResumptions } from "./resumptions";
import { tlsRecord } from "./tls-record";

const host = "api.dakkio.test";
const alert = 21;
const recordSize = fc.integer({ min: 20, max: 16_384 });
/** Time limit of OpenSSL, milliseconds: it would wait for a silent server indefinitely. */
const openSslTimeoutMs = 5_000;

/** A case with its server, and the expected outcome. */
export interface ServedCase extends TlsCase {
	readonly expected: string;
	/** Whether the end does not concern OpenSSL's client. */
	readonly isLate?: boolean;
	/** Of each step. */
	readonly expectedSteps?: readonly string[];
	/** Begins the connections of the steps anew. */
	reset?(): void;
	readonly stricter?: string;
	/** Why the board accepts what OpenSSL refuses. */
	readonly wider?: string;
}

/** The servers of all cases; `close` stops them. */
export class TlsTable {
	readonly cases: ServedCase[] = [];
	private readonly open: { close(): void }[] = [];

	/** `flights`: how many changed flights of a server, by `seed`. */
	static async start(flights: number, seed: number): Promise<TlsTable> {
		const table = new TlsTable();
		for (const { presented, key, ...rest } of await makeChains())
			table.cases.push({ ...rest, port: await table.serve({ key, cert: presented }) });
		await table.startHandshakes();
		await table.startFlights(flights, seed);
		await table.startSilence();
		await table.startResumptions();
		return table;
	}

	close(): void {
		for (const each of this.open) each.close();
	}

	private async startHandshakes(): Promise<void> {
		const root = await certify({ name: "Root", authority: true });
		const leaves = {
			EC: await certify({ name: "Server", issuer: root, names: [host] }),
			"P-384": await certify({ name: "Server", issuer: root, names: [host], key: "P-384" }),
			RSA: await certify({
				name: "Server",
				issuer: root,
				names: [host],
				key: "RSA 2048",
				usage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment,
			}),
		};
		for (const { name, key, options, recordBytes, insertion, parameters, ...rest } of handshakes) {
			const leaf = leaves[key];
			const leafKey = await keyToPem(leaf);
			let port = await this.serve({ key: leafKey, cert: toPem(leaf), ...options });
			const { tampering = parameters && signParameters(parameters, leafKey), ...expectation } = rest;
			if (tampering !== undefined) {
				const between = await tamperHandshake(port, tampering, recordBytes);
				this.open.push(between);
				port = between.port;
			}
			if (insertion !== undefined) {
				const between = await insertRecords(port, insertion);
				this.open.push(between);
				port = between.port;
			}
			this.cases.push({ name: `handshake: ${name}`, host, root: toPem(root), port, ...expectation });
		}
	}

	/**
	 * A server whose first flight is changed at random, each time in another way, and ends with an alert and the end of
	 * the connection, so that the board does not wait for more.
	 */
	private async startFlights(count: number, seed: number): Promise<void> {
		const root = await certify({ name: "Root", authority: true });
		const intermediate = await certify({ name: "Intermediate", issuer: root, authority: 0 });
		const leaf = await certify({ name: "Server", issuer: intermediate, names: [host] });
		const cert = toPem(leaf) + toPem(intermediate);
		const server = await this.serve({ key: await keyToPem(leaf), cert, maxVersion: "TLSv1.2" });
		const changes = fc.sample(fc.tuple(fc.array(anyChange, { minLength: 1, maxLength: 3 }), recordSize), {
			seed,
			numRuns: count,
		});
		let next = 0;
		const change = (messages: Buffer[]) => {
			const [applied, recordBytes] = changes[next++ % count] ?? [[], 1];
			const bytes = applyChanges(messages, applied, recordBytes, messages.toReversed());
			return Buffer.concat([bytes, tlsRecord(alert, Buffer.of(2, 40))]);
		};
		const proxy = await tamperFlight(server, change, true);
		this.open.push(proxy);
		this.cases.push({
			...{ name: `flight changed by seed ${seed}`, host, root: toPem(root), port: proxy.port },
			...{ expected: "refused", connections: count },
		});
	}

	/** A server that accepts the connection and sends nothing. */
	private async startSilence(): Promise<void> {
		const server = createTcpServer((socket) => socket.on("error", () => {}));
		const port = await this.listen(server);
		this.cases.push({
			name: "handshake: silence",
			host,
			port,
			root: toPem(await certify({ name: "Root", authority: true })),
			expected: `refused, ${host}:${port}: TLS handshake timed out after 20 s`,
		});
	}

	private async startResumptions(): Promise<void> {
		for (const { name, host, root, steps, expected, connections, ...rest } of await makeResumptions()) {
			const ports: number[] = [];
			for (const { options, tampering, insertion } of connections) {
				const port = await this.serve(options);
				if (insertion !== undefined) {
					const between = await insertRecords(port, insertion);
					this.open.push(between);
					ports.push(between.port);
					continue;
				}
				if (tampering === undefined || tampering === "close") {
					ports.push(tampering === undefined ? port : 0);
					continue;
				}
				const between = await tamperHandshake(port, tampering);
				this.open.push(between);
				ports.push(between.port);
			}
			let next = 0;
			const port = await this.listen(
				createTcpServer((client) => relay(client, ports[Math.min(next++, ports.length - 1)] ?? 0)),
			);
			const reset = () => {
				next = 0;
			};
			this.cases.push({
				...{ name: `session: ${name}`, host, port, root, steps, reset, ...rest },
				...{ expected: expected.join("; "), expectedSteps: expected },
			});
		}
	}

	private async serve(options: TlsOptions): Promise<number> {
		const server = createServer(
			// Allows insecure options, which clients must refuse.
			{ ciphers: "DEFAULT:@SECLEVEL=0", ...options },
			(socket) => {
				socket.on("error", () => {});
				const status = socket.isSessionReused() ? "201 Created\r\nContent-Length: 0" : "204 No Content";
				socket.once("data", () => socket.end(`HTTP/1.1 ${status}\r\n\r\n`));
			},
		);
		server.on("tlsClientError", () => {});
		if (options.secureOptions === constants.SSL_OP_NO_TICKET) keepSessions(server);
		return this.listen(server);
	}

	private async listen(server: TcpServer): Promise<number> {
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		this.open.push(server);
		return (server.address() as AddressInfo).port;
	}
}

/** Resumes by session id, as long as the server runs. */
function keepSessions(server: Server): void {
	const sessions = new Map<string, Buffer>();
	server.on("newSession", (id: Buffer, data: Buffer, done: () => void) => {
		sessions.set(id.toString("hex"), data);
		done();
	});
	server.on("resumeSession", (id: Buffer, done: (error: Error | null, data: Buffer | null) => void) =>
		done(null, sessions.get(id.toString("hex")) ?? null),
	);
}

/** Forwards everything; port 0 breaks off after the first bytes. */
function relay(client: Socket, port: number): void {
	client.on("error", () => {});
	if (port === 0) {
		client.once("data", () => client.destroy());
		return;
	}
	const server = connect(port, "127.0.0.1");
	server.on("error", () => client.destroy());
	client.on("close", () => server.destroy());
	server.on("close", () => client.end());
	client.pipe(server);
	server.pipe(client);
}

/** The outcomes of OpenSSL's client, which resumes the session of the step before. */
export async function verifyStepsWithOpenSsl(
	each: ServedCase,
	directory: string,
): Promise<readonly string[]> {
	const file = join(directory, "session.pem");
	rmSync(file, { force: true });
	each.reset?.();
	const outcomes: string[] = [];
	for (const step of each.steps ?? []) {
		const session = [...(existsSync(file) ? ["-sess_in", file] : []), "-sess_out", file];
		outcomes.push(await verifyWithOpenSsl({ ...each, ...step }, directory, session));
	}
	return outcomes;
}

/** The outcome of OpenSSL's client: `accepted`, `accepted, resumed`, or its reason. */
export function verifyWithOpenSsl(
	{ port, host, root, name }: TlsCase,
	directory: string,
	session: readonly string[] = [],
): Promise<string> {
	const file = join(directory, "root.pem");
	writeFileSync(file, root);
	const called = isIP(host) === 0 ? ["-servername", host, "-verify_hostname", host] : ["-verify_ip", host];
	const args = ["s_client", "-connect", `127.0.0.1:${port}`, ...called];
	const trust = ["-CAfile", file, "-no-CApath", "-no-CAstore", "-verify_return_error"];
	// Only TLS 1.2 has handshake messages in the clear, which can be changed.
	const version = name === "handshake: only TLS 1.3" ? [] : ["-tls1_2"];
	return new Promise((resolve) => {
		const all = [...args, ...trust, ...version, ...session];
		const child = execFile("openssl", all, { timeout: openSslTimeoutMs }, (error, output, complaint) => {
			if (error === null) {
				resolve(/^Reused, /m.test(output) ? "accepted, resumed" : "accepted");
				return;
			}
			const [, verify] = /verify error:num=\d+:(.*)/.exec(complaint) ?? [];
			const [, other] = /:error:[^:]*:[^:]*:[^:]*:([^:]*):/.exec(`:${complaint}${output}`) ?? [];
			resolve(`refused: ${verify ?? other ?? "the handshake failed"}`);
		});
		child.stdin?.end();
	});
}
