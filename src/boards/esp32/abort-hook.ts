/**
 * Keeps the machine running when an exception or a rejection that nobody took reaches XS, which would otherwise end
 * it, and so restart the chip. The boards let none out of their callbacks; this is the net below that. Every other
 * reason, such as full memory, still ends the machine.
 */
export function installAbortHook(): void {
	globalThis.abort = (status, error) => {
		trace(`${status}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
		if (status === "unhandled exception" || status === "unhandled rejection") return false;
		return undefined;
	};
}
