import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";

/** Writes a whole file that only its owner may read, and returns when it is on the disk. */
export function writeDurably(file: string, bytes: Uint8Array): void {
	const descriptor = openSync(file, "w", 0o600);
	try {
		writeSync(descriptor, bytes);
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}
