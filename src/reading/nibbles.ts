import { asciiText } from "../common/utf8";

/** A word above this one is full: six nibbles after its leading 1. */
const maxWord = 0xffffff;

/**
 * Writes integers as nibbles: three bits each, lowest first, and one bit that says whether more follow. A small difference
 * between two readings mostly fits one nibble.
 */
export class NibbleWriter {
	private _bytes: Uint8Array;
	/** The same bytes. */
	private view: DataView;
	/** Bytes written. */
	private length = 0;
	/** The nibbles after them, with a leading 1. */
	private word = 1;

	/** `capacity`: bytes at first, 8 or more. */
	constructor(capacity: number) {
		this._bytes = new Uint8Array(capacity);
		this.view = new DataView(this._bytes.buffer);
	}

	clear(): void {
		this.length = 0;
		this.word = 1;
	}

	/** The bytes written, an odd last nibble padded with zeros; valid until the next write. */
	get bytes(): Uint8Array {
		return this._bytes.subarray(0, this.length + ((this.putWord() + 1) >> 1));
	}

	nibble(value: number): void {
		const word = (this.word << 4) | value;
		this.word = word;
		if (word > maxWord) this.flush();
	}

	/** An integer from 0 to 2^53 - 1. */
	unsigned(value: number): void {
		let rest = value;
		while (rest > 0x7fffffff) {
			this.nibble(8 | (rest % 8));
			rest = Math.floor(rest / 8);
		}
		// As `nibble` does.
		let { word } = this;
		while (rest > 7) {
			word = (word << 4) | 8 | (rest & 7);
			rest >>>= 3;
			if (word <= maxWord) continue;
			this.word = word;
			this.flush();
			word = 1;
		}
		word = (word << 4) | rest;
		this.word = word;
		if (word > maxWord) this.flush();
	}

	/** An integer from -2^31 to 2^31 - 1 (zigzag): short for small numbers of either sign. */
	signed(value: number): void {
		const rest = ((value << 1) ^ (value >> 31)) >>> 0;
		if (rest > 7) {
			this.unsigned(rest);
			return;
		}
		// As `nibble` does: most numbers are short, and there are many.
		const word = (this.word << 4) | rest;
		this.word = word;
		if (word > maxWord) this.flush();
	}

	byte(value: number): void {
		this.nibble(value >> 4);
		this.nibble(value & 15);
	}

	octets(octets: Uint8Array): void {
		const count = octets.length;
		const nibbles = this.putWord();
		const at = this.length + (nibbles >> 1);
		this.reserve(at + count);
		const { _bytes: bytes, view, word } = this;
		if (nibbles & 1) {
			let before = word;
			let i = 0;
			const source = viewOf(octets, 0);
			for (; i + 4 <= count; i += 4) {
				const four = source.getInt32(i);
				view.setInt32(at + i, (before << 28) | (four >>> 4));
				before = four;
			}
			for (; i < count; i++) {
				const octet = octets[i] ?? 0;
				bytes[at + i] = (before << 4) | (octet >> 4);
				before = octet;
			}
			this.word = 0x10 | (before & 15);
		} else {
			bytes.set(octets, at);
			this.word = 1;
		}
		this.length = at + count;
	}

	float(value: number): void {
		const octets = new Uint8Array(8);
		new DataView(octets.buffer).setFloat64(0, value);
		this.octets(octets);
	}

	/** Puts the word behind the bytes; returns how many nibbles it has. */
	private putWord(): number {
		const { word } = this;
		const bits = (31 - Math.clz32(word)) & ~3;
		if (bits > 0) this.view.setInt32(this.length, word << (32 - bits));
		return bits >> 2;
	}

	private flush(): void {
		this.view.setInt32(this.length, this.word << 8);
		const length = this.length + 3;
		this.length = length;
		this.word = 1;
		if (length + 4 > this._bytes.length) this.reserve(length);
	}

