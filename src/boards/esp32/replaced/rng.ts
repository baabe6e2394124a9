import FFI from "mc/ffi";

/** Only this function is kept: each `FFI` object takes slots for all functions of the manifests. */
let fill: FFI["esp_fill_random"] | undefined;

/**
 * Replaces the SDK's `rng`, an RC4 that is seeded once and restarts with each call. ESP-IDF's `esp_fill_random` is the
 * hardware's generator: truly random while Wi-Fi is on, which is when TLS needs it.
 */
export default Object.freeze({
	get(count: number): ArrayBuffer {
		const buffer = new ArrayBuffer(count);
		fill ??= new FFI().esp_fill_random;
		fill(buffer, count);
		return buffer;
	},
});
