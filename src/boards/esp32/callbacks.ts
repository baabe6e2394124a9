import Timer from "timer";

/**
 * Calls back from the event loop. An exception that leaves a native callback aborts the machine, so none does:
 * it is traced, and the work that it ended has its deadline.
 */
export function guard(callback: () => void): void {
	try {
		callback();
	} catch (error) {
		trace(`unexpected: ${describeError(error)}\n`);
	}
}

/** Calls back in a turn of the event loop of its own. */
export function defer(callback: () => void): void {
	Timer.set(() => guard(callback), 0);
}

/** Closes an object of the SDK. All can be closed; the typings of some do not say so. */
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
