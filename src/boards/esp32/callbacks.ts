import Timer from "timer";

/**
 * Runs a callback from the platform. An exception would abort XS, so it is logged instead; the interrupted operation has a
 * timeout.
 */
export function guard(callback: () => void): void {
	try {
		callback();
	} catch (error) {
		trace(`unexpected: ${describeError(error)}\n`);
	}
}

/** Runs a callback in a later turn of the event loop. */
export function defer(callback: () => void): void {
	Timer.set(() => guard(callback), 0);
}

/** Closes an object of the SDK. All have `close`; some typings lack it. */
export function closeIO(io: object | undefined): void {
	guard(() => {
		if (io !== undefined && "close" in io && typeof io.close === "function") io.close();
	});
}

export function toError(thrown: unknown): Error {
	return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function describeError(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	return error.stack ?? error.message;
}
