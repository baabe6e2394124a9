import { unknownPosition } from "../../src/clock/clock";

/** Clock options of a board on mains power that has just started and has no pending readings. */
export const mainsBoard = { resumed: false, sleeps: false, sendingPosition: () => unknownPosition };
