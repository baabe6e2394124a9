import type { QrCode } from "./qr";

/** Light modules that must be around a code. */
const quietZoneModules = 4;

/**
 * A code as lines of text, two rows of modules a line, for a log on a dark ground: what is light is drawn.
 */
export function* qrLines(code: QrCode): Generator<string> {
	const { size } = code;
	const isLight = (x: number, y: number) => x < 0 || y < 0 || x >= size || y >= size || !code.isDark(x, y);
	for (let y = -quietZoneModules; y < size + quietZoneModules; y += 2) {
		let line = "";
		for (let x = -quietZoneModules; x < size + quietZoneModules; x++) {
			const [upper, lower] = [isLight(x, y), y + 1 < size + quietZoneModules && isLight(x, y + 1)];
			line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
		}
		yield line;
	}
}
