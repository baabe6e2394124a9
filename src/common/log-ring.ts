import { toPrintable } from "./control-characters";
import { decodeUtf8, encodeUtf8 } from "./utf8";

/** About 100 lines of a board with three values, most of them readings. */
const ringBytes = 3584;
const maxLogLines = 100;
/** Longer lines are cut, frequent phrases counted as one byte. */
export const maxLogLineBytes = 480;
/** Before each line: its length in bytes (16 bits), and the seconds since the boot began (32 bits). */
const headerBytes = 6;

/** What most lines consist of: stored as one control character each, which no line has. 31 at most. */
const phrases: readonly string[] = Object.freeze([
	...["reading ", ": temperature ", ", temperature ", " celsius", ", humidity ", " percent", ", pressure "],
	...[" hPa", "; stored", ", no ", ", co2 ", " ppm", "sent point ", "sent ", " points (", " to ", ": 201"],
	...["not sent: ", " pending, next try in ", " timed out after ", "Wi-Fi: ", "joined ", "could not join "],
	...["network not found or password rejected", ", address ", " dBm", "time: ", ", round trip ", " ms"],
	...["status: up ", " pending, boots: "],
]);

export interface LogLine {
	/** Since the boot began. */
	readonly seconds: number;
	readonly text: string;
}

/** The last lines of the log, in a buffer that never grows. The oldest give way. */
export class LogRing {
	private readonly bytes = new Uint8Array(ringBytes);
	/** Offset of the oldest line, and bytes in use from there on. */
	private start = 0;
	private usedBytes = 0;
	private lineCount = 0;

	/** `ticks`: milliseconds since the boot began. */
	add(ticks: number, line: string): void {
		const text = encodeUtf8(pack(toPrintable(line)));
		let length = Math.min(text.length, maxLogLineBytes);
		// Not within a character.
		while (((text[length] ?? 0) & 0xc0) === 0x80) length--;
		while (this.lineCount === maxLogLines || this.usedBytes + headerBytes + length > ringBytes)
			this.dropOldest();
		this.put(length, 2);
		this.put(Math.floor(ticks / 1000), 4);
		for (let i = 0; i < length; i++) this.put(text[i] ?? 0, 1);
		this.lineCount++;
	}

	/** The lines as they are now, oldest first, as often as wanted. */
	lines(): () => Generator<LogLine> {
		const { bytes, start, lineCount } = this;
		// Lines that are added while a response is sent must not change it.
		const copy = bytes.slice();
		return () => decodeLines(copy, start, lineCount);
	}

	private dropOldest(): void {
		const next = (this.start + 1) % ringBytes;
		const length = headerBytes + 256 * (this.bytes[this.start] ?? 0) + (this.bytes[next] ?? 0);
		this.start = (this.start + length) % ringBytes;
		this.usedBytes -= length;
		this.lineCount--;
	}

	/** Big-endian. */
	private put(value: number, byteCount: number): void {
		for (let shift = 8 * (byteCount - 1); shift >= 0; shift -= 8)
			this.bytes[(this.start + this.usedBytes++) % ringBytes] = (value >>> shift) & 0xff;
	}
}

function* decodeLines(bytes: Uint8Array, start: number, count: number): Generator<LogLine> {
	let at = start;
	const take = (byteCount: number) => {
		let value = 0;
		for (let i = 0; i < byteCount; i++) value = 256 * value + (bytes[at++ % ringBytes] ?? 0);
		return value;
	};
	for (let line = 0; line < count; line++) {
		const text = new Uint8Array(take(2));
		const seconds = take(4);
		for (let i = 0; i < text.length; i++) text[i] = take(1);
		yield { seconds, text: unpack(decodeUtf8(text)) };
	}
}

function pack(line: string): string {
	let packed = line;
	for (const [index, phrase] of phrases.entries())
		packed = packed.replaceAll(phrase, String.fromCharCode(index + 1));
	return packed;
}

function unpack(packed: string): string {
	let line = packed;
	for (const [index, phrase] of phrases.entries())
		line = line.replaceAll(String.fromCharCode(index + 1), phrase);
	return line;
}
