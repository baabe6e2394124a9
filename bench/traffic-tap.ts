import { type Relay, startTcpProxy, type TcpProxy } from "../simulator/tcp-proxy";

/** TCP payload, bytes. */
export interface Traffic {
	connections: number;
	/** TLS records of application data, including headers and MACs. */
	application: number;
	/** All other records except alerts, with random differences removed. */
	handshake: number;
}

/** The usual DER length of an ECDSA P-256 signature; by chance it is one or two bytes longer or shorter. */
export const typicalSignatureBytes = 71;

/** Types of TLS records and of handshake messages (RFC 5246, sections 6.2.1 and 7.4). */
const record = { changeCipherSpec: 20, alert: 21, handshake: 22, application: 23 } as const;
const message = { clientHello: 1, certificate: 11, serverKeyExchange: 12 } as const;
const recordHeadBytes = 5;

/**
 * A client signals secure renegotiation with an empty extension or, three bytes shorter, with a cipher suite (RFC 5746
 * section 3.4), depending on Node's version. Both count as the suite.
 */
const renegotiation = { extension: Buffer.of(0xff, 0x01, 0x00, 0x01, 0x00), surplus: 3 } as const;

/** A TCP proxy that counts traffic, without the session's keys. */
export class TrafficTap {
	readonly traffic: Traffic = { connections: 0, application: 0, handshake: 0 };
	private proxy: TcpProxy | undefined;

	private constructor() {}

	/** In front of a server on this computer. */
	static async start(port: number): Promise<TrafficTap> {
		const tap = new TrafficTap();
		const relay: Relay = (from, to) => {
			const records = new Records(tap.traffic);
			from.on("data", (data) => {
				records.take(data);
				to.write(data);
			});
		};
		tap.proxy = await startTcpProxy(port, {
			relayRequest: relay,
			relayResponse: relay,
			onConnection: () => tap.traffic.connections++,
		});
		return tap;
	}

	get port(): number {
		return this.proxy?.port ?? 0;
	}

	reset(): void {
		Object.assign(this.traffic, { connections: 0, application: 0, handshake: 0 });
	}

	async close(): Promise<void> {
		await this.proxy?.close();
	}
}

/** The records of one direction. */
class Records {
	private readonly traffic: Traffic;
	private bytes = Buffer.alloc(0);
	private secret = false;

	constructor(traffic: Traffic) {
		this.traffic = traffic;
	}

	take(data: Buffer): void {
		this.bytes = Buffer.concat([this.bytes, data]);
		while (this.bytes.length >= recordHeadBytes) {
			const length = recordHeadBytes + this.bytes.readUInt16BE(3);
			if (this.bytes.length < length) return;
			this.count(this.bytes.subarray(0, length));
			this.bytes = this.bytes.subarray(length);
		}
	}

	/** Alerts are not counted, because it is random whether the last one is sent before the connection closes. */
	private count(bytes: Buffer): void {
		const [type] = bytes;
		if (type === record.application) this.traffic.application += bytes.length;
		else if (type !== record.alert) {
			this.traffic.handshake += bytes.length;
			if (type === record.changeCipherSpec) this.secret = true;
			else if (!this.secret) this.evenOut(bytes.subarray(recordHeadBytes));
		}
	}

	private evenOut(messages: Buffer): void {
		for (let at = 0; at + 4 <= messages.length; ) {
			const end = at + 4 + messages.readUIntBE(at + 1, 3);
			const body = messages.subarray(at + 4, end);
			if (messages[at] === message.clientHello && body.includes(renegotiation.extension))
				this.traffic.handshake -= renegotiation.surplus;
			for (const length of signaturesOf(messages[at], body))
				this.traffic.handshake += typicalSignatureBytes - length;
			at = end;
		}
	}
}

/** The lengths of the signatures in a message of the handshake. */
function signaturesOf(type: number | undefined, body: Buffer): number[] {
	// Curve type and name, the point with its length, the algorithm, the signature with its length.
	if (type === message.serverKeyExchange) return [body.readUInt16BE(4 + (body[3] ?? 0) + 2)];
	if (type !== message.certificate) return [];
	const lengths: number[] = [];
	for (let at = 3; at < body.length; ) {
		const end = at + 3 + body.readUIntBE(at, 3);
		lengths.push(signatureOf(body.subarray(at + 3, end)));
		at = end;
	}
	return lengths;
}

/** Of a certificate (RFC 5280, section 4.1): the last of its three parts, without the byte that counts unused bits. */
function signatureOf(certificate: Buffer): number {
	let at = contentAt(certificate, 0).from;
	for (let part = 0; part < 2; part++) at = contentAt(certificate, at).to;
	const { from, to } = contentAt(certificate, at);
	return to - from - 1;
}

/** The range of a DER element's content. */
function contentAt(der: Buffer, at: number): { readonly from: number; readonly to: number } {
	const first = der[at + 1] ?? 0;
	if (first < 0x80) return { from: at + 2, to: at + 2 + first };
	const from = at + 2 + (first & 0x7f);
	return { from, to: from + der.readUIntBE(at + 2, first & 0x7f) };
}
