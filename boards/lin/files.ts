import { Directory, File } from "file";
import type { FileSystem } from "../shared/file-key-value";

/** The SDK's files, for the simulator's flash and key-value storage. */
export const linFiles: FileSystem = Object.freeze({
	/** The parent directory must exist. */
	makeDirectory(path: string): void {
		Directory.create(path);
	},

	readFile(path: string): Uint8Array | undefined {
		if (!File.exists(path)) return undefined;
		const file = new File(path);
		try {
			// The SDK refuses to read nothing.
			return file.length === 0 ? new Uint8Array(0) : new Uint8Array(file.read(ArrayBuffer, file.length));
		} finally {
			file.close();
		}
	},

	replaceFile(path: string, bytes: Uint8Array): void {
		const draft = `${path}.new`;
		// The SDK opens an existing file for changes and never truncates it.
		File.delete(draft);
		const file = new File(draft, true);
		try {
			if (bytes.length > 0) file.write(bytes.slice().buffer);
		} finally {
			file.close();
		}
		if (!File.rename(draft, path)) throw new Error(`${path} cannot be written`);
	},

	deleteFile(path: string): void {
		File.delete(path);
	},
});
