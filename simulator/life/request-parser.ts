/** The service's end of a connection to the board. */
export interface BoardSender {
	/** The board has closed its end; data sent before may still arrive. */
	readonly isClosed: boolean;
	/** Calls `delivered` when the board has received the last byte. */
	send(bytes: Uint8Array, delivered?: () => void): void;
	/** Calls `arrived` when the board has noticed the reset. */
	reset(arrived?: () => void): void;
	/** Calls back after this many milliseconds unless the connection is closed by then. */
	after(delay: number, callback: () => void): void;
}

export interface ReceivedRequest {
	readonly method: string;
	readonly path: string;
	/** By lower-case name. */
	readonly headers: ReadonlyMap<string, string>;
	readonly body: Uint8Array;
}

export interface RequestListener {
	/** Data has arrived. `isFirst`: of a request. Returns false if the service ignores it. */
	onBytes(bytes: Uint8Array, isFirst: boolean): boolean;
	onRequest(request: ReceivedRequest): void;
	/** Another request began before the response to the previous one. */
	onPipelined(): void;
}

const headEnd = Buffer.from("\r\n\r\n");

/** Parses the requests of one connection. */
export class RequestParser {
	private readonly listener: RequestListener;
	private bytes = Buffer.alloc(1024);
	private length = 0;
	/** A part of the current request has arrived, ignored or not. */
	private hasBegun = false;
	/** Length of the current request's head, and of the whole request once the head is complete. */
	private headBytes = 0;
	private expectedBytes = 0;

	constructor(listener: RequestListener) {
		this.listener = listener;
	}

	receive(bytes: Uint8Array): void {
		const isFirst = !this.hasBegun;
		this.hasBegun = true;
		if (!this.listener.onBytes(bytes, isFirst)) return;
		this.append(bytes);
		if (this.expectedBytes === 0) this.findHead();
		if (this.expectedBytes === 0 || this.length < this.expectedBytes) return;
		if (this.length > this.expectedBytes) this.listener.onPipelined();
		const request = readRequest(this.bytes, this.headBytes, this.expectedBytes);
		this.length = this.expectedBytes = 0;
		this.hasBegun = false;
		this.listener.onRequest(request);
	}

	private append(bytes: Uint8Array): void {
		const length = this.length + bytes.length;
		if (length > this.bytes.length) {
			const larger = Buffer.alloc(2 * length);
			this.bytes.copy(larger, 0, 0, this.length);
			this.bytes = larger;
		}
		this.bytes.set(bytes, this.length);
		this.length = length;
	}

	private findHead(): void {
		const end = this.bytes.indexOf(headEnd);
		if (end < 0 || end + headEnd.length > this.length) return;
		this.headBytes = end + headEnd.length;
		const [, length = "0"] = /\r\ncontent-length: *(\d+)/i.exec(this.bytes.toString("latin1", 0, end)) ?? [];
		this.expectedBytes = this.headBytes + Number(length);
	}
}

function readRequest(bytes: Buffer, head: number, end: number): ReceivedRequest {
	const [first = "", ...lines] = bytes.toString("latin1", 0, head - headEnd.length).split("\r\n");
	const [method = "", path = ""] = first.split(" ");
	const headers = new Map<string, string>();
	for (const line of lines) {
		const colon = line.indexOf(":");
		headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
	}
	return { method, path, headers, body: bytes.subarray(head, end) };
}
