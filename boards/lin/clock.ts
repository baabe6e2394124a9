import Clock from "time";
import { unwrapTicks } from "../../src/boards/ticks";

/** A clock over the simulator's milliseconds. */
export function makeClock(): () => number {
	return unwrapTicks(() => Clock.ticks);
}
