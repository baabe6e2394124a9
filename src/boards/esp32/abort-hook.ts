/**
 * Keeps XS running after an unhandled exception or rejection, which would otherwise restart the chip: a safety net, since
 * the boards catch exceptions in their callbacks. Any other reason, such as full memory, still aborts.
 */
export function installAbortHook(): void {
	globalThis.abort = (status, error) => {
		trace(`${status}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
		if (status === "unhandled exception" || status === "unhandled rejection") return false;
		return undefined;
	};
}
