import type { Network } from "../boards/board";
import type { UDP } from "../boards/ecma419";
import { makeDnsResponse } from "./dns-message";
import { isInSameSubnet } from "./subnet";

export interface DnsServerOptions {
	readonly network: Pick<Network, "UDP">;
	/** Of the board, in its own network. */
	readonly address: string;
	/** Names cannot be answered, or not any more. */
	onError(error: Error | undefined): void;
}

const dnsPort = 53;
/** Packets in one turn: whoever floods the board waits for the rest. */
const maxPacketsPerTurn = 8;

/** Answers every name with the board's address, so that a phone finds the page whatever it looks for. */
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
			// A joined network has a name server of its own: nobody there is to be told that this board is everything.
			if (!isInSameSubnet(packet.address, address)) continue;
			const answer = makeDnsResponse(new Uint8Array(packet), address);
			if (answer !== undefined) this.send(answer, packet.address, packet.port);
		}
	}

	/** A full socket costs this answer: the phone asks again. */
	private send(answer: Uint8Array, address: string, port: number): void {
		try {
			this.socket.write(answer, address, port);
		} catch {}
	}
}
