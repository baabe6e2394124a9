import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressPng } from "../../scripts/compress-png";
import { root } from "../../scripts/sdk";
import { crc32 } from "../../src/common/crc32";

const directory = join(root, "docs", "images");

test("README shows each picture with alternative text, and each is small", () => {
	const readme = readFileSync(join(root, "README.md"), "utf8");
	const shown = [...readme.matchAll(/<img src="(docs\/images\/[^"]+)" width="\d+" alt="([^"]{20,})"/g)];
	expect(shown.map(([, path = ""]) => path).sort()).toEqual(
		readdirSync(directory)
			.map((name) => `docs/images/${name}`)
			.sort(),
	);
	for (const [, path = ""] of shown) {
		expect(existsSync(join(root, path))).toBe(true);
		expect(statSync(join(root, path)).size).toBeLessThan(100_000);
	}
});

/** A PNG of 3 by 2 pixels, RGB, with these filtered lines. */
function png(...lines: readonly (readonly number[])[]): Buffer {
	const chunk = (type: string, data: Buffer) => {
		const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
		const ends = Buffer.alloc(8);
		ends.writeUInt32BE(data.length, 0);
		ends.writeUInt32BE(crc32(body), 4);
		return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
	};
	const header = Buffer.from([0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
	return Buffer.concat([
		Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
		chunk("IHDR", header),
		chunk("IDAT", deflateSync(Buffer.from(lines.flat()))),
		chunk("IEND", Buffer.alloc(0)),
	]);
}

test("compression keeps a picture with few colours", () => {
	const plain = png([0, 1, 2, 3, 4, 5, 6, 4, 5, 6], [0, 4, 5, 6, 1, 2, 3, 7, 8, 9]);
	// The same pixels, as differences from the left (1), from above (2), from both (3) and by Paeth (4).
	const filtered = [
		png([1, 1, 2, 3, 3, 3, 3, 0, 0, 0], [2, 3, 3, 3, 253, 253, 253, 3, 3, 3]),
		png([0, 1, 2, 3, 4, 5, 6, 4, 5, 6], [3, 4, 4, 5, 253, 253, 253, 5, 5, 5]),
		png([0, 1, 2, 3, 4, 5, 6, 4, 5, 6], [4, 3, 3, 3, 253, 253, 253, 6, 6, 6]),
	];
	const small = compressPng(plain);
	for (const other of filtered) expect(compressPng(other).equals(small)).toBe(true);
	// Of four colours, the first in the palette is the most frequent.
	const palette = small.indexOf("PLTE") + 4;
	expect([...small.subarray(palette, palette + 3)]).toEqual([4, 5, 6]);
});
