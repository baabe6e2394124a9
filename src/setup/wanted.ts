import type { KeyValue } from "../boards/ecma419";
import type { SetupReason } from "./decide";

export const wishKey = "setup";
/** What is kept for the start that follows. */
const codes = Object.freeze({ "asked for": 1, "no network": 2 } as const);

/** The next start is one for setup. */
export function askForSetup(storage: Pick<KeyValue, "write">, reason: keyof typeof codes): void {
	storage.write(wishKey, Uint8Array.of(codes[reason]));
}

/**
 * Why this start is one for setup; `undefined`: it is not. A wish counts once, so that whatever goes wrong in setup, the
 * next start is a usual one.
 */
export function setupReason(
	storage: Pick<KeyValue, "read" | "delete">,
	hasNetworks: boolean,
): SetupReason | undefined {
	const kept = storage.read(wishKey);
	const granted = kept !== undefined && strikeOff(storage);
	if (!hasNetworks) return "no settings";
	const [code] = granted ? new Uint8Array(kept) : [];
	if (code === codes["asked for"]) return "asked for";
	return code === codes["no network"] ? "no network" : undefined;
}

/** Whether the wish is off: one that stays, on a storage that fails, would come true at each start. */
function strikeOff(storage: Pick<KeyValue, "delete">): boolean {
	try {
		storage.delete(wishKey);
		return true;
	} catch {
		return false;
	}
}
