import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { makeNtpResponse, type NtpFault } from "./ntp-response";

export interface NtpServerOptions {
	/** The server's time, milliseconds of Unix time. */
	readonly now?: () => number;
	/** Default: 0, any free port. */
	readonly port?: number;
	readonly host?: string;
}

/** An SNTP server over UDP that can inject faults. */
export class NtpServer {
	/** The fault of all further responses. */
	fault: NtpFault | undefined;
	/** Called with each packet, before it is answered. */
	onRequest: (() => void) | undefined;
	/** Packets received, valid or not. */
	requests = 0;
	readonly host: string;
	readonly port: number;
	private readonly socket: Socket;
	private readonly now: () => number;
	private closed: Promise<unknown> | undefined;

	private constructor(socket: Socket, now: () => number) {
		const { address, port } = socket.address();
		this.host = address;
		this.port = port;
		this.socket = socket;
		this.now = now;
		socket.on("message", (request, sender) => this.answer(request, sender));
		// ICMP errors for a single packet (its sender is gone) do not concern the server.
		socket.on("error", () => {});
	}

	/** Rejects if the port is in use. */
	static async start({ now = Date.now, port = 0, host = "127.0.0.1" }: NtpServerOptions = {}) {
		const socket = createSocket("udp4");
		socket.bind(port, host);
		await once(socket, "listening");
		return new NtpServer(socket, now);
	}

	/** May be called twice. */
	async close(): Promise<void> {
		this.closed ??= new Promise((resolve) => this.socket.close(() => resolve(undefined)));
		await this.closed;
	}

	private answer(request: Uint8Array, sender: RemoteInfo): void {
		this.requests++;
		this.onRequest?.();
		const receive = this.now();
		const answer = makeNtpResponse(request, { receive, transmit: this.now() }, this.fault);
		if (answer !== undefined) this.socket.send(answer, sender.port, sender.address, () => {});
	}
}
