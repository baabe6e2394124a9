import type { Bytes } from "../../src/boards/ecma419";
import { commandCode } from "./sensirion-chip";
import { SHT3xChip } from "./sht3x";

const readManufacturer = 0x3781;

/** Texas Instruments HDC3020 to HDC3022 (SNAS778): the commands of an SHT3x, and an id. */
export class HDC302xChip extends SHT3xChip {
	protected override onCommand(bytes: Bytes): void {
		if (commandCode(bytes) === readManufacturer) this.respond(0x3000);
		else super.onCommand(bytes);
	}
}
