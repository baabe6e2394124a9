/**
 * The ECMA-419 (Embedded systems API) classes that the firmware uses, as TypeScript interfaces. The SDK provides them on
 * the chip, `boards/node` and `boards/lin` on a computer.
 *
 * Two guarantees go beyond the standard, and every board gives them:
 * 1. after `close()` no callback of that object is called;
 * 2. no exception reaches the platform: a failure is reported to `onError`.
 *
 * Additions to the standard are `onConnected` and `onVerified` of TLS, `multicast` of UDP, and `passwordRefused` of
 * Wi-Fi.
 */

/** A buffer as the standard takes it; the firmware always passes byte views. */
export type Bytes = Uint8Array;

/** A constructor together with the options that are the same for each use (ECMA-419 host provider instance). */
export type Provider<Constructor, Options = unknown> = { readonly io: Constructor } & Options;

// --- TCP, TLS, Listener, UDP (ECMA-419, IO classes) ---

export interface TCPCallbacks {
	/** `count` bytes can be read. */
	onReadable?(count: number): void;
	/** `count` bytes can be written. First called once connected (TLS: once secure). */
	onWritable?(count: number): void;
	/**
	 * The connection was refused, reset, timed out or closed by the peer. All received data was announced with `onReadable`
	 * and read before. `error`: the reason, if the platform knows it.
	 */
	onError?(error?: Error): void;
}

export interface TCPOptions extends TCPCallbacks {
	/** The peer's IPv4 address in dotted form. */
	address: string;
	port: number;
	/** Send each write at once (TCP_NODELAY). */
	nodelay?: boolean;
}

/** Takes over a connection accepted by a {@link Listener}. */
export interface TCPFromOptions extends TCPCallbacks {
	from: TCP;
}

export interface TCP {
	/** Reads up to `buffer.length` bytes into `buffer`; returns how many. */
	read(buffer: Bytes): number;
	/** Writes all of `buffer`. Throws if it exceeds what `onWritable` announced minus what was written since. */
	write(buffer: Bytes): void;
	close(): void;
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
}

export type TCPConstructor = new (options: TCPOptions | TCPFromOptions) => TCP;

export interface TLSOptions extends TCPOptions {
	/** The name that the server's certificate must have; also sent as SNI. */
	host: string;
	/** The TCP connection is made and the handshake begins, on boards that report it. */
	onConnected?(): void;
	/** The server's certificate was verified; `issuer`: name of the authority that signed it. */
	onVerified?(issuer: string): void;
	secure?: {
		/** Root certificates trusted besides the board's bundle, DER. */
		ca?: readonly Bytes[];
	};
}

/** A TLS client over TCP; `onWritable` implies a verified certificate. */
export type TLSConstructor = new (options: TLSOptions) => TCP;

export interface ListenerOptions {
	/** 0 for any free port. */
	port: number;
	address?: string;
	/** `count` connections can be read. */
	onReadable?(count: number): void;
	onError?(error?: Error): void;
}

export interface Listener {
	/** The next accepted connection, for `from` of a TCP constructor. */
	read(): TCP | undefined;
	close(): void;
	readonly port: number;
}

export type ListenerConstructor = new (options: ListenerOptions) => Listener;

export interface UDPOptions {
	/** Local port; default: any. */
	port?: number;
	/** Also receives packets to this multicast group in the current network; not every board can. */
	multicast?: string;
	/** `count` packets can be read. */
	onReadable?(count: number): void;
	onError?(error?: Error): void;
}

/** A packet with its sender. */
export type UDPPacket = ArrayBuffer & { readonly address: string; readonly port: number };

export interface UDP {
	read(): UDPPacket | undefined;
	write(buffer: Bytes, address: string, port: number): void;
	close(): void;
}

export type UDPConstructor = new (options: UDPOptions) => UDP;

/** DNS resolver (ECMA-419 network). Dotted addresses resolve to themselves. May never call back: set a timeout. */
export interface Resolver {
	resolve(options: {
		host: string;
		onResolved(host: string, address: string): void;
		onError(host: string): void;
	}): void;
}

// --- Wi-Fi station (ECMA-419 network interface) ---

/** `connection` of {@link WiFi}: idle, joining, joined without an address, joined with one. */
export const WiFiConnection = Object.freeze({ idle: 200, connecting: 300, associated: 400, connected: 500 });

export interface WiFi {
	connect(options: { SSID: string; password?: string }): void;
	/**
	 * As `connect`, but only on the channel of the last join (kept over a deep sleep), without a scan. `false`: not known. A
	 * failure may cause no event.
	 */
	reconnect?(options: { SSID: string; password?: string }): boolean;
	disconnect(): void;
	close(): void;
	/** One of {@link WiFiConnection}. */
	readonly connection: number;
	readonly address: string | undefined;
	readonly MAC: string | undefined;
	readonly SSID: string | undefined;
	/** Received signal strength, dBm. */
	readonly RSSI: number | undefined;
	/** Whether the last attempt to join failed because of the password, on boards that report it. */
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

/** A NOR flash partition: a write clears bits, an erase sets all bits of its blocks. Every call blocks. */
export interface Flash {
	read(buffer: Bytes, byteOffset: number): number;
	write(buffer: Bytes, byteOffset: number): void;
	/** Erases the blocks from `start` up to, not including, `end`. */
	eraseBlock(start: number, end: number): void;
	status(): FlashStatus;
	close(): void;
}

export interface FlashStorage {
	/** Throws if there is no such partition. */
	open(options: { path: string; mode?: "r" | "r+" }): Flash;
}

/** One domain of key-value storage, format `buffer`. NVS on the chip: keys of up to 15 characters. */
export interface KeyValue {
	/** `undefined` if there is no such key. */
	read(key: string): ArrayBuffer | undefined;
	/** Atomic, and durable when it returns. */
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
	/** Milliseconds that a transfer may block; an option of the SDK, not of the standard. */
	timeout?: number;
}

/** A peripheral on an I2C bus. Read and write throw if it does not acknowledge. */
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

/** An I2C bus as a provider: all options but the peripheral's address. */
export type I2CBus = Provider<SMBusConstructor, Omit<I2COptions, "address">>;

// --- Digital and Analog (ECMA-419, IO classes) ---

export interface DigitalOptions {
	pin: number;
	/** One of the modes of the class. */
	mode: number;
	/** Edges that call `onReadable`: one or both of those of the class. */
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

/** A serial port that only receives (ECMA-419, Serial, format `buffer`). */
export interface Serial {
	/** Bytes received since the last call; `undefined`: none. The hardware buffers 128 bytes. */
	read(): ArrayBuffer | undefined;
	/** May be called twice. */
	close(): void;
}

/** Throws for an unusable pin, and while the port is open. */
export type SerialConstructor = new (options: { receive: number; baud: number }) => Serial;

export interface Analog {
	/** 0 … 2^resolution − 1. */
	read(): number;
	/** Bits. */
	readonly resolution: number;
	/** `false`: the converter has no calibration, and is off by up to a tenth. Not in the standard. */
	readonly isCalibrated?: boolean;
	close(): void;
}

export type AnalogConstructor = new (options: { pin: number }) => Analog;
