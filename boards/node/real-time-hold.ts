/**
 * Called when a socket is opened; returns a function that is called once, when it is closed. A board whose time runs
 * faster than real time slows down in between.
 */
export type Hold = () => () => void;

/** For a board that runs in real time. */
export const noHold: Hold = () => () => {};
