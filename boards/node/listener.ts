import { createServer, type Server, type Socket } from "node:net";
import type { Listener, ListenerConstructor, ListenerOptions, TCP } from "../../src/boards/ecma419";
import { explainError } from "./errors";
import { AcceptedConnection } from "./tcp";

/** Maximum pending connections; more are refused, as lwIP does when its pool is exhausted. */
const maxPending = 8;

/**
 * The listener class of a board on Node. By default it listens only on loopback. Listening does not hold time;
 * accepted connections do.
 */
export function makeListener(): ListenerConstructor {
	return NodeListener;
}

class NodeListener implements Listener {
	private readonly options: ListenerOptions;
	private readonly server: Server;
	private readonly pending: AcceptedConnection[] = [];
	private closed = false;

	constructor(options: ListenerOptions) {
		this.options = options;
		this.server = createServer({ pauseOnConnect: true }, (socket) => this.accept(socket));
		this.server.on("error", (error) => this.fail(error));
		this.server.listen({ port: options.port, host: options.address ?? "127.0.0.1" });
	}

	/** With port 0, known one turn of the event loop after the constructor, and 0 before. */
	get port(): number {
		const address = this.server.address();
		return address !== null && typeof address === "object" ? address.port : this.options.port;
	}

	read(): TCP | undefined {
		return this.pending.shift();
	}

	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.server.close();
		for (const connection of this.pending.splice(0)) connection.close();
	}

	private accept(socket: Socket): void {
		// A reset before it is read is reported when it is taken over.
		socket.on("error", () => {});
		if (this.closed || this.pending.length === maxPending) {
			socket.destroy();
			return;
		}
		this.pending.push(new AcceptedConnection(socket));
		this.call(() => this.options.onReadable?.(this.pending.length));
	}

	private fail(error: unknown): void {
		if (this.closed) return;
		this.close();
		const reason = error instanceof Error ? explainError(error) : undefined;
		try {
			this.options.onError?.(reason);
		} catch (thrown) {
			process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
		}
	}

	private call(callback: () => void): void {
		try {
			callback();
		} catch (thrown) {
			this.fail(thrown);
		}
	}
}
