import type { Pins, Time } from "../src/boards/board";
import type { Digital, Flash, SMBus, TCP, TCPCallbacks } from "../src/boards/ecma419";
import { makeNative, native } from "./xs-native";

/**
 * A minimal board for XS. What the firmware calls of it at each reading stands in for C and counts as such calls do, so
 * that the meter counts the firmware.
 */

const blockLength = 4096;

/** 1 MiB of flash, or another number of blocks, without checks. */
export class BareFlash implements Flash {
	readonly image: Uint8Array;
	private readonly blocks: number;

	constructor(blocks = 256) {
		this.blocks = blocks;
		this.image = new Uint8Array(blocks * blockLength).fill(0xff);
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		buffer.set(this.image.subarray(byteOffset, byteOffset + buffer.length));
		return buffer.length;
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		this.image.set(buffer, byteOffset);
	}

	eraseBlock(start: number, end: number): void {
		this.image.fill(0xff, start * blockLength, end * blockLength);
	}

	status() {
		const { blocks } = this;
		return { size: blocks * blockLength, blockLength, blocks };
	}

	close(): void {}
}

makeNative(BareFlash.prototype, "read", "write", "eraseBlock");

/** Key-value storage as NVS appears to JavaScript: it copies bytes. */
export class BareKeyValue {
	private readonly values = new Map<string, ArrayBuffer>();

	read(key: string): ArrayBuffer | undefined {
		return this.values.get(key);
	}

	write(key: string, value: Uint8Array): void {
		this.values.set(key, value.slice().buffer);
	}

	delete(key: string): void {
		this.values.delete(key);
	}
}

makeNative(BareKeyValue.prototype, "read", "write", "delete");

/** Time that jumps to the next timer. */
export const skippingTime: Time & { now: number } = {
	now: 0,
	ticks: () => skippingTime.now,
	set: native((callback, delay) => {
		void Promise.resolve().then(() => {
			skippingTime.now += delay;
			callback();
		});
		return {};
	}),
	clear() {},
	setWallClock() {},
};

/** Time in which no deadline expires. */
export const frozenTime: Time = { ticks: () => 0, set: () => ({}), clear() {}, setWallClock() {} };

/**
 * The registers of a BME280 that has just measured, with the calibration and the raw values of the data sheet's example
 * (see `simulator/chips/bme280.ts`).
 */
const registers = new Uint8Array(256);
registers.set(
	[
		...[0x70, 0x6b, 0x43, 0x67, 0x18, 0xfc, 0x7d, 0x8e, 0x43, 0xd6, 0xd0, 0x0b],
		...[0x27, 0x0b, 0x8c, 0x00, 0xf9, 0xff, 0x8c, 0x3c, 0xf8, 0xc6, 0x70, 0x17],
	],
	0x88,
);
registers[0xa1] = 75;
registers.set([0x6a, 0x01, 0x00, 0x14, 0x2b, 0x03, 0x1e], 0xe1);
registers[0xd0] = 0x60;
registers.set([0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 0x74, 0x00], 0xf7);

/** Changes the conditions slightly. */
export const setAir = native((index: number) => {
	registers[0xf9] = (index % 5) * 0x30;
	registers[0xfc] = (index % 7) * 0x20;
	registers[0xfe] = (index % 3) * 0x18;
});

/** The bus with that one chip at 0x76. */
export class BareBus implements SMBus {
	private readonly options: { readonly address: number };

	constructor(options: { readonly address: number }) {
		this.options = options;
	}

	readUint8(register: number): number {
		this.acknowledge();
		return registers[register] ?? 0;
	}

	writeUint8(register: number, value: number): void {
		this.acknowledge();
		// A measurement completes at once.
		registers[register] = register === 0xf4 ? value & ~3 : value;
	}

	readBuffer(register: number, buffer: Uint8Array): void {
		this.acknowledge();
		buffer.set(registers.subarray(register, register + buffer.length));
	}

	readUint16(register: number): number {
		return this.readUint8(register) * 256 + this.readUint8(register + 1);
	}

	read(): number {
		throw new Error("not acknowledged");
	}

	write(): void {
		this.acknowledge();
	}

	writeUint16(): void {
		this.acknowledge();
	}

	writeBuffer(): void {
		this.acknowledge();
	}

	close(): void {}

	private acknowledge(): void {
		if (this.options.address !== 0x76) throw new Error("not acknowledged");
	}
}

makeNative(BareBus.prototype, "readUint8", "writeUint8", "readBuffer", "readUint16");
makeNative(BareBus.prototype, "read", "write", "writeUint16", "writeBuffer", "close");

export const bareBus = { io: BareBus, data: 21, clock: 22, hz: 100_000 };

class BarePin implements Digital {
	static readonly Input = 0;
	static readonly InputPullUp = 1;
	static readonly InputPullDown = 2;
	static readonly Output = 3;
	static readonly Rising = 1;
	static readonly Falling = 2;

	read(): 0 | 1 {
		return 1;
	}

	write(): void {}

	close(): void {}
}

class NoPin {
	constructor() {
		throw new Error("no such pin");
	}

	readonly resolution = 0;

	read(): never {
		throw new Error("no such pin");
	}

	search(): never {
		return this.read();
	}

	reset(): never {
		return this.read();
	}

	write(): void {}

	close(): void {}
}

export const barePins: Pins = {
	Digital: BarePin,
	Analog: NoPin,
	OneWire: NoPin,
	Serial: NoPin,
	analogRangeV: 3.3,
	problemOf: () => undefined,
};

const writableBytes = 4096;
const answer = answerBytes();

/** A connection that accepts everything and responds with 201 at the end of a request. */
class BareConnection implements TCP {
	readonly remoteAddress = undefined;
	readonly remotePort = undefined;
	private readonly options: TCPCallbacks;
	private written = false;
	private _read = 0;

	constructor(options: TCPCallbacks) {
		this.options = options;
		void Promise.resolve().then(() => this.goOn());
	}

	write(): void {
		this.written = true;
	}

	read(buffer: Uint8Array): number {
		const part = answer.subarray(this._read, this._read + buffer.length);
		buffer.set(part);
		this._read += part.length;
		return part.length;
	}

	close(): void {}

	private goOn(): void {
		this.written = false;
		this.options.onWritable?.(writableBytes);
		void Promise.resolve().then(() => {
			if (this.written) this.goOn();
			else this.options.onReadable?.(answer.length);
		});
	}
}

export const bareNetwork = {
	TCP: BareConnection,
	TLS: BareConnection,
	resolver: {
		resolve: ({ host, onResolved }: { host: string; onResolved(host: string, address: string): void }) =>
			onResolved(host, "192.0.2.1"),
	},
};

/** The embedded server's response to a batch. */
function answerBytes(): Uint8Array {
	const body = '{"message":"Batch of 1000 data points stored","count":1000}';
	const head = [
		"HTTP/1.1 201 Created",
		"Content-Type: application/json; charset=utf-8",
		"X-RateLimit-Limit: 10000",
		"X-RateLimit-Remaining: 9999",
		"X-RateLimit-Reset: 1796083200",
		"Date: Tue, 24 Nov 2026 12:00:00 GMT",
		"Connection: keep-alive",
		`Content-Length: ${body.length}`,
	];
	const text = `${head.join("\r\n")}\r\n\r\n${body}`;
	return Uint8Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}
