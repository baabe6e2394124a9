import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Bytes, KeyValue, KeyValueStorage } from "../../src/boards/ecma419";
import { writeDurably } from "./files";

/** NVS takes no longer names and keys; refusing them here finds the mistake before a chip does. */
const maxNameLength = 15;

/** ECMA-419 key-value storage in a directory: a folder for each domain, a file for each key. */
export class FileKeyValueStorage implements KeyValueStorage {
	private readonly directory: string;

	constructor(directory: string) {
		this.directory = directory;
	}

	open({ path }: { path: string; format: "buffer" }): KeyValue {
		const domain = join(this.directory, checkName(path));
		mkdirSync(domain, { recursive: true });
		return new FileKeyValue(domain);
	}
}

class FileKeyValue implements KeyValue {
	private readonly domain: string;

	constructor(domain: string) {
		this.domain = domain;
	}

	read(key: string): ArrayBuffer | undefined {
		const file = this.file(key);
		if (!existsSync(file)) return undefined;
		return new Uint8Array(readFileSync(file)).buffer;
	}

	/** A new file takes the old one's place at once, so that a crash leaves one of the two. */
	write(key: string, value: Bytes): void {
		const file = this.file(key);
		writeDurably(`${file}.new`, value);
		renameSync(`${file}.new`, file);
	}

	delete(key: string): void {
		rmSync(this.file(key), { force: true });
	}

	close(): void {}

	private file(key: string): string {
		return join(this.domain, checkName(key));
	}
}

function checkName(name: string): string {
	if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > maxNameLength)
		throw new RangeError(
			`"${name}" cannot be a name in key-value storage: 1 to ${maxNameLength} of A-Z a-z 0-9 _ -`,
		);
	return name;
}
