/** Kinds of the lines by which the emulator says how many instructions there were so far (`emulator_mark`). */
export const Mark = Object.freeze({
	/** Before `app_main`, and at the firmware's first statement. */
	appMain: 0,
	firstStatement: 1,
	/** The line of the log that follows. */
	log: 2,
	/** TLS: asked for, over TCP; TCP is connected; the server is verified, and the request is next. */
	opened: 3,
	connected: 4,
	secure: 5,
	sleep: 6,
	command: 7,
});
