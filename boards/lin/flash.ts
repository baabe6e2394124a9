import { File } from "file";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Flash, FlashStorage } from "../../src/boards/ecma419";
import { linFiles } from "./files";

/** Bytes of an ESP32's flash sector. */
const blockBytes = 4096;

/** Persistent simulated flash partitions: a file for each. */
export class LinFlashStorage implements FlashStorage {
	private readonly directory: string;
	private readonly partitions: Readonly<Record<string, number>>;

	/** `partitions`: number of sectors by name. */
	constructor(directory: string, partitions: Readonly<Record<string, number>>) {
		this.directory = directory;
		this.partitions = partitions;
	}

	open({ path }: { path: string }): Flash {
		const blocks = this.partitions[path];
		if (blocks === undefined) throw new RangeError(`there is no flash partition "${path}"`);
		const file = `${this.directory}/${path}.flash`;
		const size = blocks * blockBytes;
		let image = linFiles.readFile(file);
		if (image?.length !== size) {
			image = new Uint8Array(size).fill(0xff);
			linFiles.replaceFile(file, image);
		}
		return new FileFlash(new File(file, true), blocks, image);
	}
}

/** The NOR flash model with its bytes in a file. */
class FileFlash extends NorFlash {
	private readonly file: File;
	private open = true;

	constructor(file: File, blocks: number, image: Uint8Array) {
		super({
			blocks,
			blockLength: blockBytes,
			image,
			onChange: (byteOffset, length) => {
				file.position = byteOffset;
				file.write(this.image.slice(byteOffset, byteOffset + length).buffer);
			},
		});
		this.file = file;
	}

	override close(): void {
		super.close();
		if (this.open) this.file.close();
		this.open = false;
	}
}
