import type { Board } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";

export const accessPointPasswordKey = "portal_password";
/** Without letters and digits that look alike. */
const passwordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
/** Five bits per character: 60 bits withstand an offline attack on a recorded WPA2 handshake. */
const passwordLength = 12;

/** The board's own network: `Dakkio-` and the last four digits of its address. */
export function accessPointName(serial: string): string {
	return `Dakkio-${serial.slice(-4).toUpperCase()}`;
}

/**
 * The password of the access point: the build's, or one generated once from true randomness and stored; `undefined` for
 * an open network. It is logged only in the setup instructions.
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
		if (/^[a-z0-9]{8,63}$/.test(password)) return password;
	}
	const bytes = new Uint8Array(passwordLength);
	board.fillRandom(bytes);
	let password = "";
	for (const byte of bytes) password += passwordAlphabet.charAt(byte % passwordAlphabet.length);
	storage.write(accessPointPasswordKey, encodeUtf8(password));
	return password;
}
