import { isDigits } from "../../../common/text-pattern";

/** One element of a DER encoding (ITU-T X.690). */
export interface DerElement {
	readonly tag: number;
	readonly content: Uint8Array;
	/** With tag and length, as signed and compared. */
	readonly encoded: Uint8Array;
}

/** ASN.1 tags in certificates. */
export const Tag = Object.freeze({
	boolean: 0x01,
	integer: 0x02,
	bitString: 0x03,
	octetString: 0x04,
	objectIdentifier: 0x06,
	utcTime: 0x17,
	generalizedTime: 0x18,
	sequence: 0x30,
});

/** Malformed DER. */
export class DerError extends Error {}

/** Reads the elements in `bytes`, as views. */
export class DerReader {
	private readonly bytes: Uint8Array;
	private position = 0;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
	}

	get done(): boolean {
		return this.position === this.bytes.length;
	}

	/** The next element; throws if it has another tag. */
	read(tag: number): DerElement {
		const element = this.readAny();
		if (element.tag !== tag) throw new DerError(`tag ${element.tag} where ${tag} belongs`);
		return element;
	}

	/** The next element if it has this tag. */
	readOptional(tag: number): DerElement | undefined {
		return !this.done && this.bytes[this.position] === tag ? this.readAny() : undefined;
	}

	readAny(): DerElement {
		const start = this.position;
		const tag = this.byte();
		// Tags above 30 take more bytes; certificates have none.
		if ((tag & 0x1f) === 0x1f) throw new DerError("a long tag");
		const length = this.length();
		const end = this.position + length;
		if (end > this.bytes.length) throw new DerError("longer than what holds it");
		const content = this.bytes.subarray(this.position, end);
		this.position = end;
		return { tag, content, encoded: this.bytes.subarray(start, end) };
	}

	/** Throws if elements are left. */
	end(): void {
		if (!this.done) throw new DerError("something follows");
	}

	/** DER allows only the shortest form (X.690 section 10.1). */
	private length(): number {
		const first = this.byte();
		if (first < 0x80) return first;
		const count = first & 0x7f;
		if (count === 0 || count > 3) throw new DerError("an indefinite or oversized length");
		let length = 0;
		for (let i = 0; i < count; i++) length = length * 256 + this.byte();
		if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError("a length that is too long");
		return length;
	}

	private byte(): number {
		const byte = this.bytes[this.position++];
		if (byte === undefined) throw new DerError("cut off");
		return byte;
	}
}

/** The elements of a sequence. */
export function parseSequence(element: DerElement): DerReader {
	if (element.tag !== Tag.sequence) throw new DerError("no sequence");
	return new DerReader(element.content);
}

/** The one element in an explicit tag. */
export function parseExplicit(tagged: DerElement | undefined): DerElement | undefined {
	if (tagged === undefined) return undefined;
	const inner = new DerReader(tagged.content);
	const element = inner.readAny();
	inner.end();
	return element;
}

/** The bytes of a bit string with a whole number of bytes. */
export function parseBitString({ content }: DerElement): Uint8Array {
	if (content[0] !== 0) throw new DerError("a bit string of broken bytes");
	return content.subarray(1);
}

/** No certificate has a longer one; untrusted input must not determine the memory used. */
const maxIdentifierBytes = 255;

/**
 * A table key for an object identifier: its bytes in decimal, joined with dots. The arcs are not decoded, because they may
 * exceed any number.
 */
export function identifierKey({ content }: DerElement): string {
	if (content.length > maxIdentifierBytes) throw new DerError("an object identifier that is too long");
	return content.join(".");
}

/** Throws unless the bytes are arcs, each in shortest form (X.690 section 8.19). */
export function checkIdentifier({ content }: DerElement): void {
	const isMalformed = content.some((byte, index) => byte === 0x80 && !((content[index - 1] ?? 0) & 0x80));
	if (isMalformed || (content[content.length - 1] ?? 0x80) & 0x80)
		throw new DerError("an object identifier that is malformed");
}

/** A boolean; DER has 0x00 and 0xff. */
export function parseBoolean({ content }: DerElement): boolean {
	if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
		throw new DerError("a boolean of another value");
	return content[0] === 0xff;
}

/** The content of an integer; throws unless it has the shortest form (X.690 section 8.3.2). */
export function parseInteger({ tag, content }: DerElement): Uint8Array {
	const [first, second] = content;
	const isPadded = second !== undefined && (first === 0 ? second < 0x80 : first === 0xff && second > 0x7f);
	if (tag !== Tag.integer || first === undefined || isPadded)
		throw new DerError("an integer that is not in shortest form");
	return content;
}

/** The digits of an integer that is not negative, most significant first, without a leading zero; none for 0. */
export function parseUnsignedInteger(element: DerElement): Uint8Array {
	const content = parseInteger(element);
	const [first = 0] = content;
	if (first > 0x7f) throw new DerError("an integer that is negative");
	return first === 0 ? content.subarray(1) : content;
}

/** A small integer that is not negative. */
export function parseSmallInteger(element: DerElement): number {
	const digits = parseUnsignedInteger(element);
	if (digits.length > 4) throw new DerError("an integer out of range");
	return digits.reduce((value, byte) => value * 256 + byte, 0);
}

/** Milliseconds of Unix time; RFC 5280 section 4.1.2.5 allows only these two forms. */
export function parseTime({ tag, content }: DerElement): number {
	const short = tag === Tag.utcTime;
	if (!short && tag !== Tag.generalizedTime) throw new DerError("no time");
	if (content.length !== (short ? 13 : 15)) throw new DerError("a time of another form");
	let text = "";
	for (const byte of content) text += String.fromCharCode(byte);
	if (!text.endsWith("Z") || !isDigits(text.slice(0, -1))) throw new DerError("a time of another form");
	const yearDigits = short ? 2 : 4;
	const given = Number(text.slice(0, yearDigits));
	const year = !short ? given : given < 50 ? 2000 + given : 1900 + given;
	const part = (index: number) => Number(text.slice(yearDigits + 2 * index, yearDigits + 2 * index + 2));
	const time = Date.UTC(year, part(0) - 1, part(1), part(2), part(3), part(4));
	// The 30th of February would become a day of March.
	const iso = new Date(time).toISOString();
	const monthToSecond = [5, 8, 11, 14, 17].map((at) => iso.slice(at, at + 2)).join("");
	if (monthToSecond !== text.slice(yearDigits, -1)) throw new DerError("a time that does not exist");
	return time;
}
