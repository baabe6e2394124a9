/**
 * QR codes (ISO/IEC 18004) in byte mode, versions 1 to 10, error correction level L: enough for a screen, and for a
 * network's name and password.
 */

/** A square of modules; `true` is dark. */
export interface QrCode {
	/** Modules per side. */
	readonly size: number;
	isDark(x: number, y: number): boolean;
}

/** By version, from 1: codewords, error correction codewords per block, blocks (tables 1 and 9). */
const versions = Object.freeze([
	[26, 7, 1],
	[44, 10, 1],
	[70, 15, 1],
	[100, 20, 1],
	[134, 26, 1],
	[172, 18, 2],
	[196, 20, 2],
	[242, 24, 2],
	[292, 30, 2],
	[346, 18, 4],
] as const);

/** First version with a 16-bit byte count, and first one with drawn version information. */
const longCountVersion = 10;
const minVersionInfo = 7;

/** The smallest code that holds the bytes; `undefined` for more than 271. */
export function encodeQr(bytes: Uint8Array): QrCode | undefined {
	for (let version = 1; version <= versions.length; version++) {
		const [all, correction, blocks] = versions[version - 1] ?? [0, 0, 0];
		const capacity = all - correction * blocks;
		const head = version < longCountVersion ? 2 : 3;
		// Mode and count are 12 or 20 bits.
		if (bytes.length + head > capacity) continue;
		const data = dataCodewords(bytes, version, capacity);
		return drawCode(version, withErrorCorrection(data, correction, blocks, all));
	}
	return undefined;
}

/** Mode, count, bytes, end, padding (section 7.4). */
function dataCodewords(bytes: Uint8Array, version: number, capacity: number): Uint8Array {
	const data = new Uint8Array(capacity);
	let at = 0;
	const put = (value: number, bits: number) => {
		for (let bit = bits - 1; bit >= 0; bit--, at++)
			if ((value >> bit) & 1) data[at >> 3] = (data[at >> 3] ?? 0) | (0x80 >> (at & 7));
	};
	put(0b0100, 4);
	put(bytes.length, version < longCountVersion ? 8 : 16);
	for (const byte of bytes) put(byte, 8);
	// The terminator: up to four zero bits.
	at = Math.min(at + 4, capacity * 8);
	for (let byte = (at + 7) >> 3, pad = 0xec; byte < capacity; byte++, pad ^= 0xec ^ 0x11) data[byte] = pad;
	return data;
}

/** Blocks with their error correction, interleaved (section 7.6). Longer blocks come last. */
function withErrorCorrection(data: Uint8Array, correction: number, blocks: number, all: number): Uint8Array {
	const short = Math.floor(data.length / blocks);
	const firstLong = blocks - (data.length % blocks);
	const generator = generatorPolynomial(correction);
	const result = new Uint8Array(all);
	for (let block = 0, start = 0; block < blocks; block++) {
		const length = block < firstLong ? short : short + 1;
		const part = data.subarray(start, start + length);
		start += length;
		for (let i = 0; i < length; i++) {
			// The last codewords of the longer blocks follow when the shorter ones have ended.
			const at = i < short ? i * blocks + block : short * blocks + block - firstLong;
			result[at] = part[i] ?? 0;
		}
		const check = remainder(part, generator);
		for (let i = 0; i < correction; i++) result[data.length + i * blocks + block] = check[i] ?? 0;
	}
	return result;
}

/** A product in the field of 256 elements over x⁸ + x⁴ + x³ + x² + 1. */
function multiply(a: number, b: number): number {
	let product = 0;
	for (let bit = 7; bit >= 0; bit--) {
		product = (product << 1) ^ ((product >> 7) * 0x11d);
		product ^= ((b >> bit) & 1) * a;
	}
	return product;
}

/** Reed-Solomon generator polynomial: the product of (x − 2ⁱ), without its leading 1. */
function generatorPolynomial(degree: number): Uint8Array {
	const polynomial = new Uint8Array(degree);
	polynomial[degree - 1] = 1;
	for (let i = 0, root = 1; i < degree; i++, root = multiply(root, 2))
		for (let j = 0; j < degree; j++)
			polynomial[j] = multiply(polynomial[j] ?? 0, root) ^ (j + 1 < degree ? (polynomial[j + 1] ?? 0) : 0);
	return polynomial;
}

