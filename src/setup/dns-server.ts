import type { Network } from "../boards/board";
import type { UDP } from "../boards/ecma419";
import { makeDnsResponse } from "./dns-message";
import { isInSameSubnet } from "./subnet";

export interface DnsServerOptions {
	readonly network: Pick<Network, "UDP">;
	/** Of the board in its own network, IPv4. */
	readonly address: string;
	/** The socket failed: no more responses. */
	onError(error: Error | undefined): void;
}

const dnsPort = 53;
/** Per turn: a flood must not block the board. */
const maxPacketsPerTurn = 8;

/** Resolves every name to the board's address, so that a phone is led to the page. */
export class DnsServer {
	private readonly options: DnsServerOptions;
	private readonly socket: UDP;

	constructor(options: DnsServerOptions) {
		this.options = options;
		this.socket = new options.network.UDP({
			port: dnsPort,
			onReadable: () => this.answerQueries(),
			onError: (error) => options.onError(error),
		});
	}

	close(): void {
		this.socket.close();
	}

	private answerQueries(): void {
		const { address } = this.options;
		for (let count = 0; count < maxPacketsPerTurn; count++) {
			const packet = this.socket.read();
			if (packet === undefined) return;
			// Not for clients in a joined network.
			if (!isInSameSubnet(packet.address, address)) continue;
			const answer = makeDnsResponse(new Uint8Array(packet), address);
			if (answer !== undefined) this.send(answer, packet.address, packet.port);
		}
	}

	/** With a full socket the response is lost: the phone asks again. */
	private send(answer: Uint8Array, address: string, port: number): void {
		try {
			this.socket.write(answer, address, port);
		} catch {}
	}
}
