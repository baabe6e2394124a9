import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../../boards/node/files";
import type { Flash, FlashStorage } from "../../src/boards/ecma419";
import { NorFlash } from "./nor-flash";

/** Bytes of a flash sector of the ESP32. */
const blockLength = 4096;

/** Simulated flash partitions that survive the process: one file each, updated with each change. */
export class NorFlashFiles implements FlashStorage {
	private readonly directory: string;
	private readonly blocks: Readonly<Record<string, number>>;

	/** `partitions`: number of sectors by name. */
	constructor(directory: string, partitions: Readonly<Record<string, number>>) {
		this.directory = directory;
		this.blocks = partitions;
	}

	open({ path }: { path: string }): Flash {
		const blocks = this.blocks[path];
		if (blocks === undefined) throw new RangeError(`there is no flash partition "${path}"`);
		makeDirectory(this.directory);
		const file = join(this.directory, `${path}.flash`);
		const image = existsSync(file) ? new Uint8Array(readFileSync(file)) : new Uint8Array(0);
		return new FileFlash(file, blocks, image);
	}
}

/** The NOR flash model with its contents on disk. */
class FileFlash extends NorFlash {
	/** `undefined` once it is closed: its number may be another file's then. */
	private descriptor: number | undefined;

	constructor(file: string, blocks: number, image: Uint8Array) {
		const fits = image.length === blocks * blockLength;
		const descriptor = openSync(file, fits ? "r+" : "w+", 0o600);
		super({
			blocks,
			blockLength,
			...(fits ? { image } : {}),
			onChange: (byteOffset, length) => {
				writeSync(descriptor, this.image, byteOffset, length, byteOffset);
			},
		});
		this.descriptor = descriptor;
		if (!fits) writeSync(descriptor, this.image);
	}

	override close(): void {
		super.close();
		if (this.descriptor === undefined) return;
		closeSync(this.descriptor);
		this.descriptor = undefined;
	}
}
