import { toPrintable } from "./control-characters";
import { encodeUtf8, utf8Bytes } from "./utf8";

/** About 100 lines of a board with three values, most of them readings. */
const ringBytes = 3712;
const maxLogLines = 100;
/** Longer lines are cut, frequent phrases counted as one byte. */
export const maxLogLineBytes = 480;
/** Before each line: bytes as stored, bytes of its text (16 bits each), and seconds since the boot began (32 bits). */
const headerBytes = 8;

/** Frequent phrases, stored as one control character each: lines contain none. At most 31. */
const phrases: readonly string[] = Object.freeze([
	...["reading ", ": temperature ", ", temperature ", " celsius", ", humidity ", " percent", ", pressure "],
	...[" hPa", "; stored", ", no ", ", co2 ", " ppm", "sent point ", "sent ", " points (", " to ", ": 201"],
	...["not sent: ", " pending, next try in ", " timed out after ", "Wi-Fi: ", "joined ", "could not join "],
	...["network not found or password rejected", ", address ", " dBm", "time: ", ", round trip ", " ms"],
	...["status: up ", " pending, boots: "],
]);

/** In UTF-8. */
const phraseBytes: readonly Uint8Array[] = Object.freeze(phrases.map(encodeUtf8));

export interface LogLine {
	/** Since the boot began. */
	readonly seconds: number;
	/** Length of the text in UTF-8. */
	readonly textBytes: number;
	/** In UTF-8. */
	text(): Uint8Array;
}

/** The last lines of the log, in a buffer of fixed size; new lines overwrite the oldest. */
export class LogRing {
	private readonly bytes = new Uint8Array(ringBytes);
	/** Offset of the oldest line, and bytes in use from there on. */
	private start = 0;
	private usedBytes = 0;
	private lineCount = 0;

	/** `ticks`: milliseconds since the boot began. */
	add(ticks: number, line: string): void {
		const printable = toPrintable(line);
		let packed = printable;
		for (let index = 0; index < phrases.length; index++) {
			const phrase = phrases[index] ?? "";
			if (packed.includes(phrase)) packed = packed.replaceAll(phrase, String.fromCharCode(index + 1));
		}
		const bytes = encodeUtf8(packed);
		let length = Math.min(bytes.length, maxLogLineBytes);
		// Cut between two characters.
		while (((bytes[length] ?? 0) & 0xc0) === 0x80) length--;
		while (this.lineCount === maxLogLines || this.usedBytes + headerBytes + length > ringBytes)
			this.dropOldest();
		const stored = bytes.subarray(0, length);
		const header = new DataView(new ArrayBuffer(headerBytes));
		header.setUint16(0, length);
		header.setUint16(2, length === bytes.length ? utf8Bytes(printable) : unpackedBytes(stored));
		header.setUint32(4, Math.floor(ticks / 1000));
		this.put(new Uint8Array(header.buffer));
		this.put(stored);
		this.lineCount++;
	}

	/** A snapshot of the lines, oldest first, that can be iterated repeatedly. */
	lines(): () => Generator<LogLine> {
		// Lines that are added while a response is sent must not change it.
		const copy = new Uint8Array(this.usedBytes);
		const part = this.bytes.subarray(this.start, this.start + this.usedBytes);
		copy.set(part);
		copy.set(this.bytes.subarray(0, this.usedBytes - part.length), part.length);
		return () => readLines(copy);
	}

	private dropOldest(): void {
		const next = (this.start + 1) % ringBytes;
		const length = headerBytes + 256 * (this.bytes[this.start] ?? 0) + (this.bytes[next] ?? 0);
		this.start = (this.start + length) % ringBytes;
		this.usedBytes -= length;
		this.lineCount--;
	}

	private put(added: Uint8Array): void {
		const at = (this.start + this.usedBytes) % ringBytes;
		const part = added.subarray(0, ringBytes - at);
		this.bytes.set(part, at);
		this.bytes.set(added.subarray(part.length), 0);
		this.usedBytes += added.length;
	}
}

function* readLines(bytes: Uint8Array<ArrayBuffer>): Generator<LogLine> {
	const view = new DataView(bytes.buffer);
	for (let at = 0; at < bytes.length; ) {
		const packed = bytes.subarray(at + headerBytes, at + headerBytes + view.getUint16(at));
		const textBytes = view.getUint16(at + 2);
		yield { seconds: view.getUint32(at + 4), textBytes, text: () => unpack(packed, textBytes) };
		at += headerBytes + packed.length;
	}
}

function unpackedBytes(packed: Uint8Array): number {
	let length = 0;
	for (let i = 0; i < packed.length; i++) length += phraseBytes[(packed[i] ?? 0) - 1]?.length ?? 1;
	return length;
}

function unpack(packed: Uint8Array, length: number): Uint8Array {
	const text = new Uint8Array(length);
	let at = 0;
	for (let i = 0; i < packed.length; i++) {
		const byte = packed[i] ?? 0;
		const phrase = phraseBytes[byte - 1];
		if (phrase === undefined) text[at++] = byte;
		else {
			text.set(phrase, at);
			at += phrase.length;
		}
	}
	return text;
}
