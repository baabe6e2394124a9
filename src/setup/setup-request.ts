import type { KeyValue } from "../boards/ecma419";
import { type PersistentKey, writeValue } from "../common/persistent-values";
import type { SetupReason } from "./setup-lifecycle";

const setupRequestKey: PersistentKey = "setup";
/** Reasons as stored. */
const reasonCodes = Object.freeze({ "asked for": 1, "no network": 2 } as const);

/** Makes the next boot open setup. Throws what the storage throws. */
export function requestSetup(
	storage: Pick<KeyValue, "read" | "write">,
	reason: keyof typeof reasonCodes,
): void {
	writeValue(storage, setupRequestKey, Uint8Array.of(reasonCodes[reason]));
}

/** Why this boot opens setup; `undefined` if it does not. Deletes the request: it holds for one boot. */
export function consumeSetupRequest(
	storage: Pick<KeyValue, "read" | "delete">,
	hasNetworks: boolean,
): SetupReason | undefined {
	const request = storage.read(setupRequestKey);
	const isValid = request !== undefined && clearSetupRequest(storage);
	if (!hasNetworks) return "no settings";
	const [code] = isValid ? new Uint8Array(request) : [];
	if (code === reasonCodes["asked for"]) return "asked for";
	return code === reasonCodes["no network"] ? "no network" : undefined;
}

/** Deletes the setup request; false if storage fails. A request that stays would open setup on every boot. */
function clearSetupRequest(storage: Pick<KeyValue, "delete">): boolean {
	try {
		storage.delete(setupRequestKey);
		return true;
	} catch {
		return false;
	}
}
