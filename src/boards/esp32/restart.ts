import FFI from "mc/ffi";
import Timer from "timer";

/** Restarts the chip after so many milliseconds, also where there is no board: a machine without one would stand for ever. */
export function restartAfter(milliseconds: number): void {
	Timer.set(() => new FFI().esp_restart(), milliseconds);
}
