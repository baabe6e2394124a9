import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import {
	createServer as createHttpServer,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from "node:http";
import { createServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { errorMessage } from "../../src/common/error-message";
import { type Account, type Credentials, findCredentials, makeId } from "./account";
import { type ApiRequest, type ApiResponse, type DataPoint, handleApiRequest } from "./api";
import { DevelopmentCertificates, type ServerIdentity } from "./certificates";
import { type ExchangeHead, type Misbehaviours, readBody, sendResponse } from "./exchange";
import { PointStore } from "./point-store";
import { quotaStatus, usageAt } from "./quota";
import { statusPageHeaders, statusPageHtml } from "./status-page";

export interface DakkioServerOptions {
	/** For points, account, and certificates (in `certificates`); omitted: nothing is saved. */
	readonly directory?: string;
	/** Default: 0, any free port. */
	readonly port?: number;
	readonly host?: string;
	/** DNS names and addresses in the certificate besides `localhost` and `127.0.0.1`. */
	readonly names?: readonly string[];
	/** Port of the status page over HTTP; omitted: only on the HTTPS port. */
	readonly pagePort?: number;
	/** The service's time, milliseconds of Unix time. */
	readonly now?: () => number;
	/** Replaces the saved account. */
	readonly account?: Account;
	/** Calls per month; default: the Free plan's (API, "Rate limits"). */
	readonly plan?: number;
	/** Maximum request body in bytes; default: 1 MiB. */
	readonly bodyLimit?: number;
	/** How long an idle connection stays open, milliseconds; default: 60 s. */
	readonly keepAlive?: number;
}

/** A request of the API and its outcome. */
export interface ExchangeRecord extends ExchangeHead {
	readonly status: number;
	/** Number of points stored. */
	readonly points: number;
}

interface Events {
	/** Points were stored; the response has not been sent yet. */
	points: [points: readonly DataPoint[]];
	/** A request was handled. */
	exchange: [record: ExchangeRecord];
}

/** Limit of the status page. */
const maxShownPoints = 50;

/** A Dakkio service for development and tests: the API over TLS, and a status page. */
export class DakkioServer extends EventEmitter<Events> {
	/** Faults, for tests. */
	readonly misbehaviours: Misbehaviours = {};
	readonly certificates: DevelopmentCertificates;
	readonly host: string;
	/** TCP connections accepted. */
	connections = 0;
	/** Successful TLS handshakes. */
	handshakes = 0;
	/** Requests received. */
	requests = 0;
	private readonly store: PointStore;
	private readonly plan: number;
	private readonly bodyLimit: number;
	private readonly now: () => number;
	private readonly https: HttpsServer;
	private readonly page: Server | undefined;
	private readonly sockets = new Set<Socket>();
	private closed: Promise<unknown> | undefined;

	private constructor(options: DakkioServerOptions, certificates: DevelopmentCertificates) {
		super();
		const { directory, account, now = Date.now, plan = 10_000, bodyLimit = 1_048_576 } = options;
		this.certificates = certificates;
		this.host = options.host ?? "127.0.0.1";
		this.plan = plan;
		this.bodyLimit = bodyLimit;
		this.now = now;
		this.store = new PointStore({
			now: now(),
			...(directory === undefined ? {} : { directory }),
			...(account === undefined ? {} : { account }),
		});
		this.https = createServer(
			{
				...secureContext(certificates.server),
				minVersion: "TLSv1.2",
				keepAliveTimeout: options.keepAlive ?? 60_000,
			},
			(request, response) => {
				if (request.method === "GET" && request.url === "/") this.sendPage(response);
				else void this.handle(request, response);
			},
		);
		this.https.on("secureConnection", () => this.handshakes++);
		this.guardConnections();
		this.page =
			options.pagePort === undefined
				? undefined
				: createHttpServer((request, response) => this.servePage(request, response));
	}

	/** Rejects if a port is in use. */
	static async start(options: DakkioServerOptions = {}): Promise<DakkioServer> {
		const { directory, names = [] } = options;
		const certificates = await DevelopmentCertificates.open({
			names,
			...(directory === undefined ? {} : { directory: join(directory, "certificates") }),
		});
		const server = new DakkioServer(options, certificates);
		try {
			await listen(server.https, options.port ?? 0, server.host);
			// Plain HTTP, so only for this computer.
			if (server.page !== undefined) await listen(server.page, options.pagePort ?? 0, "127.0.0.1");
		} catch (error) {
			await server.close();
			throw error;
		}
		return server;
	}

	get port(): number {
		return portOf(this.https) ?? 0;
	}

	/** Port of the status page over HTTP. */
	get pagePort(): number | undefined {
		return this.page && portOf(this.page);
	}

	/** The URL for a board's settings. */
	get url(): string {
		return `https://localhost:${this.port}`;
	}

	get account(): Account {
		return this.store.account;
	}

	/** The account's first write key, and the first data source in its bucket. */
	get credentials(): Credentials {
		const credentials = findCredentials(this.account);
		if (credentials === undefined)
			throw new Error("the account has no write key for a bucket with a data source");
		return credentials;
	}

	/** The stored points in order of arrival, including those of earlier runs; at most the latest 100,000. */
	points(): readonly DataPoint[] {
		return this.store.points;
	}

	/** Number of stored points. */
	get stored(): number {
		return this.store.stored;
	}

	/** Number of points stored more than once. */
	get duplicates(): number {
		return this.store.duplicates;
	}

	/** Resolves once `count` points are stored. */
	async waitForPoints(count: number): Promise<readonly DataPoint[]> {
		while (this.stored < count) await once(this, "points");
		return this.points();
	}

	/** Counts calls as if made by other devices of the organization. */
	consumeCalls(count: number): void {
		const usage = usageAt(this.store.usage, this.now());
		this.store.setUsage({ ...usage, calls: usage.calls + count });
	}

	/** Uses another certificate from the next connection on. */
	useIdentity(identity: ServerIdentity): void {
		this.https.setSecureContext(secureContext(identity));
	}

	/** Resumes no session that it has made so far, as after a restart. */
	forgetSessions(): void {
		this.https.setTicketKeys(randomBytes(48));
	}

	/** Resets all connections, as a restart of the service or a router does. */
	disconnect(): void {
		for (const socket of this.sockets) socket.resetAndDestroy();
	}

	/** Closes all connections and ports. May be called twice. */
	async close(): Promise<void> {
		this.closed ??= Promise.all([this.https, this.page].map((server) => server && stop(server)));
		for (const socket of this.sockets) socket.destroy();
		await this.closed;
	}

	/** Applies {@link Misbehaviours.connection} before the server's own listeners. */
	private guardConnections(): void {
		const listeners = this.https.listeners("connection");
		this.https.removeAllListeners("connection");
		this.https.on("connection", (socket: Socket) => {
			this.connections++;
			this.sockets.add(socket);
			socket.on("close", () => this.sockets.delete(socket));
			// A broken connection is the client's concern.
			socket.on("error", () => {});
			const accept = () => {
				for (const listener of listeners) listener.call(this.https, socket);
			};
			const { connection } = this.misbehaviours;
			if (connection === undefined) accept();
			else connection(socket, accept);
		});
		this.https.on("tlsClientError", () => {});
	}

	private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const head = { method: request.method ?? "", path: request.url ?? "", index: this.requests++ };
		const process = (body?: Uint8Array) => this.process(request, head, body);
		const send = (given: ApiResponse) => sendResponse(response, given, this.now());
		try {
			const misbehaviour = this.misbehaviours.exchange?.(head);
			if (misbehaviour === undefined) send(await process());
			else {
				const { socket } = request;
				const reset = () => this.reset(socket.remotePort);
				await misbehaviour({ ...head, process, send, reset, request, response, socket });
			}
		} catch (error) {
			// The connection broke, or storing failed (for example because the disk is full).
			if (response.headersSent) request.socket.destroy();
			else send(failure(error));
		}
	}

	/** Resets the TCP connection below a TLS socket, which itself can only be closed regularly. */
	private reset(remotePort: number | undefined): void {
		for (const socket of this.sockets) {
			if (socket.remotePort === remotePort) socket.resetAndDestroy();
		}
	}

	private async process(
		request: IncomingMessage,
		head: ExchangeHead,
		read: Uint8Array | undefined,
	): Promise<ApiResponse> {
		const body = read ?? (await readBody(request, this.bodyLimit));
		const now = this.now();
		const outcome = handleApiRequest(apiRequest(request, head, body), {
			account: this.store.account,
			usage: this.store.usage,
			plan: this.plan,
			now,
			makeId: () => makeId(now),
		});
		this.store.apply(outcome);
		const { points } = outcome;
		this.emit("exchange", { ...head, status: outcome.response.status, points: points.length });
		if (points.length > 0) this.emit("points", points);
		return outcome.response;
	}

	/** The status page over HTTP. Checks the Host header against DNS rebinding. */
	private servePage(request: IncomingMessage, response: ServerResponse): void {
		const local = /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? "");
		if (!local) response.writeHead(403).end();
		else if (request.method !== "GET") response.writeHead(405, { Allow: "GET" }).end();
		else if (request.url !== "/") response.writeHead(404).end();
		else this.sendPage(response);
	}

	private sendPage(response: ServerResponse): void {
		const { account, usage, stored, points, duplicates } = this.store;
		const now = this.now();
		const html = statusPageHtml({
			organization: account.organization,
			stored,
			duplicates,
			allowance: quotaStatus(usageAt(usage, now), this.plan, now),
			latest: points.slice(-maxShownPoints),
		});
		response.writeHead(200, { ...statusPageHeaders, "Content-Length": Buffer.byteLength(html) }).end(html);
	}
}

function secureContext({ key, chain }: ServerIdentity) {
	return { key, cert: chain };
}

function failure(error: unknown): ApiResponse {
	const message = errorMessage(error);
	return { status: 500, headers: {}, body: { error: "Internal Server Error", message } };
}

function apiRequest(request: IncomingMessage, head: ExchangeHead, body: Uint8Array | undefined): ApiRequest {
	const key = request.headers["x-api-key"];
	return {
		method: head.method,
		path: head.path,
		key: typeof key === "string" ? key : undefined,
		contentType: request.headers["content-type"],
		body,
	};
}

async function listen(server: Server | HttpsServer, port: number, host: string): Promise<void> {
	server.listen(port, host);
	await once(server, "listening");
}

function portOf(server: Server | HttpsServer): number | undefined {
	const address: AddressInfo | string | null = server.address();
	return typeof address === "object" ? address?.port : undefined;
}

function stop(server: Server | HttpsServer): Promise<void> {
	return new Promise((resolve) => {
		server.close(() => resolve());
		server.closeAllConnections();
	});
}
