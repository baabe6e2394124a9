/**
 * The classes of ECMA-419 (Embedded systems API) that the firmware uses, as TypeScript shapes.
 *
 * The SDK provides them on the chip; `boards/node` and `boards/lin` provide what their machines lack. Options
 * objects, `close()` that may be called twice, and callbacks that receive a count are the standard's.
 *
 * Two promises go further than the standard, and every board keeps them:
 * 1. after `close()` no callback of that object is called;
 * 2. nothing is thrown into the platform: a failure reaches `onError`.
 */

/** A buffer as the standard takes it; the firmware always passes byte views. */
export type Bytes = Uint8Array;

/** A constructor together with the options that are the same for each use (ECMA-419 host provider instance). */
export type Provider<Constructor, Options = unknown> = { readonly io: Constructor } & Options;

// --- TCP, TLS, Listener, UDP (ECMA-419, IO classes) ---

export interface TCPCallbacks {
	/** `count` bytes can be read. */
	onReadable?(count: number): void;
	/** `count` bytes can be written. First called when the connection is made (under TLS: when it is secure). */
	onWritable?(count: number): void;
	/**
	 * The connection is gone: refused, reset, timed out or closed by the peer. What had arrived was announced
	 * with `onReadable` and read before. `error` says why, where the platform knows.
	 */
	onError?(error?: Error): void;
}

export interface TCPOptions extends TCPCallbacks {
	/** The peer's IP address in dotted form; names are resolved before. */
	address: string;
	port: number;
	/** Send each write at once (TCP_NODELAY). */
	nodelay?: boolean;
}

/** A connection that was accepted by a {@link Listener}, taken over. */
export interface TCPFromOptions extends TCPCallbacks {
	from: TCP;
}

export interface TCP {
	/** Up to `buffer.length` bytes into `buffer`; returns how many. Reading more than was announced reads what is there. */
	read(buffer: Bytes): number;
	/** Writes all of `buffer`. Throws when it is longer than what `onWritable` announced less what was written since. */
	write(buffer: Bytes): void;
	close(): void;
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
}

export type TCPConstructor = new (options: TCPOptions | TCPFromOptions) => TCP;

export interface TLSOptions extends TCPOptions {
	/** The name that the server's certificate must carry, also sent as SNI. */
	host: string;
	/** The TCP connection is made and the handshake begins; on a board that can tell. */
	onConnected?(): void;
	/** The server's certificate was verified; `issuer`: the authority that signed it, by the name it has in it. */
	onVerified?(issuer: string): void;
	secure?: {
		/** Root certificates trusted besides the board's bundle, DER. */
		ca?: readonly Bytes[];
	};
}

/** A TLS client over TCP: `onWritable` means that the server's certificate chain was verified. */
export type TLSConstructor = new (options: TLSOptions) => TCP;

export interface ListenerOptions {
	/** 0 for any free port. */
	port: number;
	address?: string;
	/** `count` connections wait to be read. */
	onReadable?(count: number): void;
	onError?(error?: Error): void;
}

export interface Listener {
	/** The next accepted connection, to be passed as `from` to a TCP constructor. */
	read(): TCP | undefined;
	close(): void;
	readonly port: number;
}

export type ListenerConstructor = new (options: ListenerOptions) => Listener;

export interface UDPOptions {
	/** Local port; left out for any. */
	port?: number;
	/** `count` packets can be read. */
	onReadable?(count: number): void;
	onError?(error?: Error): void;
}

/** A packet, with its sender. */
export type UDPPacket = ArrayBuffer & { readonly address: string; readonly port: number };

export interface UDP {
	read(): UDPPacket | undefined;
	write(buffer: Bytes, address: string, port: number): void;
	close(): void;
}

export type UDPConstructor = new (options: UDPOptions) => UDP;

/** DNS resolver (ECMA-419 network). Dotted addresses resolve to themselves. May never answer: set a deadline. */
export interface Resolver {
	resolve(options: {
		host: string;
		onResolved(host: string, address: string): void;
		onError(host: string): void;
	}): void;
}

// --- Wi-Fi station (ECMA-419 network interface) ---

