import type { Network, Time, Timer } from "../boards/board";
import type { UDP } from "../boards/ecma419";
import { backoffMs } from "../common/backoff";
import { makeDnsResponse } from "./dns-message";
import { isInSameSubnet } from "./subnet";

export interface DnsServerOptions {
	readonly network: Pick<Network, "UDP">;
	readonly time: Pick<Time, "set" | "clear">;
	/** IPv4 address of the board in its own network. */
	readonly address: string;
	/** The socket failed, or could not be opened; it will be reopened. */
	onError(error: Error | undefined): void;
}

const dnsPort = 53;
/** Per turn of the event loop: a flood must not block the board. */
const maxPacketsPerTurn = 8;
/** Between two attempts to open the socket: doubled each time. */
const minReopenMs = 1_000;
const maxReopenMs = 60_000;

/** Resolves every name to the board's address, so that a phone is led to the page. */
export class DnsServer {
	private readonly options: DnsServerOptions;
	private socket: UDP;
	private reopenTimer: Timer | undefined;
	private failures = 0;

	constructor(options: DnsServerOptions) {
		this.options = options;
		this.socket = this.openSocket();
	}

	close(): void {
		this.options.time.clear(this.reopenTimer);
		this.socket.close();
	}

	private openSocket(): UDP {
		return new this.options.network.UDP({
			port: dnsPort,
			onReadable: () => this.answerQueries(),
			onError: (error) => this.reopen(error),
		});
	}

	/** Retries: the interface of the access point may not be up yet. */
	private reopen(error: Error | undefined): void {
		const { time, onError } = this.options;
		this.socket.close();
		this.reopenTimer = time.set(
			() => {
				this.socket = this.openSocket();
			},
			backoffMs(++this.failures, minReopenMs, maxReopenMs),
		);
		onError(error);
	}

	private answerQueries(): void {
		const { address } = this.options;
		for (let count = 0; count < maxPacketsPerTurn; count++) {
			const packet = this.socket.read();
			if (packet === undefined) return;
			// Ignores clients in the joined network.
			if (!isInSameSubnet(packet.address, address)) continue;
			const answer = makeDnsResponse(new Uint8Array(packet), address);
			if (answer !== undefined) this.send(answer, packet.address, packet.port);
		}
	}

	/** A response that cannot be sent is dropped: the phone asks again. */
	private send(answer: Uint8Array, address: string, port: number): void {
		try {
			this.socket.write(answer, address, port);
		} catch {}
	}
}
