import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { crc32 as zlibCrc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc24 } from "../../src/common/crc24";
import { crc32 } from "../../src/common/crc32";
import { compileProgram } from "../compile-program";
import { randomFrom } from "../queue/seeded-random";

/** The standards' check value is that of these bytes. */
const digits = Buffer.from("123456789");
const openPgpInitial = 0xb704ce;

interface Call {
	readonly initial: number;
	readonly start: number;
	readonly end: number;
	readonly bytes: Uint8Array;
}

/** `undefined` for a RangeError. */
interface Checksums {
	readonly crc24: number | undefined;
	readonly crc32: number;
}

/** Bit by bit, as RFC 9580 section 6.1 has it. */
function crc24BitByBit({ initial, bytes, start, end }: Call): number {
	let crc = initial;
	for (const byte of bytes.subarray(start, end)) {
		crc ^= byte << 16;
		for (let bit = 0; bit < 8; bit++) {
			crc <<= 1;
			if (crc & 0x1000000) crc ^= 0x1864cfb;
		}
	}
	return crc;
}

const random = randomFrom(24);
const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => random() * 256);

/** Every start and every end in 40 bytes, and long ones. */
function everyRange(): Call[] {
	const calls: Call[] = [];
	const bytes = randomBytes(40);
	for (let start = 0; start <= bytes.length; start++)
		for (let end = start; end <= bytes.length; end++)
			calls.push({ initial: Math.floor(random() * 0x1000000), start, end, bytes });
	for (const count of [255, 256, 257, 4096])
		calls.push({ initial: 0xffffff, start: 1, end: count - 1, bytes: randomBytes(count) });
	return calls;
}

/** None of them may be read. */
const outside = [
	[0, 41],
	[-1, 4],
	[5, 4],
	[40, 41],
	[41, 41],
	[0, 2 ** 32],
	[2 ** 32, 2 ** 32 + 8],
	[-(2 ** 32), 8],
	[Number.NaN, 8],
	[0, Number.NaN],
	[0, Number.POSITIVE_INFINITY],
].map(([start = 0, end = 0]) => ({ initial: 0, start, end, bytes: randomBytes(40) }));

const typeScript = (calls: readonly Call[]): Checksums[] =>
	calls.map(({ initial, start, end, bytes }) => {
		const all = crc32(bytes);
		try {
			return { crc24: crc24(initial, bytes, start, end), crc32: all };
		} catch (error) {
			if (!(error instanceof RangeError)) throw error;
			return { crc24: undefined, crc32: all };
		}
	});

/** The chip's checksums as a program. */
const program = compileProgram(join(import.meta.dirname, "checksum-program.c"));

function inC(calls: readonly Call[]): Checksums[] {
	const input = calls
		.map(
			({ initial, start, end, bytes }) =>
				`${initial} ${start} ${end} ${Buffer.from(bytes).toString("hex") || "-"}\n`,
		)
		.join("");
	const output = execFileSync(program ?? "", { input, encoding: "utf8", maxBuffer: 1 << 24 });
	return output
		.trimEnd()
		.split("\n")
		.map((line) => {
			const [first, second] = line.split(" ").map(Number);
			return { crc24: first === -1 ? undefined : first, crc32: second ?? Number.NaN };
		});
}

describe.each([
	["in TypeScript", true, typeScript],
	["in C, as firmware has them", program !== undefined, inC],
] as const)("the checksums %s", (_, isPossible, compute) => {
	const run = isPossible ? test : test.skip;

	run("are those of the standards", () => {
		const known = { initial: openPgpInitial, start: 0, end: 9, bytes: digits };
		expect(compute([known])).toEqual([{ crc24: 0x21cf02, crc32: 0xcbf43926 }]);
		expect(compute([{ ...known, end: 0, bytes: new Uint8Array(0) }])).toEqual([
			{ crc24: openPgpInitial, crc32: 0 },
		]);
	});

	run("are those of the bytes from start to end, of any length at any place", () => {
		const calls = everyRange();
		expect(compute(calls)).toEqual(
			calls.map((call) => ({ crc24: crc24BitByBit(call), crc32: zlibCrc32(call.bytes) })),
		);
	});

	run("read nothing outside of the buffer", () => {
		expect(compute(outside).map(({ crc24 }) => crc24)).toEqual(outside.map(() => undefined));
	});
});