function remainder(data: Uint8Array, generator: Uint8Array): Uint8Array {
	const result = new Uint8Array(generator.length);
	for (const byte of data) {
		const factor = byte ^ (result[0] ?? 0);
		result.copyWithin(0, 1);
		result[result.length - 1] = 0;
		for (let i = 0; i < result.length; i++)
			result[i] = (result[i] ?? 0) ^ multiply(generator[i] ?? 0, factor);
	}
	return result;
}

function drawCode(version: number, codewords: Uint8Array): QrCode {
	const grid = new Grid(17 + 4 * version);
	drawPatterns(grid, version);
	drawCodewords(grid, codewords);
	let best = 0;
	let minPenalty = Number.POSITIVE_INFINITY;
	for (let mask = 0; mask < 8; mask++) {
		applyMask(grid, mask);
		drawFormat(grid, mask);
		const penalty = penaltyOf(grid);
		if (penalty < minPenalty) [best, minPenalty] = [mask, penalty];
		// Applied a second time, a mask is undone.
		applyMask(grid, mask);
	}
	applyMask(grid, best);
	drawFormat(grid, best);
	return grid;
}

/** One byte per module. Bit 0: dark; bit 1: part of a function pattern, which data and masks leave out. */
class Grid implements QrCode {
	readonly size: number;
	private readonly modules: Uint8Array;

	constructor(size: number) {
		this.size = size;
		this.modules = new Uint8Array(size * size);
	}

	isDark(x: number, y: number): boolean {
		return ((this.modules[y * this.size + x] ?? 0) & 1) === 1;
	}

	isPattern(x: number, y: number): boolean {
		return ((this.modules[y * this.size + x] ?? 0) & 2) === 2;
	}

	set(x: number, y: number, dark: boolean, pattern: boolean): void {
		if (x >= 0 && y >= 0 && x < this.size && y < this.size)
			this.modules[y * this.size + x] = (dark ? 1 : 0) | (pattern ? 2 : 0);
	}

	flip(x: number, y: number): void {
		this.set(x, y, !this.isDark(x, y), false);
	}
}

/** Finder, timing and alignment patterns, version, and the area of the format (section 6.3). */
function drawPatterns(grid: Grid, version: number): void {
	const { size } = grid;
	for (let i = 0; i < size; i++) {
		grid.set(6, i, i % 2 === 0, true);
		grid.set(i, 6, i % 2 === 0, true);
	}
	const corners = [
		[3, 3],
		[size - 4, 3],
		[3, size - 4],
	] as const;
	for (const [x, y] of corners)
		for (let dy = -4; dy <= 4; dy++)
			for (let dx = -4; dx <= 4; dx++) {
				const ring = Math.max(Math.abs(dx), Math.abs(dy));
				grid.set(x + dx, y + dy, ring !== 2 && ring !== 4, true);
			}
	drawAlignment(grid, version);
	drawFormat(grid, 0);
	if (version >= minVersionInfo) drawVersion(grid, version);
}

/** Evenly from 6 to size - 7 (annex E), except at finders. */
function drawAlignment(grid: Grid, version: number): void {
	if (version === 1) return;
	const last = grid.size - 7;
	const places = version < minVersionInfo ? [6, last] : [6, (6 + last) / 2, last];
	for (const y of places)
		for (const x of places) {
			if ((x === 6 && (y === 6 || y === last)) || (x === last && y === 6)) continue;
			for (let dy = -2; dy <= 2; dy++)
				for (let dx = -2; dx <= 2; dx++)
					grid.set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1, true);
		}
}

