import { lowestByte } from "./byte-range";

/**
 * UTF-8 without `TextEncoder` and `TextDecoder`, which XS has only as a separate module. Lone surrogates and invalid
 * bytes become U+FFFD, as in the Encoding Standard.
 */

const replacementCharacter = 0xfffd;

/** Characters decoded at a time. */
const maxPartLength = 64;

/** XS converts between strings and bytes natively; other engines lack these functions. */
const engine: { fromString?(text: string): ArrayBuffer } = ArrayBuffer as object;
const engineText: { fromArrayBuffer?(bytes: ArrayBufferLike, start: number, length: number): string } =
	String as object;

/** Encodes an ASCII text natively; `undefined` for other texts, and on engines other than XS. */
export function asciiBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
	if (engine.fromString === undefined) return undefined;
	const bytes = new Uint8Array(engine.fromString(text));
	// Any other character has more bytes than string units.
	return bytes.length === text.length ? bytes : undefined;
}

/**
 * Whether native code finds a text to be only visible ASCII and spaces. False does not mean that it is not; engines other than
 * XS always return it.
 */
export function isPlainAscii(text: string): boolean {
	const bytes = asciiBytes(text);
	return bytes !== undefined && lowestByte(bytes) >= 0x20 && !text.includes("\x7f");
}

/** The text in UTF-8. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
	const ascii = asciiBytes(text);
	if (ascii !== undefined) return ascii;
	const bytes = new Uint8Array(utf8Bytes(text));
	// Not encodeUtf8Into: it would try native code again, which needs memory for a third copy.
	putText(text, bytes, 0);
	return bytes;
}

/** The length of the text in UTF-8, bytes. */
export function utf8Bytes(text: string): number {
	const ascii = asciiBytes(text);
	if (ascii !== undefined) return ascii.length;
	// Read once: XS counts the characters each time.
	const count = text.length;
	let length = 0;
	for (let i = 0; i < count; i++) {
		length++;
		if (text.charCodeAt(i) < 0x80) continue;
		const point = text.codePointAt(i) ?? 0;
		if (isSurrogatePair(text, i, point)) i++;
		length += point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	}
	return length;
}

/** Writes `text` into `bytes` from `offset` on; returns the number of bytes. Throws a RangeError if it does not fit. */
export function encodeUtf8Into(text: string, bytes: Uint8Array, offset: number): number {
	const ascii = asciiBytes(text);
	if (ascii === undefined) return putText(text, bytes, offset);
	bytes.set(ascii, offset);
	return ascii.length;
}

/** {@link encodeUtf8Into} without native code. */
function putText(text: string, bytes: Uint8Array, offset: number): number {
	const count = text.length;
	let at = offset;
	for (let i = 0; i < count; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) {
			bytes[at++] = unit;
			continue;
		}
		const point = text.codePointAt(i) ?? 0;
		if (isSurrogatePair(text, i, point)) i++;
		at = putCodePoint((point & ~0x7ff) === 0xd800 ? replacementCharacter : point, bytes, at);
	}
	if (at > bytes.length) throw new RangeError(`${at - offset} bytes of text do not fit`);
	return at - offset;
}

/** Decodes ASCII natively; `undefined` for other bytes, and on engines other than XS. */
export function asciiText(bytes: Uint8Array, start: number, length: number): string | undefined {
	try {
		const text = engineText.fromArrayBuffer?.(bytes.buffer, bytes.byteOffset + start, length);
		// Any other character has more bytes than string units.
		return text?.length === length ? text : undefined;
	} catch {
		return undefined;
	}
}

/** Decodes output of {@link encodeUtf8}: natively on XS, which needs memory for the text only once. */
export function decodeOwnUtf8(bytes: Uint8Array): string {
	// Only for valid UTF-8: XS does not check the bytes after the first of each character.
	return engineText.fromArrayBuffer?.(bytes.buffer, bytes.byteOffset, bytes.length) ?? decodeUtf8(bytes);
}

/** The text in the bytes from `start` up to, not including, `end`, which is within them. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
	const ascii = asciiText(bytes, start, end - start);
	if (ascii !== undefined) return ascii;
	let text = "";
	for (let at = start; at < end; ) {
		const part = bytes.subarray(at, Math.min(at + maxPartLength, end));
		if (Reflect.apply(Math.max, undefined, part) < 0x80) {
			text += Reflect.apply(String.fromCharCode, undefined, part);
			at += part.length;
			continue;
		}
		const points: number[] = [];
		for (const stop = at + part.length; at < stop; ) {
			const byte = bytes[at] ?? 0;
			if (byte < 0x80) {
				points.push(byte);
				at++;
			} else {
				const { point, length } = takeCodePoint(bytes, at, end);
				at += length;
				points.push(point);
			}
		}
		text += String.fromCodePoint(...points);
	}
	return text;
}

/**
 * Whether a code point takes two string units. In XS it takes one, and `charCodeAt` returns the whole code point.
 */
function isSurrogatePair(text: string, i: number, point: number): boolean {
	return point > 0xffff && text.charCodeAt(i) !== point;
}

/** For code points beyond ASCII. Writes past the end of the array have no effect. */
function putCodePoint(point: number, bytes: Uint8Array, offset: number): number {
	let at = offset;
	if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6);
	else {
		if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12);
		else {
			bytes[at++] = 0xf0 | (point >> 18);
			bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
		}
		bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
	}
	bytes[at++] = 0x80 | (point & 0x3f);
	return at;
}

/**
 * The non-ASCII code point at `at`, and its length. An invalid sequence is replaced up to, not including, the first byte
 * that does not belong to it (Unicode, "maximal subpart").
 */
function takeCodePoint(bytes: Uint8Array, at: number, end: number): { point: number; length: number } {
	const lead = bytes[at] ?? 0;
	if (lead < 0xc2 || lead > 0xf4) return { point: replacementCharacter, length: 1 };
	const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	let point = lead & (0x7f >> length);
	for (let i = 1; i < length; i++) {
		const next = at + i < end ? (bytes[at + i] ?? 0) : 0;
		if (next < 0x80 || next > 0xbf || (i === 1 && !isValidSecondByte(lead, next)))
			return { point: replacementCharacter, length: i };
		point = (point << 6) | (next & 0x3f);
	}
	return { point, length };
}

/** False for overlong forms, surrogates and code points above U+10FFFF (Unicode, table 3-7). */
function isValidSecondByte(lead: number, byte: number): boolean {
	if (lead === 0xe0) return byte >= 0xa0;
	if (lead === 0xed) return byte <= 0x9f;
	if (lead === 0xf0) return byte >= 0x90;
	if (lead === 0xf4) return byte <= 0x8f;
	return true;
}
