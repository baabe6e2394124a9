import type { Board } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import type { PersistentKey } from "../common/persistent-values";
import { decodeUtf8, encodeUtf8Into } from "../common/utf8";

const accessPointPasswordKey: PersistentKey = "portal_password";
/** Letters and digits that nobody takes for one another when they are read aloud or copied by hand. */
const passwordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
/** 32 letters, so five bits each: 60 bits are out of reach of whoever tries them on a recorded handshake. */
const passwordLength = 12;

/** The board's own network: `Dakkio-` and the last four digits of its address. */
export function accessPointName(serial: string): string {
	return `Dakkio-${serial.slice(-4).toUpperCase()}`;
}

/**
 * The password of the board's own network: made once, from true randomness, and kept for ever, unless the build says
 * another; `undefined` for an open network. Nothing but the lines in the log that are meant for the owner tells it.
 */
export function accessPointPassword(
	storage: Pick<KeyValue, "read" | "write">,
	board: Pick<Board, "fillRandom" | "setupPassword">,
): string | undefined {
	const { setupPassword } = board;
	if (setupPassword !== undefined) return setupPassword === "" ? undefined : setupPassword;
	const kept = storage.read(accessPointPasswordKey);
	if (kept !== undefined) {
		const password = decodeUtf8(new Uint8Array(kept));
		if (/^[a-z0-9]{8,63}$/.test(password)) return password;
	}
	const bytes = new Uint8Array(passwordLength);
	board.fillRandom(bytes);
	let password = "";
	for (const byte of bytes) password += passwordAlphabet.charAt(byte % passwordAlphabet.length);
	const written = new Uint8Array(passwordLength);
	encodeUtf8Into(password, written, 0);
	storage.write(accessPointPasswordKey, written);
	return password;
}
