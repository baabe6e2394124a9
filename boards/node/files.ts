import {
	closeSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	writeSync,
} from "node:fs";
import type { FileSystem } from "../shared/file-key-value";

/** Files of Node, for a board's key-value storage. */
export const nodeFiles: FileSystem = {
	makeDirectory: (path) => void mkdirSync(path, { recursive: true }),
	readFile: (path) => (existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined),
	replaceFile(path, bytes) {
		writeDurably(`${path}.new`, bytes);
		renameSync(`${path}.new`, path);
	},
	deleteFile: (path) => rmSync(path, { force: true }),
};

/** Writes a file that only its owner may read; it is on the disk when this returns. */
export function writeDurably(file: string, bytes: Uint8Array): void {
	const descriptor = openSync(file, "w", 0o600);
	try {
		writeSync(descriptor, bytes);
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}
