import type {
	Bytes,
	Listener,
	ListenerOptions,
	TCP,
	TCPFromOptions,
	TCPOptions,
} from "../../src/boards/ecma419";

/** The home network of a simulated board, on its side of the router: clients of the board's own server, in memory. */
export interface LocalNetworkEnvironment {
	/** Calls back unless the board has lost power by then. */
	after(delay: number, callback: () => void): void;
	/** A server began to listen; it was closed. */
	onListener(listener: DeviceListener, isOpen: boolean): void;
	/** A connection of a client was taken over; it was closed. */
	onClients(change: 1 | -1): void;
}

/** What a connection accepts at a time, about as much as lwIP. */
const windowBytes = 4096;
const clientAddress = "192.168.1.20";
/** Of the board in each network that it joins. */
export const boardAddress = "192.168.1.77";

/** A request for a path of the board's page. */
export function localRequest(path: string): string {
	return `GET ${path} HTTP/1.1\r\nHost: ${boardAddress}\r\nConnection: close\r\n\r\n`;
}

/** The board's server socket. */
export class DeviceListener implements Listener {
	readonly port: number;
	private readonly options: ListenerOptions;
	private readonly world: LocalNetworkEnvironment;
	private readonly pending: ClientConnection[] = [];
	private closed = false;

	constructor(options: ListenerOptions, world: LocalNetworkEnvironment) {
		this.port = options.port;
		this.options = options;
		this.world = world;
		world.onListener(this, true);
	}

	read(): TCP | undefined {
		return this.pending.shift();
	}

	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.world.onListener(this, false);
	}

	/** A client sends a request; `onEnd`: the board has closed the connection, with the response. */
	request(text: string, onEnd: (response: string) => void): void {
		this.pending.push(new ClientConnection(text, onEnd));
		this.options.onReadable?.(this.pending.length);
	}
}

/** What a client sends, and what it received. */
class ClientConnection implements TCP {
	readonly remoteAddress = clientAddress;
	readonly remotePort = 50_000;
	readonly onEnd: (response: string) => void;
	private readonly unread: Buffer[];
	private readonly received: Buffer[] = [];

	constructor(request: string, onEnd: (response: string) => void) {
		this.unread = [Buffer.from(request, "latin1")];
		this.onEnd = onEnd;
	}

	get unreadBytes(): number {
		return this.unread[0]?.length ?? 0;
	}

	read(buffer: Bytes): number {
		const [bytes] = this.unread;
		if (bytes === undefined) return 0;
		const part = bytes.subarray(0, buffer.length);
		buffer.set(part);
		this.unread[0] = bytes.subarray(part.length);
		return part.length;
	}

	write(buffer: Bytes): void {
		this.received.push(Buffer.from(buffer));
	}

	close(): void {
		this.onEnd(Buffer.concat(this.received).toString("latin1"));
	}
}

/** A client's connection, taken over by the board. */
export class AcceptedConnection implements TCP {
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
	private readonly options: TCPFromOptions;
	private readonly world: LocalNetworkEnvironment;
	private readonly client: ClientConnection;
	private room = windowBytes;
	private closed = false;

	constructor(options: TCPOptions | TCPFromOptions, world: LocalNetworkEnvironment) {
		if (!("from" in options && options.from instanceof ClientConnection))
			throw new Error("the firmware must not connect without TLS");
		this.options = options;
		this.world = world;
		this.client = options.from;
		this.remoteAddress = this.client.remoteAddress;
		this.remotePort = this.client.remotePort;
		world.onClients(1);
		this.later(() => options.onWritable?.(this.room));
		this.later(() => options.onReadable?.(this.client.unreadBytes));
	}

	read(buffer: Bytes): number {
		return this.client.read(buffer);
	}

	write(buffer: Bytes): void {
		if (buffer.length > this.room) throw new RangeError("more was written than onWritable announced");
		this.room -= buffer.length;
		this.client.write(buffer);
		this.later(() => {
			this.room += buffer.length;
			this.options.onWritable?.(this.room);
		});
	}

	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.world.onClients(-1);
		this.client.close();
	}

	private later(callback: () => void): void {
		this.world.after(1, () => {
			if (!this.closed) callback();
		});
	}
}