/** Level L and the mask, twice, with their BCH code (annex C). */
function drawFormat(grid: Grid, mask: number): void {
	const { size } = grid;
	const format = (0b01 << 3) | mask;
	let check = format;
	for (let i = 0; i < 10; i++) check = (check << 1) ^ ((check >> 9) * 0x537);
	const bits = ((format << 10) | check) ^ 0x5412;
	const bit = (i: number) => ((bits >> i) & 1) === 1;
	for (let i = 0; i < 6; i++) {
		grid.set(8, i, bit(i), true);
		grid.set(14 - i - 9, 8, bit(i + 9), true);
	}
	grid.set(8, 7, bit(6), true);
	grid.set(8, 8, bit(7), true);
	grid.set(7, 8, bit(8), true);
	for (let i = 0; i < 8; i++) grid.set(size - 1 - i, 8, bit(i), true);
	for (let i = 8; i < 15; i++) grid.set(8, size - 15 + i, bit(i), true);
	grid.set(8, size - 8, true, true);
}

/** Annex D. */
function drawVersion(grid: Grid, version: number): void {
	let check = version;
	for (let i = 0; i < 12; i++) check = (check << 1) ^ ((check >> 11) * 0x1f25);
	const bits = (version << 12) | check;
	for (let i = 0; i < 18; i++) {
		const dark = ((bits >> i) & 1) === 1;
		const along = grid.size - 11 + (i % 3);
		const across = Math.floor(i / 3);
		grid.set(along, across, dark, true);
		grid.set(across, along, dark, true);
	}
}

/** In columns of two from the right, alternately up and down, around function patterns (section 7.7.3). */
function drawCodewords(grid: Grid, codewords: Uint8Array): void {
	const { size } = grid;
	let at = 0;
	for (let right = size - 1, up = true; right >= 1; right -= 2, up = !up) {
		if (right === 6) right = 5;
		for (let step = 0; step < size; step++) {
			const y = up ? size - 1 - step : step;
			for (const x of [right, right - 1]) {
				if (grid.isPattern(x, y)) continue;
				const bit = ((codewords[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
				grid.set(x, y, bit === 1, false);
				at++;
			}
		}
	}
}

/** Table 10. */
const masks: readonly ((x: number, y: number) => boolean)[] = Object.freeze([
	(x: number, y: number) => (x + y) % 2 === 0,
	(_: number, y: number) => y % 2 === 0,
	(x: number) => x % 3 === 0,
	(x: number, y: number) => (x + y) % 3 === 0,
	(x: number, y: number) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
	(x: number, y: number) => ((x * y) % 2) + ((x * y) % 3) === 0,
	(x: number, y: number) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
	(x: number, y: number) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]);

function applyMask(grid: Grid, mask: number): void {
	for (let y = 0; y < grid.size; y++)
		for (let x = 0; x < grid.size; x++) if (!grid.isPattern(x, y) && masks[mask]?.(x, y)) grid.flip(x, y);
}

/** Section 7.8.3.1: runs, blocks, finder-like patterns, and the share of dark modules. */
function penaltyOf(grid: Grid): number {
	const { size } = grid;
	let penalty = 0;
	let dark = 0;
	for (let y = 0; y < size; y++) {
		penalty += penaltyOfLine(size, (x) => grid.isDark(x, y)) + penaltyOfLine(size, (x) => grid.isDark(y, x));
		for (let x = 0; x < size; x++) {
			const color = grid.isDark(x, y);
			if (color) dark++;
			const square =
				x + 1 < size &&
				y + 1 < size &&
				color === grid.isDark(x + 1, y) &&
				color === grid.isDark(x, y + 1) &&
				color === grid.isDark(x + 1, y + 1);
			if (square) penalty += 3;
		}
	}
	return penalty + 10 * Math.floor(Math.abs((dark * 20) / (size * size) - 10));
}

/** Eleven modules that look like a finder with light modules beside it, in both directions. */
const finderLikePatterns: readonly number[] = Object.freeze([0b10111010000, 0b00001011101]);

function penaltyOfLine(size: number, isDark: (at: number) => boolean): number {
	let penalty = 0;
	let run = 0;
	let last = false;
	let window = 0;
	for (let at = 0; at < size; at++) {
		const dark = isDark(at);
		run = at > 0 && dark === last ? run + 1 : 1;
		last = dark;
		if (run === 5) penalty += 3;
		else if (run > 5) penalty++;
		window = ((window << 1) | (dark ? 1 : 0)) & 0x7ff;
		if (at >= 10 && finderLikePatterns.includes(window)) penalty += 40;
	}
	return penalty;
}
