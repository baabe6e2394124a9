import FFI from "mc/ffi";

/** As in `sleep-memory.c`. */
const sizeBytes = 768;

/** RTC memory: neither flash, which keeps what was overwritten, nor longer than the boot that continues after a sleep. */
export default Object.freeze({
	read(): Uint8Array {
		const bytes = new Uint8Array(sizeBytes);
		new FFI().sleep_memory_read(bytes.buffer, bytes.length);
		return bytes;
	},
	write(bytes: Uint8Array): void {
		new FFI().sleep_memory_write(bytes.slice().buffer, bytes.length);
	},
});
