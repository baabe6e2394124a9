/** In a word of 32 bits. */
const wordNibbles = 8;

/**
 * Writes integers as nibbles: three bits each, lowest first, and one bit that says whether more follow. A small difference
 * between two readings mostly fits one nibble.
 */
export class NibbleWriter {
	private _bytes: Uint8Array;
	/** The same bytes. */
	private view: DataView;
	/** Bytes written, a word at a time. */
	private length = 0;
	/** The nibbles after them. */
	private word = 0;
	/** How many there are. */
	private count = 0;

	/** `capacity`: a multiple of 4. */
	constructor(capacity: number) {
		this._bytes = new Uint8Array(capacity);
		this.view = new DataView(this._bytes.buffer);
	}

	clear(): void {
		this.length = this.word = this.count = 0;
	}

	/** The bytes written, an odd last nibble padded with zeros; valid until the next write. */
	get bytes(): Uint8Array {
		const { count, length } = this;
		if (count > 0) this.view.setInt32(length, this.word << (4 * (wordNibbles - count)));
		return this._bytes.subarray(0, length + ((count + 1) >> 1));
	}

	nibble(value: number): void {
		this.word = (this.word << 4) | value;
		if (++this.count === wordNibbles) this.flush();
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
		this.word = (this.word << 4) | rest;
		if (++this.count === wordNibbles) this.flush();
	}

	byte(value: number): void {
		if (this.count > wordNibbles - 2) {
			this.nibble(value >> 4);
			this.nibble(value & 15);
			return;
		}
		this.word = (this.word << 8) | value;
		this.count += 2;
		if (this.count === wordNibbles) this.flush();
	}

	/** Writes the ASCII characters that `text` begins with, a byte each; returns how many. */
	ascii(text: string, length: number): number {
		let { word, count } = this;
		let at = 0;
		for (; at < length; at++) {
			const code = text.charCodeAt(at);
			if (code > 0x7f) break;
			if (count < wordNibbles - 2) {
				word = (word << 8) | code;
				count += 2;
				continue;
			}
			if (count === wordNibbles - 1) {
				this.word = (word << 4) | (code >> 4);
				this.flush();
				word = code & 15;
				count = 1;
				continue;
			}
			this.word = (word << 8) | code;
			this.flush();
			word = count = 0;
		}
		this.word = word;
		this.count = count;
		return at;
	}

	float(value: number): void {
		const bytes = new Uint8Array(8);
		new DataView(bytes.buffer).setFloat64(0, value);
		for (const byte of bytes) this.byte(byte);
	}

	private flush(): void {
		this.view.setInt32(this.length, this.word);
		this.length += 4;
		this.word = this.count = 0;
		if (this.length < this._bytes.length) return;
		const bytes = new Uint8Array(this._bytes.length * 2);
		bytes.set(this._bytes);
		this._bytes = bytes;
		this.view = new DataView(bytes.buffer);
	}
}

/** Reads what {@link NibbleWriter} wrote. Beyond the end it returns 0 and sets {@link failed}. */
export class NibbleReader {
	private _bytes: Uint8Array = new Uint8Array(0);
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
		let value = 0;
		let scale = 1;
		const { _bytes: bytes, end } = this;
		for (;;) {
			const { at } = this;
			if (at >= end) {
				this._failed = true;
				break;
			}
			this.at = at + 1;
			const byte = bytes[at >> 1] ?? 0;
			const nibble = at & 1 ? byte & 15 : byte >> 4;
			value += (nibble & 7) * scale;
			if (nibble < 8) break;
			scale *= 8;
			if (scale > 2 ** 51) {
				this.fail();
				return 0;
			}
		}
		if (value > Number.MAX_SAFE_INTEGER) this.fail();
		return value;
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

	/** A text of `length` ASCII characters, a byte each; `undefined`, without a change, if it is not ASCII or too short. */
	ascii(length: number): string | undefined {
		const { at, _bytes: bytes } = this;
		if (at + 2 * length > this.end) return undefined;
		let codes = bytes.subarray(at >> 1, (at >> 1) + length);
		if (at & 1) {
			const shifted = new Uint8Array(length);
			let rest = (codes[0] ?? 0) << 4;
			for (let i = 0, place = (at >> 1) + 1; i < length; i++, place++) {
				const byte = bytes[place] ?? 0;
				shifted[i] = rest | (byte >> 4);
				rest = byte << 4;
			}
			codes = shifted;
		}
		if (Reflect.apply(Math.max, undefined, codes) > 0x7f) return undefined;
		this.at = at + 2 * length;
		return Reflect.apply(String.fromCharCode, undefined, codes);
	}

	float(): number {
		const bytes = new Uint8Array(8);
		for (let i = 0; i < bytes.length; i++) bytes[i] = this.byte();
		return new DataView(bytes.buffer).getFloat64(0);
	}
}
