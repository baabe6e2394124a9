/** A record that no sector can hold. */
export class RecordTooLargeError extends RangeError {
	// A field, because XS freezes the built-in prototypes.
	override name = "RecordTooLargeError";

	constructor(length: number, largest: number) {
		super(`a record of ${length} bytes does not fit a flash sector; at most ${largest} bytes do`);
	}
}

/** The ring is full of what is not acknowledged, and it was asked to refuse the newest. */
export class QueueFullError extends Error {
	override name = "QueueFullError";

	constructor(waiting: number) {
		super(`the queue is full: ${waiting} records wait; acknowledge some, then push again`);
	}
}

/** No sector could be erased and programmed. What is stored can still be read. */
export class FlashFailedError extends Error {
	override name = "FlashFailedError";

	constructor(cause: unknown) {
		const words = cause instanceof Error ? `: ${cause.message}` : "";
		super(`the flash takes no data${words}; replace the board, or try again if its supply was weak`);
	}
}
