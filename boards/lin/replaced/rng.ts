import FFI from "mc/ffi";

/** Maximum of one call of `getentropy` (POSIX.1-2024). */
const maxBytesPerCall = 256;

/** Replaces the SDK's `rng`, whose seed on a computer is the same at every start. */
export default Object.freeze({
	get(count: number): ArrayBuffer {
		const bytes = new Uint8Array(count);
		const ffi = new FFI();
		for (let start = 0; start < count; start += maxBytesPerCall) {
			const part = new ArrayBuffer(Math.min(maxBytesPerCall, count - start));
			if (ffi.getentropy(part, part.byteLength) !== 0) throw new Error("getentropy failed");
			bytes.set(new Uint8Array(part), start);
		}
		return bytes.buffer;
	},
});
