import FFI from "mc/ffi";
import Clock from "time";
import type { Board } from "../../src/boards/board";
import type { TLSOptions } from "../../src/boards/ecma419";
import { SDKTime } from "../../src/boards/esp32/time";

/** Kinds of the lines by which the emulator says how many instructions there were so far (`emulator_mark`). */
export const Mark = Object.freeze({
	/** Before `app_main`, and at the firmware's first statement. */
	appMain: 0,
	firstStatement: 1,
	/** The line of the log that follows. */
	log: 2,
	/** TLS: asked for, over TCP; TCP is connected; the server is verified, and the request is next. */
	opened: 3,
	connected: 4,
	secure: 5,
	sleep: 6,
	command: 7,
});

/** A board that prints a mark at each line of its log and each step of TLS, and whose restart, at once, is the end of a deep sleep. */
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
		resetReason: sleptMs < 0 ? board.resetReason : "deep sleep",
		network: { ...board.network, TLS: MarkedTLS },
		log: (line) => {
			mark(Mark.log);
			board.log(line);
		},
		sleep: (milliseconds) => emulator.emulator_sleep(time.ticks(), milliseconds),
	};
}
