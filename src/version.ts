/** The firmware's version, as `metadata.firmwareVersion` tells it; the same as in package.json. */
export const firmwareVersion = "0.1.0";

/**
 * When this version was released (milliseconds of Unix time, midnight UTC): no time before it can be the true
 * one, so a clock that says so is wrong.
 */
export const releasedAt = 1795478400000;
