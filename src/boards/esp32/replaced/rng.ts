import FFI from "mc/ffi";

/**
 * Replaces the SDK's `rng`, an RC4 that is seeded once and restarts with each call. ESP-IDF's `esp_fill_random` is the
 * hardware's generator: truly random while Wi-Fi is on, which is when TLS needs it.
 */
let ffi: FFI | undefined;

export default Object.freeze({
	get(count: number): ArrayBuffer {
		const buffer = new ArrayBuffer(count);
		ffi ??= new FFI();
		ffi.esp_fill_random(buffer, count);
		return buffer;
	},
});
