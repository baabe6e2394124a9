import FFI from "mc/ffi";

/** As in `sleep-memory.c`. */
const sizeBytes = 768;

/** RTC memory rather than flash: a secret in it leaves no trace once overwritten, and does not outlive the boot. */
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
