import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Flash, FlashStorage } from "../../src/boards/ecma419";

const blockLength = 4096;

/** Flash partitions in memory that survive being closed, and lose power all at once. */
export class MemoryFlash implements FlashStorage {
	readonly partitions: ReadonlyMap<string, NorFlash>;

	/** Number of sectors by name. */
	constructor(sectors: Readonly<Record<string, number>>) {
		this.partitions = new Map(
			Object.entries(sectors).map(([name, blocks]) => [name, new NorFlash({ blocks, blockLength })]),
		);
	}

	open({ path }: { path: string }): Flash {
		const flash = this.partitions.get(path);
		if (flash === undefined) throw new RangeError(`there is no flash partition "${path}"`);
		return {
			read: (buffer, byteOffset) => flash.read(buffer, byteOffset),
			write: (buffer, byteOffset) => flash.write(buffer, byteOffset),
			eraseBlock: (start, end) => flash.eraseBlock(start, end),
			status: () => flash.status(),
			close: () => {},
		};
	}
}

/** Two slots of 64 KiB. */
export const slotSectors = Object.freeze({ ota_0: 16, ota_1: 16, otadata: 2 });
