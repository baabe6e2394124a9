import type { QrCode } from "./qr";

/** Light modules that must be around a code. */
const quiet = 4;

/**
 * A code as lines of text, two rows of modules a line, for a log on a dark ground: what is light is drawn.
 */
export function* qrLines(code: QrCode): Generator<string> {
	const { size } = code;
	const isLight = (x: number, y: number) => x < 0 || y < 0 || x >= size || y >= size || !code.isDark(x, y);
	for (let y = -quiet; y < size + quiet; y += 2) {
		let line = "";
		for (let x = -quiet; x < size + quiet; x++) {
			const [upper, lower] = [isLight(x, y), y + 1 < size + quiet && isLight(x, y + 1)];
			line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
		}
		yield line;
	}
}
