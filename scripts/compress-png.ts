import { deflateSync, inflateSync } from "node:zlib";
import { crc32 } from "../src/common/crc32";

/** Pixels of 8 bits per channel, without gaps between lines. */
interface Picture {
	readonly width: number;
	readonly height: number;
	/** Red, green, blue. */
	readonly pixels: Uint8Array;
}

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const maxColours = 256;

/**
 * A screenshot (PNG, 8 bits, RGB or RGBA) reduced to 256 colours: the most frequent ones; others become the nearest of
 * these. On a page of plain areas and text the difference is invisible.
 */
export function compressPng(screenshot: Uint8Array): Buffer {
	return encode(decode(Buffer.from(screenshot)));
}

function decode(png: Buffer): Picture {
	const width = png.readUInt32BE(16);
	const height = png.readUInt32BE(20);
	const channels = png[25] === 6 ? 4 : 3;
	if (png[24] !== 8 || (png[25] !== 2 && png[25] !== 6)) throw new Error("not a PNG of 8 bits, RGB or RGBA");
	const parts: Buffer[] = [];
	for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12)
		if (png.toString("latin1", at + 4, at + 8) === "IDAT")
			parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
	const lines = unfilter(inflateSync(Buffer.concat(parts)), width * channels, channels);
	const pixels = new Uint8Array(width * height * 3);
	for (let pixel = 0; pixel < width * height; pixel++)
		pixels.set(lines.subarray(pixel * channels, pixel * channels + 3), pixel * 3);
	return { width, height, pixels };
}

/** PNG specification, section 9.2. */
function unfilter(filtered: Uint8Array, length: number, channels: number): Uint8Array {
	const height = filtered.length / (length + 1);
	const lines = new Uint8Array(length * height);
	for (let y = 0; y < height; y++) {
		const filter = filtered[y * (length + 1)];
		for (let x = 0; x < length; x++) {
			const at = y * length + x;
			const left = x < channels ? 0 : (lines[at - channels] ?? 0);
			const above = y === 0 ? 0 : (lines[at - length] ?? 0);
			const corner = x < channels || y === 0 ? 0 : (lines[at - length - channels] ?? 0);
			const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter ?? 0] ?? 0;
			lines[at] = (filtered[y * (length + 1) + 1 + x] ?? 0) + guess;
		}
	}
	return lines;
}

function paeth(left: number, above: number, corner: number): number {
	const guess = left + above - corner;
	const distances = [left, above, corner].map((value) => Math.abs(guess - value));
	const nearest = Math.min(...distances);
	return [left, above, corner][distances.indexOf(nearest)] ?? 0;
}

function encode({ width, height, pixels }: Picture): Buffer {
	const counts = new Map<number, number>();
	const colourAt = (pixel: number) =>
		((pixels[3 * pixel] ?? 0) << 16) | ((pixels[3 * pixel + 1] ?? 0) << 8) | (pixels[3 * pixel + 2] ?? 0);
	for (let pixel = 0; pixel < width * height; pixel++)
		counts.set(colourAt(pixel), (counts.get(colourAt(pixel)) ?? 0) + 1);
	const palette = [...counts]
		.sort(([, one], [, other]) => other - one)
		.slice(0, maxColours)
		.map(([colour]) => colour);
	const indices = new Map([...counts.keys()].map((colour) => [colour, nearestColour(palette, colour)]));
	const lines = Buffer.alloc((width + 1) * height);
	for (let pixel = 0; pixel < width * height; pixel++)
		lines[pixel + Math.floor(pixel / width) + 1] = indices.get(colourAt(pixel)) ?? 0;
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([8, 3, 0, 0, 0], 8);
	return Buffer.concat([
		signature,
		chunk("IHDR", header),
		chunk("PLTE", Buffer.from(palette.flatMap(channelsOf))),
		chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
		chunk("IEND", Buffer.alloc(0)),
	]);
}

function nearestColour(palette: readonly number[], colour: number): number {
	let best = 0;
	let least = Number.POSITIVE_INFINITY;
	for (const [index, other] of palette.entries()) {
		const one = channelsOf(other);
		const distance = channelsOf(colour).reduce((sum, value, at) => sum + (value - (one[at] ?? 0)) ** 2, 0);
		if (distance < least) [best, least] = [index, distance];
	}
	return best;
}

function channelsOf(colour: number): number[] {
	return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function chunk(type: string, data: Buffer): Buffer {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(data.length);
	const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
	const sum = Buffer.alloc(4);
	sum.writeUInt32BE(crc32(body));
	return Buffer.concat([length, body, sum]);
}