	/** Makes room for `length` bytes and a word. */
	private reserve(length: number): void {
		const before = this._bytes;
		if (length + 4 <= before.length) return;
		const bytes = new Uint8Array(2 * length + 4);
		bytes.set(before);
		this._bytes = bytes;
		this.view = new DataView(bytes.buffer);
	}
}

function viewOf(bytes: Uint8Array, start: number): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset + start);
}

const maxUnsigned = Number.MAX_SAFE_INTEGER;
/** Of its last nibble. */
const maxScale = 2 ** 51;
/** In flash: a buffer of each reader would take 128 bytes of memory. */
const noBytes: Uint8Array = new Uint8Array(0);

/** Reads what {@link NibbleWriter} wrote. Beyond the end it returns 0 and sets {@link failed}. */
export class NibbleReader {
	private _bytes = noBytes;
	private at = 0;
	private end = 0;
	private _failed = false;
	/** See {@link shiftedBytes}; empty before. */
	private shifted = noBytes;

	open(bytes: Uint8Array): void {
		this._bytes = bytes;
		this.shifted = noBytes;
		this.at = 0;
		this.end = bytes.length * 2;
		this._failed = false;
	}

	/** Whether the input was too short or malformed. */
	get failed(): boolean {
		return this._failed;
	}

	/** Remaining nibbles. */
	get remaining(): number {
		return this.end - this.at;
	}

	/** Marks the input as malformed. */
	fail(): void {
		this._failed = true;
		this.at = this.end;
	}

	nibble(): number {
		const at = this.at;
		const byte = this._bytes[at >> 1];
		if (byte === undefined) {
			this._failed = true;
			return 0;
		}
		this.at = at + 1;
		return at & 1 ? byte & 15 : byte >> 4;
	}

	unsigned(): number {
		const bytes = this._bytes;
		let at = this.at;
		let value = 0;
		let scale = 1;
		for (let byte = bytes[at >> 1]; byte !== undefined; byte = bytes[at >> 1]) {
			const nibble = at++ & 1 ? byte & 15 : byte >> 4;
			if (nibble < 8) {
				value += nibble * scale;
				this.at = at;
				if (scale > maxScale || value > maxUnsigned) break;
				return value;
			}
			value += (nibble - 8) * scale;
			scale *= 8;
		}
		this.fail();
		return 0;
	}

	signed(): number {
		const value = this.unsigned();
		if (value > 0xffffffff) this.fail();
		return (value >>> 1) ^ -(value & 1);
	}

	byte(): number {
		const { at, _bytes: bytes } = this;
		if (at + 2 > this.end) return (this.nibble() << 4) | this.nibble();
		this.at = at + 2;
		const byte = bytes[at >> 1] ?? 0;
		return at & 1 ? ((byte & 15) << 4) | ((bytes[(at >> 1) + 1] ?? 0) >> 4) : byte;
	}

	/** The next bytes as a text, if all of them are there and ASCII; else they stay the next ones. */
	asciiText(count: number): string | undefined {
		const at = this.at;
		if (at + 2 * count > this.end) return undefined;
		const bytes = at & 1 ? this.shiftedBytes() : this._bytes;
		const text = asciiText(bytes, at >> 1, count);
		if (text !== undefined) this.at = at + 2 * count;
		return text;
	}

	/** The bytes a nibble earlier; of texts there are mostly several. */
	private shiftedBytes(): Uint8Array {
		const { shifted, _bytes: bytes } = this;
		if (shifted.length > 0) return shifted;
		const last = bytes.length - 1;
		const moved = new Uint8Array(last);
		const source = viewOf(bytes, 0);
		const view = viewOf(moved, 0);
		let i = 0;
		for (; i + 4 <= last; i += 4) view.setInt32(i, (source.getInt32(i) << 4) | (source.getUint8(i + 4) >> 4));
		for (; i < last; i++) view.setUint8(i, source.getUint16(i) >> 4);
		this.shifted = moved;
		return moved;
	}

	float(): number {
		const bytes = new Uint8Array(8);
		for (let i = 0; i < bytes.length; i++) bytes[i] = this.byte();
		return new DataView(bytes.buffer).getFloat64(0);
	}
}