/** `connection` of {@link WiFi}: idle, joining, joined without an address, joined with an address. */
export const WiFiConnection = Object.freeze({ idle: 200, connecting: 300, associated: 400, connected: 500 });

export interface WiFi {
	connect(options: { SSID: string; password?: string }): void;
	disconnect(): void;
	close(): void;
	/** One of {@link WiFiConnection}. */
	readonly connection: number;
	readonly address: string | undefined;
	readonly MAC: string | undefined;
	readonly SSID: string | undefined;
	/** Received signal strength, dBm. */
	readonly RSSI: number | undefined;
	/** Set when the last attempt to join ended because the password was not accepted, on a board that can tell. */
	readonly passwordRefused?: boolean;
}

export type WiFiConstructor = new (options: { onChanged?(property: "connection" | "address"): void }) => WiFi;

// --- Storage (ECMA-419 storage) ---

export interface FlashStatus {
	/** Bytes. */
	readonly size: number;
	/** Bytes of one erase block (a sector). */
	readonly blockLength: number;
	readonly blocks: number;
}

/** A flash partition, NOR rules: a write clears bits, an erase sets all bits of its blocks. Every call blocks. */
export interface Flash {
	read(buffer: Bytes, byteOffset: number): number;
	write(buffer: Bytes, byteOffset: number): void;
	/** Erases blocks `start` up to, not including, `end` (block numbers). */
	eraseBlock(start: number, end: number): void;
	status(): FlashStatus;
	close(): void;
}

export interface FlashStorage {
	/** Throws when there is no partition of that name. */
	open(options: { path: string; mode?: "r" | "r+" }): Flash;
}

/** One domain of key-value storage, format `buffer`. On the chip this is NVS: keys up to 15 characters. */
export interface KeyValue {
	/** `undefined` when there is no such key. */
	read(key: string): ArrayBuffer | undefined;
	/** Durable and atomic for this key when it returns. */
	write(key: string, value: Bytes): void;
	delete(key: string): void;
	close(): void;
}

export interface KeyValueStorage {
	open(options: { path: string; format: "buffer" }): KeyValue;
}

// --- I2C and SMBus (ECMA-419 IO classes) ---

export interface I2COptions {
	/** Pin numbers. */
	data: number;
	clock: number;
	hz: number;
	/** Seven-bit address of the peripheral. */
	address: number;
	port?: number;
	/** Milliseconds that a transfer may block; the SDK's own option, of which the standard knows nothing. */
	timeout?: number;
}

/** A peripheral on an I2C bus. Read and write throw when it does not acknowledge. */
export interface I2C {
	read(buffer: Bytes, stop?: boolean): number;
	write(buffer: Bytes, stop?: boolean): void;
	close(): void;
}

/** I2C with the register conventions of SMBus. */
export interface SMBus extends I2C {
	readUint8(register: number): number;
	writeUint8(register: number, value: number): void;
	readUint16(register: number, bigEndian?: boolean): number;
	writeUint16(register: number, value: number, bigEndian?: boolean): void;
	readBuffer(register: number, buffer: Bytes): void;
	writeBuffer(register: number, buffer: Bytes): void;
}

export type SMBusConstructor = new (options: I2COptions) => SMBus;

/** An I2C bus as a provider: everything but the peripheral's address. */
export type I2CBus = Provider<SMBusConstructor, Omit<I2COptions, "address">>;

// --- Digital and Analog (ECMA-419, IO classes) ---

export interface DigitalOptions {
	pin: number;
	/** One of the modes that the class names. */
	mode: number;
	/** Which edges `onReadable` tells: one or both of those that the class names. */
	edge?: number;
	onReadable?(): void;
}

export interface Digital {
	read(): 0 | 1;
	write(value: 0 | 1): void;
	close(): void;
}

export interface DigitalConstructor {
	new (options: DigitalOptions): Digital;
	readonly Input: number;
	readonly InputPullUp: number;
	readonly InputPullDown: number;
	readonly Output: number;
	readonly Rising: number;
	readonly Falling: number;
}

export interface Analog {
	/** 0 … 2^resolution − 1. */
	read(): number;
	/** Bits. */
	readonly resolution: number;
	close(): void;
}

export type AnalogConstructor = new (options: { pin: number }) => Analog;
