import { Directory, File } from "file";

/** The whole content of a file, `undefined` when there is none. */
export function readFile(path: string): Uint8Array | undefined {
	if (!File.exists(path)) return undefined;
	const file = new File(path);
	try {
		// The SDK refuses to read nothing.
		return file.length === 0 ? new Uint8Array(0) : new Uint8Array(file.read(ArrayBuffer, file.length));
	} finally {
		file.close();
	}
}

/** Puts a whole file in the place of another at once, so that a crash leaves one of the two. */
export function replaceFile(path: string, bytes: Uint8Array): void {
	const draft = `${path}.new`;
	// The SDK opens a file that exists for change, and never makes it shorter.
	File.delete(draft);
	const file = new File(draft, true);
	try {
		if (bytes.length > 0) file.write(bytes.slice().buffer);
	} finally {
		file.close();
	}
	if (!File.rename(draft, path)) throw new Error(`${path} cannot be written`);
}

/** Makes a directory unless it is there; the one that it lies in must be. */
export function makeDirectory(path: string): void {
	Directory.create(path);
}
