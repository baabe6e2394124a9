import FFI from "mc/ffi";
import Clock from "time";
import type { Board } from "../../src/boards/board";
import type { TLSOptions } from "../../src/boards/ecma419";
import { SDKTime } from "../../src/boards/esp32/time";
import { Mark } from "./mark";

/** Wraps a board: prints a mark at each log line and TLS step, and replaces deep sleep by an immediate restart. */
export function withMarks(board: Board): Board {
	const { emulator_mark, emulator_sleep, emulator_slept } = new FFI();
	const emulator = { emulator_mark, emulator_sleep };
	const mark = (kind: number) => emulator.emulator_mark(kind);
	const sleptMs = emulator_slept();
	const time =
		sleptMs < 0
			? board.time
			: new SDKTime(() => (Clock.microseconds ?? 0) / 1000, sleptMs + board.time.ticks());
	class MarkedTLS extends board.network.TLS {
		constructor(options: TLSOptions) {
			mark(Mark.opened);
			super({
				...options,
				onConnected: () => {
					mark(Mark.connected);
					options.onConnected?.();
				},
				onVerified: (issuer) => {
					mark(Mark.secure);
					options.onVerified?.(issuer);
				},
			});
		}
	}
	return {
		...board,
		time,
		fillRandom: (bytes) => board.fillRandom(bytes),
		freeMemory: () => board.freeMemory(),
		restart: () => board.restart(),
		resetReason: sleptMs < 0 ? board.resetReason : "deep sleep",
		network: { ...board.network, TLS: MarkedTLS },
		log: (line) => {
			mark(Mark.log);
			board.log(line);
		},
		sleep: (milliseconds) => emulator.emulator_sleep(time.ticks(), milliseconds),
	};
}
