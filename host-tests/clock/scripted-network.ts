import type { Network, Time } from "../../src/boards/board";
import type { Resolver, UDPOptions, UDPPacket } from "../../src/boards/ecma419";
import { type NtpResponseFields, ntpResponseBytes } from "./ntp-responses";

/** A question as a server of the tests meets it. */
export interface ReceivedQuery {
	readonly bytes: Uint8Array;
	/** `address:port` that it was sent to. */
	readonly peer: string;
	/** Sends bytes back, as the queried peer or as another one, `delay` milliseconds later. */
	reply(bytes: Uint8Array, options?: { from?: string; delay?: number }): void;
	/** Sends a good answer, but for the given fields. */
	respond(fields: NtpResponseFields, delay?: number): void;
}

export type ScriptedServer = (question: ReceivedQuery) => void;

/** A network of names and time servers in virtual time. */
export class ScriptedNetwork implements Pick<Network, "UDP" | "resolver"> {
	/** By `address:port`; who is not there is silent. */
	readonly servers = new Map<string, ScriptedServer>();
	/** Addresses by name; the first is given and goes to the end. A name that is not there does not resolve. */
	readonly names = new Map<string, string[]>();
	/** Names that never resolve nor fail. */
	readonly silentNames = new Set<string>();
	/** Every question that was sent, as `ticks peer`. */
	readonly queries: { readonly ticks: number; readonly peer: string }[] = [];
	openSockets = 0;
	readonly UDP: Network["UDP"];
	readonly resolver: Resolver;

	constructor(time: Time) {
		this.UDP = makeUDP(this, time);
		this.resolver = {
			resolve: ({ host, onResolved, onError }) => {
				if (this.silentNames.has(host)) return;
				const addresses = this.names.get(host) ?? (/^[\d.]+$/.test(host) ? [host] : []);
				const [address] = addresses;
				if (address === undefined) {
					time.set(() => onError(host), 1);
					return;
				}
				addresses.push(...addresses.splice(0, 1));
				time.set(() => onResolved(host, address), 1);
			},
		};
	}
}

function makeUDP(network: ScriptedNetwork, time: Time): Network["UDP"] {
	return class {
		private readonly options: UDPOptions;
		private readonly packets: UDPPacket[] = [];
		private open = true;

		constructor(options: UDPOptions) {
			this.options = options;
			network.openSockets++;
		}

		read(): UDPPacket | undefined {
			if (!this.open) throw new Error("read after close");
			return this.packets.shift();
		}

		write(buffer: Uint8Array, address: string, port: number): void {
			if (!this.open) throw new Error("write after close");
			const bytes = new Uint8Array(buffer);
			const peer = `${address}:${port}`;
			network.queries.push({ ticks: time.ticks(), peer });
			const reply: ReceivedQuery["reply"] = (answer, { from = peer, delay = 10 } = {}) => {
				time.set(() => this.deliver(answer, from), delay);
			};
			const respond: ReceivedQuery["respond"] = (fields, delay = 10) =>
				reply(ntpResponseBytes({ originate: bytes.slice(40), ...fields }), { delay });
			network.servers.get(peer)?.({ bytes, peer, reply, respond });
		}

		close(): void {
			if (this.open) network.openSockets--;
			this.open = false;
		}

		private deliver(bytes: Uint8Array, from: string): void {
			if (!this.open) return;
			const [address = "", port = ""] = from.split(":");
			this.packets.push(Object.assign(new Uint8Array(bytes).buffer, { address, port: Number(port) }));
			this.options.onReadable?.(1);
		}
	};
}
