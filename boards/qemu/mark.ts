/** Kinds of instruction count marks (`emulator_mark`). */
export const Mark = Object.freeze({
	/** Before `app_main`, and at the firmware's first statement. */
	appMain: 0,
	firstStatement: 1,
	/** The line of the log that follows. */
	log: 2,
	/** TLS: opened; TCP connected; server verified. */
	opened: 3,
	connected: 4,
	secure: 5,
	sleep: 6,
	command: 7,
});
