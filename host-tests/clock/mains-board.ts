/** Clock options of a board on mains power that has just started and has no pending readings. */
export const mainsBoard = { resumed: false, sleeps: false, oldestSendableBoot: () => 0 };
