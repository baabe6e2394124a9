import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Of a settings file, a scenario or certificates, bytes. */
export const maxTextFileBytes = 2 ** 20;

/**
 * The content of a file that the command line names. A device or a pipe, which may have no end, is an error, like a file
 * that is larger than `maxBytes`.
 */
export function readInputFile(file: string, maxBytes = maxTextFileBytes): Uint8Array<ArrayBuffer> {
	// A pipe without a writer blocks otherwise.
	const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
	try {
		const status = fstatSync(descriptor);
		if (!status.isFile()) throw new Error("it is not a regular file");
		const bytes = new Uint8Array(maxBytes + 1);
		let length = 0;
		for (;;) {
			const count = readSync(descriptor, bytes, length, bytes.length - length, null);
			length += count;
			if (length > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
			if (count === 0) return bytes.slice(0, length);
		}
	} finally {
		closeSync(descriptor);
	}
}
