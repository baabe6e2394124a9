import FFI from "mc/ffi";
import Timer from "timer";

/** Restarts the chip after `milliseconds`. Works without a board, whose start may have failed. */
export function restartAfter(milliseconds: number): void {
	Timer.set(() => new FFI().esp_restart(), milliseconds);
}
