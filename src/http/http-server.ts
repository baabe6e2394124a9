import type { Network, Time, Timer } from "../boards/board";
import type { Listener, TCP } from "../boards/ecma419";
import { backoffMs } from "../common/backoff";
import { errorResponse } from "./page-response";
import { ServerConnection, type ServerLimits } from "./server-connection";
import type { ServerRequest, ServerResponse } from "./server-messages";

export interface HttpServerOptions {
	readonly network: Pick<Network, "Listener" | "TCP">;
	readonly time: Time;
	/** 0 for any free port. */
	readonly port: number;
	readonly limits?: Partial<ServerLimits>;
	/** Default 4: the SDK's lwIP supports eight connections, and the board needs some for itself. */
	readonly maxConnections?: number;
	/** Lower-case names of the headers passed to the handler. */
	readonly keptHeaders: readonly string[];
	/** Whether to serve a client at this address; default: all. */
	acceptsClient?(remoteAddress: string | undefined): boolean;
	/**
	 * Whether serving this path takes much memory, as any request with a body does: only one such request is served at a time,
	 * others get 503. Default: no path does.
	 */
	takesMemory?(path: string): boolean;
	/** Whether there is no memory now for a request to this path with a body of so many bytes: it gets 503. Default: there is. */
	isBusy?(path: string, bodyBytes: number): boolean;
	/** Must not throw; an exception is reported and answered with 500. */
	handle(request: ServerRequest): ServerResponse;
	/** The handler threw. */
	onHandlerError?(error: unknown): void;
	/** The listener failed, or could not be opened; it will be reopened. */
	onError(error: Error | undefined): void;
}

/**
 * Browsers open spare connections, so idle ones get a few seconds; a request fits into a few packets, so ten seconds are
 * enough; the page may take longer over a weak signal. A chip has no memory for a JSON body of 10 KB.
 */
export const defaultServerLimits: ServerLimits = Object.freeze({
	idle: 5_000,
	request: 10_000,
	response: 30_000,
	drain: 1_000,
	maxBodyBytes: 8 * 1024,
});

/** After this, a client slower than two bytes per millisecond loses its turn to the next one. */
const minTurnMs = 500;
const minBytesPerMs = 2;
const maxTurnMs = 3_000;
/** Maximum next turn of a client that has lost one, so that its further connections do not keep others out. */
const maxNextTurnMs = 100;
const defaultMaxConnections = 4;
/** Maximum bytes per read from or write to a socket. */
const bufferBytes = 1024;

/** Between two attempts to open the listener: doubled each time. */
const minReopenMs = 1_000;
const maxReopenMs = 60_000;

/**
 * A small HTTP/1.1 server with bounded connections, bytes and time. When all are in use, a new connection evicts one of the
 * client with the most connections, so that two clients cannot keep out a third: the longest idle one, else the one whose
 * request has been incomplete for longest.
 */
export class HttpServer {
	private readonly options: HttpServerOptions;
	private readonly limits: ServerLimits;
	private listener: Listener;
	private reopenTimer: Timer | undefined;
	private failures = 0;
	/** Oldest first. */
	private readonly connections: ServerConnection[] = [];
	/** Allocated while there are connections. */
	private buffer: Uint8Array | undefined;
	/** Address of the last client that lost its turn. */
	private slowClient: string | undefined;

	constructor(options: HttpServerOptions) {
		this.options = options;
		this.limits = { ...defaultServerLimits, ...options.limits };
		this.listener = this.openListener();
	}

	/** With port 0, known one turn of the event loop after the constructor. */
	get port(): number {
		return this.listener.port;
	}

	close(): void {
		this.options.time.clear(this.reopenTimer);
		this.listener.close();
		for (const connection of [...this.connections]) connection.close();
	}

	private openListener(): Listener {
		const { network, port } = this.options;
		return new network.Listener({
			port,
			onReadable: () => this.accept(),
			onError: (error) => this.reopen(error),
		});
	}

	/** Retries: the interface of an access point may not be up yet. */
	private reopen(error: Error | undefined): void {
		const { time } = this.options;
		this.listener.close();
		this.reopenTimer = time.set(
			() => {
				this.listener = this.openListener();
			},
			backoffMs(++this.failures, minReopenMs, maxReopenMs),
		);
		this.options.onError(error);
	}

	private accept(): void {
		const { maxConnections = defaultMaxConnections, acceptsClient } = this.options;
		for (let from = this.listener.read(); from !== undefined; from = this.listener.read()) {
			if (acceptsClient?.(from.remoteAddress) === false) {
				from.close();
				continue;
			}
			if (this.connections.length >= maxConnections) this.evict(from.remoteAddress);
			try {
				this.openConnection(from);
			} catch {
				// It was closed before it was taken over.
				from.close();
			}
		}
	}

	/** Evicts a connection for a client at the address `newcomer`; its new connection counts as one of its own. */
	private evict(newcomer: string | undefined): void {
		const addresses = [newcomer, ...this.connections.map(({ remoteAddress }) => remoteAddress)];
		const share = ({ remoteAddress }: ServerConnection) =>
			addresses.filter((each) => each === remoteAddress).length;
		const [first] = [...this.connections].sort(
			(one, other) =>
				share(other) - share(one) || one.evictionRank - other.evictionRank || one.since - other.since,
		);
		first?.close();
	}

	private openConnection(from: TCP): void {
		const { network, time, keptHeaders } = this.options;
		this.buffer ??= new Uint8Array(bufferBytes);
		const served: ServerConnection = new ServerConnection({
			TCP: network.TCP,
			from,
			time,
			limits: this.limits,
			keptHeaders,
			buffer: this.buffer,
			admit: (path, bodyBytes) => this.admit(served, path, bodyBytes),
			handle: (request) => this.handle(request),
			onEnd: () => {
				const index = this.connections.indexOf(served);
				if (index >= 0) this.connections.splice(index, 1);
				if (this.connections.length === 0) this.buffer = undefined;
			},
		});
		this.connections.push(served);
	}

	private admit(served: ServerConnection, path: string, bodyBytes: number): boolean {
		const { options } = this;
		if (options.isBusy?.(path, bodyBytes) === true) return false;
		if (served.turn !== undefined || options.takesMemory === undefined) return true;
		if (bodyBytes === 0 && !options.takesMemory(path)) return true;
		const now = options.time.ticks();
		const other = this.connections.find(({ turn }) => turn !== undefined);
		if (other?.turn !== undefined) {
			const { since, bytes } = other.turn;
			const { remoteAddress } = other;
			const isNext = remoteAddress === this.slowClient && remoteAddress !== served.remoteAddress;
			const turnMs = isNext ? maxNextTurnMs : Math.min(maxTurnMs, minTurnMs + bytes / minBytesPerMs);
			if (now - since < turnMs) return false;
			this.slowClient = remoteAddress;
			other.close();
		}
		served.turn = { since: now, bytes: 0 };
		return true;
	}

	private handle(request: ServerRequest): ServerResponse {
		try {
			return this.options.handle(request);
		} catch (error) {
			this.options.onHandlerError?.(error);
			return errorResponse(500, "The board failed to handle this request.");
		}
	}
}
