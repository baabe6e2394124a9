/**
 * Called when a socket is made; what it returns is called once, when that socket is closed. A board whose time
 * runs faster than life slows down in between.
 */
export type Hold = () => () => void;

/** For a board whose time is life's. */
export const noHold: Hold = () => () => {};
