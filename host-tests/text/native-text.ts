import { afterEach, beforeEach } from "vitest";

/** As XS has it on a chip, natively. */
function fromString(value: string): ArrayBuffer {
	return new TextEncoder().encode(value).buffer;
}

/** The same; it takes sequences of bytes for a character that are none, and throws for others. */
function fromArrayBuffer(buffer: ArrayBuffer, start: number, length: number): string {
	let characters = "";
	const part = new Uint8Array(buffer, start, length);
	for (let at = 0; at < part.length; ) {
		const lead = part[at] ?? 0;
		const size = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		const more = part.subarray(at + 1, at + size);
		if (size === 0 || at + size > part.length || more.some((each) => each >> 6 !== 2))
			throw new TypeError("invalid UTF-8");
		characters += characterOf(part.subarray(at, at + size));
		at += size;
	}
	return characters;
}

/** Of what are not the bytes of one, XS makes something. */
function characterOf(bytes: Uint8Array): string {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return "?";
	}
}

/** For the tests around it: `ArrayBuffer` and `String` have what XS has natively. */
export function useNativeText(): void {
	beforeEach(() => {
		Object.assign(ArrayBuffer, { fromString });
		Object.assign(String, { fromArrayBuffer });
	});
	afterEach(() => {
		Reflect.deleteProperty(ArrayBuffer, "fromString");
		Reflect.deleteProperty(String, "fromArrayBuffer");
	});
}
