import Clock from "time";
import { unwrapTicks } from "../shared/unwrap-ticks";

/** A clock from the SDK simulator's milliseconds. */
export function makeClock(): () => number {
	return unwrapTicks(() => Clock.ticks);
}
