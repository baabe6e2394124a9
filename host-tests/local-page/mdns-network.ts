import { VirtualTime } from "../../simulator/virtual-time";
import type { Network } from "../../src/boards/board";
import type { UDP, UDPOptions, UDPPacket } from "../../src/boards/ecma419";
import { MdnsResponder, mdnsGroup, mdnsPort } from "../../src/local-page/mdns-responder";

/** A packet on the network. */
export interface SentPacket {
	readonly at: number;
	readonly from: string;
	readonly to: string;
	readonly toPort: number;
	readonly bytes: Uint8Array;
}

/** A local network in virtual time: hosts in one multicast group. Packets take a millisecond. */
export class MdnsNetwork {
	readonly time: VirtualTime;
	readonly sent: SentPacket[] = [];
	/** What was claimed, in order. */
	readonly claims: string[] = [];
	private readonly sockets = new Map<string, NetworkSocket>();

	constructor(time = new VirtualTime()) {
		this.time = time;
	}

	/** A board at this address. */
	board(host: string, address: string, startDelayMs = 0): MdnsResponder {
		return new MdnsResponder({
			network: { UDP: this.udpOf(address) },
			time: this.time,
			host,
			address,
			startDelayMs,
			onClaimed: (claimed) => this.claims.push(`${address} ${claimed} at ${this.time.ticks()}`),
			onSocketError: (error) => {
				throw error ?? new Error("the socket failed");
			},
		});
	}

	/** The UDP class of the host with this address. */
	udpOf(address: string): Network["UDP"] {
		const network = this;
		return class extends NetworkSocket {
			constructor(options: UDPOptions) {
				super(options, network, address);
			}
		};
	}

	/** Any host sends a packet to the group, or to one host. */
	send(bytes: Uint8Array, from: string, port = mdnsPort, to = mdnsGroup): void {
		this.deliver(bytes, from, port, to, mdnsPort);
	}

	/** Packets of a host since the last call. */
	take(from: string): readonly SentPacket[] {
		const taken = this.sent.filter((packet) => packet.from === from);
		this.sent.length = 0;
		return taken;
	}

	open(address: string, socket: NetworkSocket): void {
		this.sockets.set(address, socket);
	}

	close(address: string): void {
		this.sockets.delete(address);
	}

	deliver(bytes: Uint8Array, from: string, port: number, to: string, toPort: number): void {
		this.sent.push({ at: this.time.ticks(), from, to, toPort, bytes: bytes.slice() });
		this.time.set(() => {
			for (const [address, socket] of this.sockets)
				if (toPort === mdnsPort && (to === mdnsGroup || to === address)) socket.arrive(bytes, from, port);
		}, 1);
	}
}

class NetworkSocket implements UDP {
	private readonly options: UDPOptions;
	private readonly network: MdnsNetwork;
	private readonly address: string;
	private readonly packets: UDPPacket[] = [];

	constructor(options: UDPOptions, network: MdnsNetwork, address: string) {
		if (options.port !== mdnsPort || options.multicast !== mdnsGroup) throw new Error("another socket");
		this.options = options;
		this.network = network;
		this.address = address;
		network.open(address, this);
	}

	read(): UDPPacket | undefined {
		return this.packets.shift();
	}

	write(buffer: Uint8Array, address: string, port: number): void {
		this.network.deliver(buffer.slice(), this.address, mdnsPort, address, port);
	}

	close(): void {
		this.network.close(this.address);
	}

	arrive(bytes: Uint8Array, address: string, port: number): void {
		this.packets.push(Object.assign(Uint8Array.from(bytes).buffer, { address, port }));
		this.options.onReadable?.(this.packets.length);
	}
}

/** A record as the reference decoder sees it. */
export interface DecodedRecord {
	readonly name: string;
	readonly type: number;
	readonly classBits: number;
	readonly ttl: number;
	readonly data: string;
}

/** Decodes a whole message by RFC 1035, independently of the firmware. */
export function decodeMessage(bytes: Uint8Array) {
	const buffer = Buffer.from(bytes);
	let at = 12;
	const nameAt = (start: number): { name: string; end: number } => {
		const labels: string[] = [];
		let end: number | undefined;
		let place = start;
		for (;;) {
			const length = buffer.readUInt8(place);
			if (length >= 0xc0) {
				end ??= place + 2;
				place = buffer.readUInt16BE(place) & 0x3fff;
			} else if (length === 0) return { name: labels.join("."), end: end ?? place + 1 };
			else {
				labels.push(buffer.toString("latin1", place + 1, place + 1 + length));
				place += 1 + length;
			}
		}
	};
	const questions = Array.from({ length: buffer.readUInt16BE(4) }, () => {
		const { name, end } = nameAt(at);
		at = end + 4;
		return { name, type: buffer.readUInt16BE(end), classBits: buffer.readUInt16BE(end + 2) };
	});
	const records = (count: number): DecodedRecord[] =>
		Array.from({ length: count }, () => {
			const { name, end } = nameAt(at);
			const length = buffer.readUInt16BE(end + 8);
			at = end + 10 + length;
			const data = buffer.subarray(end + 10, at);
			const type = buffer.readUInt16BE(end);
			return {
				...{ name, type, classBits: buffer.readUInt16BE(end + 2), ttl: buffer.readUInt32BE(end + 4) },
				data: type === 1 ? data.join(".") : data.toString("hex"),
			};
		});
	const [answers, authorities, additionals] = [6, 8, 10].map((place) => records(buffer.readUInt16BE(place)));
	if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes follow the message`);
	return {
		...{ id: buffer.readUInt16BE(0), flags: buffer.readUInt16BE(2), questions },
		...{ answers: answers ?? [], authorities: authorities ?? [], additionals: additionals ?? [] },
	};
}

export interface QueryOptions {
	readonly id?: number;
	readonly type?: number;
	readonly classBits?: number;
	readonly flags?: number;
	readonly answers?: readonly DecodedRecord[];
	readonly authorities?: readonly DecodedRecord[];
	/** Without a question. */
	readonly bare?: boolean;
}

/** A message, without compression. */
export function encodeQuery(name: string, options: QueryOptions = {}): Uint8Array {
	const {
		id = 0,
		type = 1,
		classBits = 1,
		flags = 0,
		answers = [],
		authorities = [],
		bare = false,
	} = options;
	const head = Buffer.alloc(12);
	for (const [index, value] of [id, flags, bare ? 0 : 1, answers.length, authorities.length].entries())
		head.writeUInt16BE(value, 2 * index);
	const parts: Buffer[] = [head];
	if (!bare) parts.push(encodeName(name), numbers(type, classBits));
	for (const record of [...answers, ...authorities]) {
		const data =
			record.type === 1 ? Buffer.from(record.data.split(".").map(Number)) : Buffer.from(record.data, "hex");
		const ttl = Buffer.alloc(4);
		ttl.writeUInt32BE(record.ttl);
		parts.push(
			encodeName(record.name),
			numbers(record.type, record.classBits),
			ttl,
			numbers(data.length),
			data,
		);
	}
	return Buffer.concat(parts);
}

export function addressOf(name: string, address: string, ttl = 120, classBits = 0x8001): DecodedRecord {
	return { name, type: 1, classBits, ttl, data: address };
}

function encodeName(name: string): Buffer {
	return Buffer.concat([
		...name.split(".").map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, "latin1")])),
		Buffer.of(0),
	]);
}

function numbers(...values: readonly number[]): Buffer {
	const bytes = Buffer.alloc(2 * values.length);
	for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index);
	return bytes;
}
