import fc from "fast-check";
import jsQR from "jsqr";
import { describe, expect, test } from "vitest";
import { encodeQr, type QrCode } from "../../src/setup/qr";
import { qrLines, wifiUri } from "../../src/setup/setup-instructions";

/** Draws the code as pixels and decodes it with an independent reader. */
function read(code: QrCode | undefined, isDark = code?.isDark.bind(code)): Uint8Array {
	if (code === undefined || isDark === undefined) throw new Error("there is no code");
	const scale = 4;
	const side = (code.size + 8) * scale;
	const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
	for (let y = 0; y < side; y++)
		for (let x = 0; x < side; x++) {
			const [column, row] = [Math.floor(x / scale) - 4, Math.floor(y / scale) - 4];
			const inside = column >= 0 && row >= 0 && column < code.size && row < code.size;
			if (inside && isDark(column, row)) pixels.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
		}
	const found = jsQR(pixels, side, side, { inversionAttempts: "dontInvert" });
	if (found === null) throw new Error("not readable");
	return Uint8Array.from(found.binaryData);
}

describe("a code", () => {
	test.each([
		[1, 17],
		[2, 32],
		[3, 53],
		[4, 78],
		[5, 106],
		[6, 134],
		[7, 154],
		[8, 192],
		[9, 230],
		[10, 271],
	])("version %i holds %i bytes, and one more needs the next", (version, maxBytes) => {
		const bytes = Uint8Array.from({ length: maxBytes }, (_, index) => (index * 37 + 11) & 0xff);
		const code = encodeQr(bytes);
		expect(code?.size).toBe(17 + 4 * version);
		expect(read(code)).toEqual(bytes);
		const more = encodeQr(new Uint8Array(maxBytes + 1));
		expect(more?.size).toBe(version === 10 ? undefined : 21 + 4 * version);
	});

	test("any bytes decode to themselves", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 1, maxLength: 271 }), (bytes) => {
				expect(read(encodeQr(bytes))).toEqual(bytes);
			}),
			{ numRuns: 60 },
		);
	});

	test("is readable with a dirty part", () => {
		const bytes = new TextEncoder().encode("WIFI:S:Dakkio-1A2B;T:WPA;P:abcdefghijkm;;");
		const code = encodeQr(bytes);
		if (code === undefined) throw new Error("there is no code");
		const dirty = (x: number, y: number) => (x === 14 && y > 10 && y < 16 ? true : code.isDark(x, y));
		expect(read(code, dirty)).toEqual(bytes);
	});
});

test("as text it is the same code, two rows per line, with four light modules around it", () => {
	const bytes = new TextEncoder().encode("Dakkio");
	const code = encodeQr(bytes);
	if (code === undefined) throw new Error("there is no code");
	const lines = [...qrLines(code)];
	expect(lines).toHaveLength(Math.ceil((code.size + 8) / 2));
	expect(lines.map((line) => line.length)).toEqual(lines.map(() => code.size + 8));
	const isDark = (x: number, y: number) => {
		const character = lines[(y + 4) >> 1]?.[x + 4];
		return (y + 4) % 2 === 0 ? !"█▀".includes(character ?? "") : !"█▄".includes(character ?? "");
	};
	expect(read(code, isDark)).toEqual(bytes);
	expect(lines[0]).toBe("█".repeat(code.size + 8));
});

test.each([
	["Dakkio-1A2B", "abcdefghijkm", "WIFI:T:WPA;S:Dakkio-1A2B;P:abcdefghijkm;;"],
	['a;b,c:d\\e"f', "x;y:z12345", 'WIFI:T:WPA;S:a\\;b\\,c\\:d\\\\e\\"f;P:x\\;y\\:z12345;;'],
	["Open", undefined, "WIFI:T:nopass;S:Open;;"],
])("the network %j with password %j is %j to a camera", (ssid, password, expected) => {
	expect(wifiUri(ssid, password)).toBe(expected);
});
