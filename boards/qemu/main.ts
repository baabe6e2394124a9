import FFI from "mc/ffi";
import { App } from "../../src/app/app";
import type { Network, Pins } from "../../src/boards/board";
import type { Flash } from "../../src/boards/ecma419";
import { installAbortHook } from "../../src/boards/esp32/abort-hook";
import { EspBoard } from "../../src/boards/esp32/board";
import { restartAfter } from "../../src/boards/esp32/restart";
import { decodeUtf8 } from "../../src/common/utf8";
import { installBuiltInSettings } from "../../src/settings/built-in-settings";
import { openControlPort } from "./control-port";
import { EthernetAccessPoint, EthernetStation, startEthernet } from "./ethernet";
import { withMarks } from "./instruction-marks";
import { VirtualButton } from "./virtual-button";

/** Delay after a failed start, milliseconds. */
const nextTry = 60_000;

/** The chip, with the emulator's network and button, and a restart in place of deep sleep. */
class EmulatedBoard extends EspBoard {
	override readonly network: Network;
	override readonly pins: Pins;
	readonly button: VirtualButton;

	constructor() {
		super();
		const { network, pins } = this;
		this.button = new VirtualButton(pins.button);
		this.network = { ...network, WiFi: EthernetStation, AccessPoint: EthernetAccessPoint };
		this.pins = this.button.addTo(pins);
	}

	/** QEMU does not wake from deep sleep. */
	override sleep(milliseconds: number): void {
		restartAfter(milliseconds);
	}
}

new FFI().emulator_begin();
installAbortHook();
try {
	const board = new EmulatedBoard();
	startEthernet();
	const storage = board.storage.keyValue.open({ path: "dakkio", format: "buffer" });
	openControlPort(board.button, storage);
	const given = board.storage.flash.open({ path: "settings", mode: "r" });
	const { size } = given.status();
	if (readWord(given, size - 4) === board.firmware?.running) new FFI().emulator_panic();
	const isCounting = readWord(given, size - 8) === 1;
	new FFI().emulator_count(isCounting ? 1 : 0);
	const settings = readSettings(given);
	if (settings !== "") installBuiltInSettings(storage, settings);
	new App(isCounting ? withMarks(board) : board).start();
} catch (error) {
	trace(`the firmware does not start: ${error instanceof Error ? error.message : String(error)}\n`);
	restartAfter(nextTry);
}

/** Little endian. */
function readWord(flash: Flash, offset: number): number {
	const bytes = new Uint8Array(4);
	flash.read(bytes, offset);
	return new DataView(bytes.buffer).getUint32(0, true);
}

/** Settings that the emulator's computer wrote to the partition: a length (little endian), and hexadecimal digits. */
function readSettings(flash: Flash): string {
	const length = readWord(flash, 0);
	const text = new Uint8Array(length > flash.status().size ? 0 : length);
	if (text.length > 0) flash.read(text, 4);
	flash.close();
	return decodeUtf8(text);
}
