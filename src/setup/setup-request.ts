import type { KeyValue } from "../boards/ecma419";
import type { SetupReason } from "./setup-lifecycle";

export const setupRequestKey = "setup";
/** What is kept for the start that follows. */
const reasonCodes = Object.freeze({ "asked for": 1, "no network": 2 } as const);

/** The next start is one for setup. */
export function requestSetup(storage: Pick<KeyValue, "write">, reason: keyof typeof reasonCodes): void {
	storage.write(setupRequestKey, Uint8Array.of(reasonCodes[reason]));
}

/**
 * Why this start is one for setup; `undefined`: it is not. A wish counts once, so that whatever goes wrong in setup, the
 * next start is a usual one.
 */
export function takeSetupReason(
	storage: Pick<KeyValue, "read" | "delete">,
	hasNetworks: boolean,
): SetupReason | undefined {
	const kept = storage.read(setupRequestKey);
	const granted = kept !== undefined && clearSetupRequest(storage);
	if (!hasNetworks) return "no settings";
	const [code] = granted ? new Uint8Array(kept) : [];
	if (code === reasonCodes["asked for"]) return "asked for";
	return code === reasonCodes["no network"] ? "no network" : undefined;
}

/** Whether the wish is off: one that stays, on a storage that fails, would come true at each start. */
function clearSetupRequest(storage: Pick<KeyValue, "delete">): boolean {
	try {
		storage.delete(setupRequestKey);
		return true;
	} catch {
		return false;
	}
}
