import type { Board } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { decode, encodeInto } from "../text/utf8";

export const ownPasswordKey = "portal_password";
/** Letters and digits that nobody takes for one another when they are read aloud or copied by hand. */
const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
/** 32 letters, so five bits each: 60 bits are out of reach of whoever tries them on a recorded handshake. */
const length = 12;

/** The board's own network: `Dakkio-` and the last four digits of its address. */
export function ownName(serial: string): string {
	return `Dakkio-${serial.slice(-4).toUpperCase()}`;
}

/**
 * The password of the board's own network: made once, from true randomness, and kept for ever, unless the build says
 * another; `undefined` for an open network. Nothing but the lines in the log that are meant for the owner tells it.
 */
export function ownPassword(
	storage: Pick<KeyValue, "read" | "write">,
	board: Pick<Board, "fillRandom" | "setupPassword">,
): string | undefined {
	const { setupPassword } = board;
	if (setupPassword !== undefined) return setupPassword === "" ? undefined : setupPassword;
	const kept = storage.read(ownPasswordKey);
	if (kept !== undefined) {
		const password = decode(new Uint8Array(kept));
		if (/^[a-z0-9]{8,63}$/.test(password)) return password;
	}
	const bytes = new Uint8Array(length);
	board.fillRandom(bytes);
	let password = "";
	for (const byte of bytes) password += alphabet.charAt(byte % alphabet.length);
	const written = new Uint8Array(length);
	encodeInto(password, written, 0);
	storage.write(ownPasswordKey, written);
	return password;
}
