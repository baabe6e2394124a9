import type { Board } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import type { PersistentKey } from "../common/persistent-values";
import { consistsOf } from "../common/text-pattern";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";

const accessPointPasswordKey: PersistentKey = "portal_password";
/** Letters and digits that are hard to confuse. */
const passwordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
/** 12 characters of 5 bits: 60 bits resist an offline search on a recorded handshake. */
const passwordLength = 12;

/** SSID of the setup access point: `Dakkio-` and the last four digits of the MAC address. */
export function accessPointName(serial: string): string {
	return `Dakkio-${serial.slice(-4)}`;
}

/**
 * Password of the setup access point; `undefined` for an open network. The build may set it; otherwise it is random, and
 * stored on first use. It is shown only in the setup instructions in the log.
 */
export function accessPointPassword(
	storage: Pick<KeyValue, "read" | "write">,
	board: Pick<Board, "fillRandom" | "setupPassword">,
): string | undefined {
	const { setupPassword } = board;
	if (setupPassword !== undefined) return setupPassword === "" ? undefined : setupPassword;
	const stored = storage.read(accessPointPasswordKey);
	if (stored !== undefined) {
		const password = decodeUtf8(new Uint8Array(stored));
		if (consistsOf(password, "09az", 8, 63)) return password;
	}
	const bytes = new Uint8Array(passwordLength);
	board.fillRandom(bytes);
	let password = "";
	for (const byte of bytes) password += passwordAlphabet.charAt(byte % passwordAlphabet.length);
	storage.write(accessPointPasswordKey, encodeUtf8(password));
	return password;
}
