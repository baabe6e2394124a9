import { crc32 } from "node:zlib";
import type { Flash } from "../../src/boards/ecma419";

/** `esp_ota_img_states_t` of ESP-IDF. */
export const OtaState = Object.freeze({
	new: 0,
	pendingVerify: 1,
	valid: 2,
	invalid: 3,
	aborted: 4,
	undefined: 0xffffffff,
});

/** `esp_ota_select_entry_t`, of which the partition `otadata` has one at the start of each of its two sectors. */
export interface OtaEntry {
	/** The entry with the higher number decides; slot = (sequence − 1) mod 2. */
	readonly sequence: number;
	readonly state: number;
	/** `false`: blank, or damaged by a power cut. */
	readonly isIntact: boolean;
}

const entryBytes = 32;
const blank = 0xffffffff;

export function slotOf({ sequence }: Pick<OtaEntry, "sequence">): 0 | 1 {
	return sequence % 2 === 1 ? 0 : 1;
}

export class OtaData {
	private readonly flash: Flash;

	constructor(flash: Flash) {
		this.flash = flash;
	}

	read(index: 0 | 1): OtaEntry {
		const bytes = new Uint8Array(entryBytes);
		this.flash.read(bytes, index * this.flash.status().blockLength);
		const view = new DataView(bytes.buffer);
		const sequence = view.getUint32(0, true);
		const isIntact = sequence !== blank && view.getUint32(28, true) === checksum(bytes);
		return { sequence, state: view.getUint32(24, true), isIntact };
	}

	/** Erases the sector, then writes: a power cut between the two leaves the other entry to decide. */
	write(index: 0 | 1, { sequence, state }: Pick<OtaEntry, "sequence" | "state">): void {
		const bytes = new Uint8Array(entryBytes).fill(0xff);
		const view = new DataView(bytes.buffer);
		view.setUint32(0, sequence, true);
		view.setUint32(24, state, true);
		view.setUint32(28, checksum(bytes), true);
		this.flash.eraseBlock(index, index + 1);
		this.flash.write(bytes, index * this.flash.status().blockLength);
	}

	/** The entry that decides, `bootloader_common_get_active_otadata`. */
	get active(): 0 | 1 | undefined {
		const [first, second] = [this.read(0), this.read(1)];
		const usable = [first, second].map(
			({ isIntact, state }) => isIntact && state !== OtaState.invalid && state !== OtaState.aborted,
		);
		if (usable[0] && usable[1]) return first.sequence > second.sequence ? 0 : 1;
		if (usable[0]) return 0;
		return usable[1] ? 1 : undefined;
	}
}

/** Over the sequence number only: `esp_rom_crc32_le(UINT32_MAX, …)`. */
function checksum(bytes: Uint8Array): number {
	return crc32(bytes.subarray(0, 4), 0xffffffff) >>> 0;
}
