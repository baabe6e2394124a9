import {
	closeSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import type { FileSystem } from "../shared/file-key-value";

/** Files of Node, for a board's key-value storage. */
export const nodeFiles: FileSystem = {
	makeDirectory,
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

/**
 * Creates a directory and its missing parents. Node's `recursive` option never returns where the system reports a missing
 * parent that exists, as in /proc.
 */
export function makeDirectory(path: string, mode = 0o777): void {
	const missing = [resolve(path)];
	let parent = dirname(resolve(path));
	while (!existsSync(parent) && parent !== dirname(parent)) {
		missing.unshift(parent);
		parent = dirname(parent);
	}
	for (const directory of missing) {
		try {
			mkdirSync(directory, mode);
		} catch (error) {
			// Another process may have created it.
			if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
		}
	}
}
