import FFI from "mc/ffi";

/**
 * Stands for the SDK's `rng`, RC4 that is seeded once and begins anew with each call. ESP-IDF's `esp_fill_random` is
 * the hardware's generator; true randomness while Wi-Fi is on, which is when TLS needs it.
 */
export default Object.freeze({
	get(count: number): ArrayBuffer {
		const buffer = new ArrayBuffer(count);
		new FFI().esp_fill_random(buffer, count);
		return buffer;
	},
});
