import FFI from "mc/ffi";
import type { KeyValue } from "../../src/boards/ecma419";
import { guard } from "../../src/boards/esp32/callbacks";
import { UDPSocket } from "../../src/boards/esp32/udp";
import { crc24 } from "../../src/common/crc24";
import { decodeUtf8 } from "../../src/common/utf8";
import { Mark } from "./mark";
import type { VirtualButton } from "./virtual-button";

/** Figures of `emulator_memory`. */
const memoryFigures = 13;
/** Counts of `emulator_slots`. */
const slotKinds = 64;

const checksums = 1000;

/** UDP; its commands are words. */
const port = 4190;

/**
 * Takes commands of the tests: `press 7000` the button, milliseconds, `memory` and `slots` (answered with figures),
 * `panic` and `block`, which end in a restart, `mark`, which prints how many instructions there were so far,
 * `checksum 100`, which prints that before and after a thousand checksums of 100 bytes, `live`, after which the starts
 * before count as if they had lived a minute, and `ping`. Each command but the fatal ones is answered.
 */
export function openControlPort(button: VirtualButton, storage: Pick<KeyValue, "delete">): void {
	// Only these functions: each FFI has all of them, in memory that is to be measured.
	const { emulator_collect, emulator_memory, emulator_slots, emulator_panic, emulator_mark } = new FFI();
	const emulator = { emulator_collect, emulator_memory, emulator_slots, emulator_panic, emulator_mark };
	const socket: UDPSocket = new UDPSocket({
		port,
		onReadable: () => {
			for (let packet = socket.read(); packet !== undefined; packet = socket.read()) {
				const { address, port: sender } = packet;
				const answer = execute(decodeUtf8(new Uint8Array(packet)), button, storage, emulator);
				guard(() => socket.write(new Uint8Array(ArrayBuffer.fromString(answer)), address, sender));
			}
		},
	});
}

type Emulator = Pick<
	FFI,
	"emulator_collect" | "emulator_memory" | "emulator_slots" | "emulator_panic" | "emulator_mark"
>;

function execute(
	command: string,
	button: VirtualButton,
	storage: Pick<KeyValue, "delete">,
	emulator: Emulator,
): string {
	const [word, argument] = command.split(" ");
	switch (word) {
		case "press":
			button.press(Number(argument));
			return command;
		case "memory": {
			const figures = new Uint32Array(memoryFigures);
			emulator.emulator_collect();
			emulator.emulator_memory(figures.buffer);
			return figures.join(" ");
		}
		case "slots": {
			const counts = new Uint32Array(slotKinds);
			emulator.emulator_collect();
			emulator.emulator_slots(counts.buffer);
			return counts.join(" ");
		}
		case "live":
			storage.delete("starts");
			return command;
		case "mark":
			emulator.emulator_mark(Mark.command);
			return command;
		case "checksum": {
			const bytes = new Uint8Array(Number(argument));
			emulator.emulator_mark(Mark.command);
			for (let i = 0; i < checksums; i++) crc24(i, bytes, 0, bytes.length);
			emulator.emulator_mark(Mark.command);
			return command;
		}
		case "panic":
			emulator.emulator_panic();
			return "";
		case "block":
			for (;;);
		default:
			return "pong";
	}
}
