import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTLSServer, type TlsOptions } from "node:tls";

/** What a test's server does with one connection. */
export type ConnectionScript = (peer: Peer) => Promise<void> | void;

/** The server's end of a connection, byte by byte. */
export class Peer {
	readonly socket: Socket;
	private received = Buffer.alloc(0);
	private ended = false;
	private changed: () => void = () => {};

	constructor(socket: Socket) {
		this.socket = socket;
		socket.on("data", (data) => {
			this.received = Buffer.concat([this.received, data]);
			this.changed();
		});
		socket.on("error", () => {});
		socket.on("close", () => {
			this.ended = true;
			this.changed();
		});
		socket.on("end", () => {
			this.ended = true;
			this.changed();
		});
	}

	send(text: string | Uint8Array): void {
		this.socket.write(text);
	}

	/** Everything up to and with `mark`, as Latin-1. */
	async until(mark: string): Promise<string> {
		for (;;) {
			const at = this.received.indexOf(mark, 0, "latin1");
			if (at >= 0) return this._take(at + mark.length);
			await this.change(`"${mark}"`);
		}
	}

	async take(length: number): Promise<string> {
		while (this.received.length < length) await this.change(`${length} bytes`);
		return this._take(length);
	}

	/** Resolves when `text` is in the unread bytes. */
	async seen(text: string): Promise<void> {
		while (!this.received.includes(text, 0, "latin1")) await this.change(`"${text}"`);
	}

	/** One request with its body. */
	async request(): Promise<{ head: string; body: string }> {
		const head = await this.until("\r\n\r\n");
		const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
		return { head, body: await this.take(length) };
	}

	/** Resolves when the client has closed. */
	async closed(): Promise<void> {
		while (!this.ended) await new Promise<void>((resolve) => (this.changed = resolve));
	}

	/** Resolves when everything sent is in the kernel's hands. */
	async flushed(): Promise<void> {
		if (this.socket.writableLength > 0) await once(this.socket, "drain");
	}

	close(): void {
		this.socket.end();
	}

	reset(): void {
		this.socket.resetAndDestroy();
	}

	private _take(length: number): string {
		const text = this.received.toString("latin1", 0, length);
		this.received = this.received.subarray(length);
		return text;
	}

	private async change(expected: string): Promise<void> {
		if (this.ended) throw new ClientClosed(`the client closed before ${expected} came`);
		await new Promise<void>((resolve) => (this.changed = resolve));
	}
}

/** The usual end of a script that waits for more. */
class ClientClosed extends Error {}

/** A server on loopback that runs one script per connection, in order; the last one serves all that follow. */
export class RawServer {
	private readonly server: Server;
	private readonly peers: Peer[] = [];
	private readonly failures: unknown[] = [];
	private connected: () => void = () => {};

	private constructor(
		server: Server,
		scripts: readonly ConnectionScript[],
		event: "connection" | "secureConnection",
	) {
		this.server = server;
		server.on(event, (socket: Socket) => {
			const peer = new Peer(socket);
			const script = scripts[Math.min(this.peers.length, scripts.length - 1)];
			this.peers.push(peer);
			this.connected();
			Promise.resolve(script?.(peer)).catch((error: unknown) => {
				if (!(error instanceof ClientClosed)) this.failures.push(error);
			});
		});
	}

	static async start(...scripts: readonly ConnectionScript[]): Promise<RawServer> {
		return RawServer.listen(new RawServer(createServer(), scripts, "connection"));
	}

	static async startTLS(options: TlsOptions, ...scripts: readonly ConnectionScript[]): Promise<RawServer> {
		const server = createTLSServer(options);
		server.on("tlsClientError", () => {});
		return RawServer.listen(new RawServer(server, scripts, "secureConnection"));
	}

	private static async listen(server: RawServer): Promise<RawServer> {
		server.server.listen(0, "127.0.0.1");
		await once(server.server, "listening");
		return server;
	}

	get port(): number {
		return (this.server.address() as AddressInfo).port;
	}

	/** Connections so far. */
	get connections(): number {
		return this.peers.length;
	}

	/** The n-th connection, awaited. */
	async peer(index: number): Promise<Peer> {
		for (;;) {
			const peer = this.peers[index];
			if (peer !== undefined) return peer;
			await new Promise<void>((resolve) => (this.connected = resolve));
		}
	}

	/** Throws what a script has thrown, unless it just waited for more than came. */
	async stop(): Promise<void> {
		for (const { socket } of this.peers) socket.destroy();
		this.server.close();
		await once(this.server, "close");
		if (this.failures.length > 0) throw this.failures[0];
	}
}
