import type { Network, Time, Timer } from "../boards/board";
import type { UDP } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import type { Measurement } from "./ntp-packet";
import { encodeNtpRequest, maxRoundTripMs, type NtpResponse, parseNtpResponse } from "./ntp-packet";

export interface NtpQueryOptions {
	readonly network: Pick<Network, "UDP" | "resolver">;
	readonly time: Pick<Time, "ticks" | "set" | "clear">;
	/** `host` or `host:port`, port 123 when left out. */
	readonly server: string;
	/** No earlier time can be true, milliseconds of Unix time. */
	readonly minUtc: number;
	/** Uniform in 0 … 1, with 32 random bits. */
	random(): number;
	/** Whether a peer (`address:port`) has asked not to be asked. */
	isBlocked(peer: string): boolean;
}

export interface NtpFailure {
	readonly kind: "failure";
	/** A sentence's predicate: `its name could not be resolved`. */
	readonly reason: string;
	/** `address:port` of who was asked, once the name was resolved. */
	readonly peer?: string | undefined;
	/** The code of a kiss-of-death: `RATE`, `DENY`, `RSTR`, … */
	readonly kissCode?: string | undefined;
}

export type NtpResult =
	/** `peer`: `address:port` of who answered. */
	{ readonly kind: "time"; readonly measurement: Measurement; readonly peer: string } | NtpFailure;

/** Milliseconds. A resolver asks each of its servers several times. */
const resolveTimeoutMs = 5_000;
const defaultNtpPort = 123;

/** The parts of `host` or `host:port`; `undefined` when it is neither. */
export function parseNtpServer(server: string): { readonly host: string; readonly port: number } | undefined {
	const [, host, digits] = /^([^\s:]+)(?::(\d{1,5}))?$/.exec(server) ?? [];
	const port = digits === undefined ? defaultNtpPort : Number(digits);
	return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/**
 * One question to one time server. The result always comes, within seven seconds, and never as a rejection; by
 * then the socket is closed.
 */
export class NtpQuery {
	readonly result: Promise<NtpResult>;
	private readonly options: NtpQueryOptions;
	private readonly nonce = new Uint8Array(8);
	private resolveResult: (result: NtpResult) => void = () => {};
	private ended = false;
	private socket: UDP | undefined;
	private timer: Timer | undefined;
	/** Who was asked, since the question went out. */
	private sentTo: { readonly address: string; readonly port: number; readonly sent: number } | undefined;
	/** Why the last packet was ignored. */
	private ignoredReason: string | undefined;

	constructor(options: NtpQueryOptions) {
		this.options = options;
		this.result = new Promise((resolve) => {
			this.resolveResult = resolve;
		});
		try {
			this.open();
		} catch (error) {
			this.fail(`it could not be asked: ${errorMessage(error)}`);
		}
	}

	/** Gives up; the result is a failure. */
	close(): void {
		this.fail("the question was given up");
	}

	/** The socket comes before the name: a board whose clock runs fast slows down while a socket is open. */
	private open(): void {
		const { network, time, server } = this.options;
		const address = parseNtpServer(server);
		if (address === undefined) {
			this.fail("it is neither host nor host:port");
			return;
		}
		this.socket = new network.UDP({
			onReadable: () => this.receive(),
			onError: (error) => this.fail(`the network failed: ${errorMessage(error)}`),
		});
		// The network may have failed before the socket could be closed.
		if (this.ended) {
			this.closeSocket();
			return;
		}
		this.timer = time.set(() => this.fail("its name was not resolved in time"), resolveTimeoutMs);
		network.resolver.resolve({
			host: address.host,
			onResolved: (_, resolved) => this.sendRequest(resolved, address.port),
			onError: () => this.fail("its name could not be resolved"),
		});
	}

	/** A resolver may answer after the deadline, or twice. */
	private sendRequest(address: string, port: number): void {
		if (this.ended || this.sentTo !== undefined) return;
		const { time, random, isBlocked } = this.options;
		const peer = `${address}:${port}`;
		if (isBlocked(peer)) {
			this.fail(`${peer} has asked not to be asked`, peer);
			return;
		}
		const nonce = new DataView(this.nonce.buffer);
		nonce.setUint32(0, random() * 2 ** 32);
		nonce.setUint32(4, random() * 2 ** 32);
		time.clear(this.timer);
		this.timer = time.set(() => this.timeOut(), maxRoundTripMs);
		this.sentTo = { address, port, sent: time.ticks() };
		try {
			this.socket?.write(encodeNtpRequest(this.nonce), address, port);
		} catch (error) {
			this.fail(`it could not be asked: ${errorMessage(error)}`, peer);
		}
	}

	private receive(): void {
		const received = this.options.time.ticks();
		try {
			while (!this.ended) {
				const packet = this.socket?.read();
				if (packet === undefined) return;
				this.handlePacket(packet, packet.address, packet.port, received);
			}
		} catch (error) {
			this.fail(`its answer could not be read: ${errorMessage(error)}`);
		}
	}

	private handlePacket(packet: ArrayBuffer, address: string, port: number, received: number): void {
		const asked = this.sentTo;
		if (asked === undefined || address !== asked.address || port !== asked.port) {
			this.ignoredReason = `a packet came from ${address}:${port}`;
			return;
		}
		const { server, minUtc } = this.options;
		const request = { nonce: this.nonce, sentTicks: asked.sent, receivedTicks: received, minUtc };
		this.handleResponse(parseNtpResponse(new Uint8Array(packet), request), `${address}:${port}`, {
			server,
			ticks: received,
		});
	}

	private handleResponse(
		answer: NtpResponse,
		peer: string,
		origin: Pick<Measurement, "server" | "ticks">,
	): void {
		switch (answer.kind) {
			case "unrelated":
				this.ignoredReason = `a packet was ignored: ${answer.reason}`;
				return;
			case "kiss-of-death":
				this.end({ kind: "failure", reason: `it refuses: ${answer.code}`, peer, kissCode: answer.code });
				return;
			case "unusable":
				this.fail(`its answer cannot be used: ${answer.reason}`, peer);
				return;
			case "time": {
				const { utc, roundTripMs, rootDistanceMs } = answer;
				this.end({ kind: "time", measurement: { utc, roundTripMs, rootDistanceMs, ...origin }, peer });
			}
		}
	}

	private timeOut(): void {
		const ignored = this.ignoredReason === undefined ? "" : ` (${this.ignoredReason})`;
		this.fail(`it did not answer within ${maxRoundTripMs / 1000} s${ignored}`);
	}

	private fail(reason: string, peer?: string): void {
		this.end({ kind: "failure", reason, peer });
	}

	private end(result: NtpResult): void {
		if (this.ended) return;
		this.ended = true;
		this.options.time.clear(this.timer);
		this.closeSocket();
		this.resolveResult(result);
	}

	private closeSocket(): void {
		try {
			// mutation: close-time-socket
			this.socket?.close();
		} catch {
			// Whatever closing met, the socket is gone and the result stands.
		}
		this.socket = undefined;
	}
}
