import Clock from "time";
import { unwrapTicks } from "../ticks";

/** A clock over the simulator's milliseconds. */
export function makeClock(): () => number {
	return unwrapTicks(() => Clock.ticks);
}
