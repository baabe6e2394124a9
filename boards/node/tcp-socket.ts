import type { Socket } from "node:net";
import type { Bytes, TCP, TCPCallbacks, TLSOptions } from "../../src/boards/ecma419";
import type { Hold } from "./real-time-hold";

/** Receive and send buffer, about as on a chip with lwIP. */
const bufferBytes = 4096;
/** Time for the peer to receive what was written before the close. */
const lingerMs = 5_000;

export interface NodeTCPSocketOptions {
	readonly socket: Socket;
	/** The event that makes the connection usable; omitted if it already is. */
	readonly openEvent?: "connect" | "secureConnect";
	readonly callbacks: Pick<TLSOptions, keyof TCPCallbacks | "onConnected">;
	readonly hold: Hold;
	/** Called once it is usable, before any callback. */
	onOpen?(): void;
	/** Describes an error of this kind of socket. */
	explain(error: Error): Error;
}

/**
 * A Node socket as an ECMA-419 TCP object that behaves as on a chip: it buffers at most 4 KB in each direction, calls back
 * only from the event loop and never after `close`, and reports the end of a connection after all received data.
 */
export class NodeTCPSocket implements TCP {
	private readonly callbacks: NodeTCPSocketOptions["callbacks"];
	private readonly release: () => void;
	/** `undefined` once closed. */
	private socket: Socket | undefined;
	private readonly chunks: Uint8Array[] = [];
	/** Bytes in {@link chunks}. */
	private receivedBytes = 0;
	/** Announced part of {@link receivedBytes}. */
	private announcedBytes = 0;
	/** `undefined` before the connection is open. */
	private writableBytes: number | undefined;
	/** Set once no more data will arrive. */
	private endReason: { readonly error: Error | undefined } | undefined;
	private isScheduled = false;

	constructor({ socket, openEvent, callbacks, hold, onOpen, explain }: NodeTCPSocketOptions) {
		this.socket = socket;
		this.callbacks = callbacks;
		this.release = hold();
		if (openEvent === undefined) setImmediate(() => this.open());
		else
			socket.once(openEvent, () => {
				this.call(() => onOpen?.());
				this.open();
			});
		if (openEvent === "secureConnect")
			socket.once("connect", () => this.call(() => callbacks.onConnected?.()));
		socket.on("data", (data) => this.receive(data));
		socket.on("end", () => this.finish(undefined));
		socket.on("close", () => this.finish(undefined));
		socket.on("error", (error) => this.finish(explain(error)));
		if (socket.destroyed) this.finish(undefined);
	}

	get remoteAddress(): string | undefined {
		return this.socket?.remoteAddress;
	}

	get remotePort(): number | undefined {
		return this.socket?.remotePort;
	}

	read(buffer: Bytes): number {
		let count = 0;
		const length = Math.min(buffer.length, this.announcedBytes);
		while (count < length) {
			const chunk = this.chunks.shift();
			if (chunk === undefined) break;
			const part = chunk.subarray(0, length - count);
			buffer.set(part, count);
			count += part.length;
			if (part.length < chunk.length) this.chunks.unshift(chunk.subarray(part.length));
		}
		this.announcedBytes -= count;
		this.receivedBytes -= count;
		this.schedule();
		return count;
	}

	write(buffer: Bytes): void {
		if (this.socket === undefined || this.writableBytes === undefined)
			throw new Error("the connection is not open");
		if (buffer.length > this.writableBytes)
			throw new RangeError(
				`${buffer.length} bytes do not fit into the ${this.writableBytes} that were announced`,
			);
		if (this.endReason !== undefined) return;
		this.writableBytes -= buffer.length;
		// A copy: the caller may reuse its buffer.
		this.socket.write(Uint8Array.from(buffer), () => {
			this.writableBytes = (this.writableBytes ?? 0) + buffer.length;
			this.announceRoom();
		});
	}

	close(): void {
		const socket = this.socket;
		if (socket === undefined) return;
		this.socket = undefined;
		this.chunks.length = this.receivedBytes = this.announcedBytes = 0;
		this.release();
		if (this.writableBytes === undefined) socket.destroy();
		socket.setTimeout(lingerMs, () => socket.destroy());
		// Written data is still sent.
		socket.destroySoon();
	}

	private open(): void {
		this.writableBytes = bufferBytes;
		this.announceRoom();
		this.socket?.resume();
	}

	private announceRoom(): void {
		if (this.endReason === undefined) this.call(() => this.callbacks.onWritable?.(this.writableBytes ?? 0));
	}

	private receive(data: Uint8Array): void {
		if (this.socket === undefined) return;
		this.chunks.push(data);
		this.receivedBytes += data.length;
		if (this.receivedBytes >= bufferBytes) this.socket.pause();
		this.announceData();
	}

	private announceData(): void {
		const readable = Math.min(this.receivedBytes, bufferBytes);
		if (readable === this.announcedBytes) return;
		this.announcedBytes = readable;
		this.call(() => this.callbacks.onReadable?.(readable));
	}

	private finish(error: Error | undefined): void {
		this.endReason ??= { error };
		this.schedule();
	}

	/** Delivers events in a later turn of the event loop, so that no callback runs within a call. */
	private schedule(): void {
		if (this.isScheduled) return;
		this.isScheduled = true;
		setImmediate(() => {
			this.isScheduled = false;
			this.advance();
		});
	}

	private advance(): void {
		if (this.receivedBytes === 0 && this.endReason !== undefined) this.fail(this.endReason.error);
		else if (this.announcedBytes === 0) this.announceData();
		if (this.receivedBytes < bufferBytes) this.socket?.resume();
	}

	private fail(error: Error | undefined): void {
		if (this.socket === undefined) return;
		this.close();
		try {
			this.callbacks.onError?.(error);
		} catch (thrown) {
			// Nothing else can handle it: warn the developer.
			process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
		}
	}

	private call(callback: () => void): void {
		if (this.socket === undefined) return;
		try {
			callback();
		} catch (thrown) {
			this.fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
		}
	}
}
