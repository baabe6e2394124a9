/** A record that no sector can hold. */
export class RecordTooLargeError extends RangeError {
	constructor(recordBytes: number, maxBytes: number) {
		super(`a record of ${recordBytes} bytes does not fit a flash sector: the maximum is ${maxBytes} bytes`);
	}
}

/** No sector could be erased and programmed. Stored records stay readable, but for those of two sectors at most. */
export class FlashFailedError extends Error {
	constructor() {
		super("flash cannot be written; replace the board, or try again if its supply was weak");
	}
}
