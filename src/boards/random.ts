import type { Board } from "./board";

/** A number uniform in 0 (included) … 1 (not included), from the board's random source. */
export function randomUniform(board: Pick<Board, "fillRandom">): number {
	const bytes = new Uint8Array(4);
	board.fillRandom(bytes);
	return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
}
