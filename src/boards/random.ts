import type { Board } from "./board";

/** A number uniform in 0 (included) … 1 (not included), from the board's random source. */
export function randomUniform(board: Pick<Board, "fillRandom">): number {
	const bytes = new Uint8Array(4);
	board.fillRandom(bytes);
	return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
}

/** Random bytes, two hexadecimal digits each. */
export function randomHex(board: Pick<Board, "fillRandom">, byteCount: number): string {
	const bytes = new Uint8Array(byteCount);
	board.fillRandom(bytes);
	let digits = "";
	for (const byte of bytes) digits += byte.toString(16).padStart(2, "0");
	return digits;
}
