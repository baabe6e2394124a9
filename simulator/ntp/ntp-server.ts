import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { makeNtpResponse, type NtpFault } from "./ntp-response";

export interface NtpServerOptions {
	/** The time that it tells, milliseconds of Unix time. */
	readonly now?: () => number;
	/** 0, the default, for any free port. */
	readonly port?: number;
	readonly host?: string;
}

/** An SNTP server on UDP, with faults on command. */
export class NtpServer {
	/** What it does wrong from now on; `undefined`: nothing. */
	fault: NtpFault | undefined;
	/** Packets that came, good and bad. */
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
		// The network's complaints about a single packet (its sender is gone) are nobody's business.
		socket.on("error", () => {});
	}

	/** Rejects when the port cannot be had. */
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
		const receive = this.now();
		const answer = makeNtpResponse(request, { receive, transmit: this.now() }, this.fault);
		if (answer !== undefined) this.socket.send(answer, sender.port, sender.address, () => {});
	}
}
