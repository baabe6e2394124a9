import type { Bytes, KeyValue, KeyValueStorage } from "../../src/boards/ecma419";

/** The file operations that key-value storage needs; paths are absolute. */
export interface FileSystem {
	/** Creates a directory unless it exists. */
	makeDirectory(path: string): void;
	/** The whole content of a file; `undefined` if there is none. */
	readFile(path: string): Uint8Array | undefined;
	/** Writes a whole file. Atomic: a crash leaves the old content or the new. */
	replaceFile(path: string, bytes: Uint8Array): void;
	/** A file that does not exist is no error. */
	deleteFile(path: string): void;
}

/** NVS limits names and keys to 15 characters; refusing longer ones here finds the mistake before a chip does. */
const maxNameLength = 15;

/** ECMA-419 key-value storage in a directory: a folder for each domain, a file for each key. */
export class FileKeyValueStorage implements KeyValueStorage {
	private readonly directory: string;
	private readonly files: FileSystem;

	constructor(directory: string, files: FileSystem) {
		this.directory = directory;
		this.files = files;
	}

	open({ path }: { path: string; format: "buffer" }): KeyValue {
		const { files } = this;
		const domain = `${this.directory}/${checkName(path)}`;
		const fileOf = (key: string) => `${domain}/${checkName(key)}`;
		files.makeDirectory(domain);
		return {
			read: (key) => files.readFile(fileOf(key))?.slice().buffer,
			write: (key: string, value: Bytes) => files.replaceFile(fileOf(key), value),
			delete: (key) => files.deleteFile(fileOf(key)),
			close: () => {},
		};
	}
}

function checkName(name: string): string {
	if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > maxNameLength)
		throw new RangeError(
			`"${name}" cannot be a name in key-value storage: 1 to ${maxNameLength} of A-Z a-z 0-9 _ -`,
		);
	return name;
}
