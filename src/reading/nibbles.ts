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
		while (rest > 7) {
			this.nibble(8 | (rest & 7));
			rest >>>= 3;
		}
		this.nibble(rest);
	}

	/** An integer from -2^31 to 2^31 - 1 (zigzag): short for small numbers of either sign. */
	signed(value: number): void {
		let rest = ((value << 1) ^ (value >> 31)) >>> 0;
		while (rest > 7) {
			this.nibble(8 | (rest & 7));
			rest >>>= 3;
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

	open(bytes: Uint8Array): void {
		this._bytes = bytes;
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
		if (this.at >= this.end) {
			this._failed = true;
			return 0;
		}
		const byte = this._bytes[this.at >> 1] ?? 0;
		return this.at++ & 1 ? byte & 15 : byte >> 4;
	}

	unsigned(): number {
		const { _bytes: bytes, end } = this;
		let { at } = this;
		let value = 0;
		for (let scale = 1; at < end && scale <= maxScale; scale *= 8) {
			const byte = bytes[at >> 1] ?? 0;
			const nibble = at++ & 1 ? byte & 15 : byte >> 4;
			if (nibble < 8) {
				value += nibble * scale;
				this.at = at;
				if (value > maxUnsigned) this.fail();
				return value;
			}
			value += (nibble - 8) * scale;
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

	/** The next bytes, which stay the next ones; `undefined` if there are fewer. */
	peekOctets(count: number): Uint8Array | undefined {
		const { at, _bytes: bytes } = this;
		if (at + 2 * count > this.end) return undefined;
		const place = at >> 1;
		if ((at & 1) === 0) return bytes.subarray(place, place + count);
		const octets = new Uint8Array(count);
		const source = viewOf(bytes, place);
		const view = viewOf(octets, 0);
		let i = 0;
		for (; i + 4 <= count; i += 4)
			view.setInt32(i, (source.getInt32(i) << 4) | (source.getUint8(i + 4) >> 4));
		for (; i < count; i++) view.setUint8(i, source.getUint16(i) >> 4);
		return octets;
	}

	/** Skips bytes that were peeked. */
	skipOctets(count: number): void {
		this.at += 2 * count;
	}

	float(): number {
		const bytes = new Uint8Array(8);
		for (let i = 0; i < bytes.length; i++) bytes[i] = this.byte();
		return new DataView(bytes.buffer).getFloat64(0);
	}
}
