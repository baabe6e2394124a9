import type { Network, Time, Timer } from "../boards/board";
import type { UDP } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import { type HostPort, parseHostPort } from "../common/host-port";
import type { TimeMeasurement } from "./ntp-packet";
import { encodeNtpRequest, maxRoundTripMs, type NtpResponse, parseNtpResponse } from "./ntp-packet";

export interface NtpQueryOptions {
	readonly network: Pick<Network, "UDP" | "resolver">;
	readonly time: Pick<Time, "ticks" | "set" | "clear">;
	/** `host` or `host:port`; the default port is 123. */
	readonly server: string;
	/** No earlier time can be true. Milliseconds of Unix time. */
	readonly minUtc: number;
	/** Uniform in 0 … 1, with 32 random bits. */
	random(): number;
	/** Whether a peer (`address:port`) is blocked after a kiss-o'-death. */
	isBlocked(peer: string): boolean;
}

export interface NtpFailure {
	readonly kind: "failure";
	/** For the log: `its name could not be resolved`. */
	readonly reason: string;
	/** `address:port` of the server, once its name is resolved. */
	readonly peer?: string | undefined;
	/** The code of a kiss-o'-death: `RATE`, `DENY`, `RSTR`, … */
	readonly kissCode?: string | undefined;
}

export type NtpResult =
	/** `peer`: `address:port` of the server. */
	{ readonly kind: "time"; readonly measurement: TimeMeasurement; readonly peer: string } | NtpFailure;

/** A resolver queries each of its servers several times. */
const resolveTimeoutMs = 5_000;
const defaultNtpPort = 123;

/** Parses `host` or `host:port`; `undefined` if it is neither. The settings are checked by it. */
export function parseNtpServer(server: string): HostPort | undefined {
	return parseHostPort(server, defaultNtpPort);
}

/**
 * One request to one time server. Its result resolves within seven seconds, never rejects, and by then the socket is
 * closed.
 */
export class NtpQuery {
	readonly result: Promise<NtpResult>;
	private readonly options: NtpQueryOptions;
	private readonly nonce = new Uint8Array(8);
	private resolveResult: (result: NtpResult) => void = () => {};
	private ended = false;
	private socket: UDP | undefined;
	private timer: Timer | undefined;
	/** Where the request was sent, and when. */
	private sentTo: { readonly address: string; readonly port: number; readonly sentTicks: number } | undefined;
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
			this.fail(`the request could not be sent: ${errorMessage(error)}`);
		}
	}

	/** Cancels; the result is a failure. */
	close(): void {
		this.fail("the request was cancelled");
	}

	/** The socket is opened before the name is resolved: a simulated clock runs in real time while a socket is open. */
	private open(): void {
		const { network, time, server } = this.options;
		const address = parseNtpServer(server);
		if (address === undefined) {
			this.fail("it is not host or host:port");
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

	/** A resolver may call back after the timeout, or twice. */
	private sendRequest(address: string, port: number): void {
		if (this.ended || this.sentTo !== undefined) return;
		const { time, random, isBlocked } = this.options;
		const peer = `${address}:${port}`;
		if (isBlocked(peer)) {
			this.fail(`${peer} is blocked after a kiss-o'-death`, peer);
			return;
		}
		const nonce = new DataView(this.nonce.buffer);
		nonce.setUint32(0, random() * 2 ** 32);
		nonce.setUint32(4, random() * 2 ** 32);
		time.clear(this.timer);
		this.timer = time.set(() => this.timeOut(), maxRoundTripMs);
		this.sentTo = { address, port, sentTicks: time.ticks() };
		try {
			this.socket?.write(encodeNtpRequest(this.nonce), address, port);
		} catch (error) {
			this.fail(`the request could not be sent: ${errorMessage(error)}`, peer);
		}
	}

	private receive(): void {
		const receivedTicks = this.options.time.ticks();
		try {
			while (!this.ended) {
				const packet = this.socket?.read();
				if (packet === undefined) return;
				this.handlePacket(packet, packet.address, packet.port, receivedTicks);
			}
		} catch (error) {
			this.fail(`its response could not be read: ${errorMessage(error)}`);
		}
	}

	private handlePacket(packet: ArrayBuffer, address: string, port: number, receivedTicks: number): void {
		const { sentTo } = this;
		if (sentTo === undefined || address !== sentTo.address || port !== sentTo.port) {
			this.ignoredReason = `ignored a packet from ${address}:${port}`;
			return;
		}
		const { server, minUtc } = this.options;
		const request = { nonce: this.nonce, sentTicks: sentTo.sentTicks, receivedTicks, minUtc };
		this.handleResponse(parseNtpResponse(new Uint8Array(packet), request), `${address}:${port}`, {
			server,
			ticks: receivedTicks,
		});
	}

	private handleResponse(
		response: NtpResponse,
		peer: string,
		origin: Pick<TimeMeasurement, "server" | "ticks">,
	): void {
		switch (response.kind) {
			case "unrelated":
				this.ignoredReason = `ignored a packet: ${response.reason}`;
				return;
			case "kiss-o'-death":
				this.end({
					kind: "failure",
					reason: `kiss-o'-death ${response.code}`,
					peer,
					kissCode: response.code,
				});
				return;
			case "unusable":
				this.fail(`its response is unusable: ${response.reason}`, peer);
				return;
			case "time": {
				const { utc, roundTripMs, rootDistanceMs } = response;
				this.end({ kind: "time", measurement: { utc, roundTripMs, rootDistanceMs, ...origin }, peer });
			}
		}
	}

	private timeOut(): void {
		const ignored = this.ignoredReason === undefined ? "" : ` (${this.ignoredReason})`;
		this.fail(`no response within ${maxRoundTripMs / 1000} s${ignored}`);
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
			// The socket is gone either way, and the result stands.
		}
		this.socket = undefined;
	}
}
