import Clock from "time";
import { unwrapTicks } from "../shared/unwrap-ticks";

/** A clock over the simulator's milliseconds. */
export function makeClock(): () => number {
	return unwrapTicks(() => Clock.ticks);
}
