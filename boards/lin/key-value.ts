import { File } from "file";
import type { Bytes, KeyValue, KeyValueStorage } from "../../src/boards/ecma419";
import { makeDirectory, readFile, replaceFile } from "./files";

/** NVS takes no longer names and keys; refusing them here finds the mistake before a chip does. */
const maxNameLength = 15;

/** ECMA-419 key-value storage in a directory: a folder for each domain, a file for each key, as on Node. */
export class LinKeyValueStorage implements KeyValueStorage {
	private readonly directory: string;

	constructor(directory: string) {
		this.directory = directory;
	}

	open({ path }: { path: string; format: "buffer" }): KeyValue {
		const domain = `${this.directory}/${checkName(path)}`;
		makeDirectory(domain);
		return new LinKeyValue(domain);
	}
}

class LinKeyValue implements KeyValue {
	private readonly domain: string;

	constructor(domain: string) {
		this.domain = domain;
	}

	read(key: string): ArrayBuffer | undefined {
		return readFile(this.file(key))?.slice().buffer;
	}

	write(key: string, value: Bytes): void {
		replaceFile(this.file(key), value);
	}

	delete(key: string): void {
		File.delete(this.file(key));
	}

	close(): void {}

	private file(key: string): string {
		return `${this.domain}/${checkName(key)}`;
	}
}

function checkName(name: string): string {
	if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > maxNameLength)
		throw new RangeError(
			`"${name}" cannot be a name in key-value storage: 1 to ${maxNameLength} of A-Z a-z 0-9 _ -`,
		);
	return name;
}
