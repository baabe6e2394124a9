const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What XS has natively on a chip. xsnap is built without it, and has a native encoder and decoder instead. */
Object.assign(ArrayBuffer, { fromString: (text: string) => encoder.encode(text).buffer });
Object.assign(String, {
	fromArrayBuffer: (buffer: ArrayBuffer, start: number, length: number) =>
		decoder.decode(new Uint8Array(buffer, start, length)),
});
