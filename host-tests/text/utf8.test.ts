import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeOwnUtf8, decodeUtf8, encodeUtf8, encodeUtf8Into, utf8Bytes } from "../../src/common/utf8";
import { useNativeText } from "./native-text";

// Code units at random, so that lone surrogates are among them.
const anyText = fc.array(
	fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 })),
	{ maxLength: 200, size: "max" },
);
const text = fc.oneof(
	anyText.map((units) => String.fromCharCode(...units)),
	fc.string({ unit: "binary-ascii", maxLength: 200, size: "max" }),
);
// Bytes near the borders of table 3-7, where mistakes live.
const byte = fc.oneof(
	fc.integer({ min: 0, max: 0xff }),
	fc.constantFrom(0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
);
const bytes = fc
	.oneof(
		fc.array(byte, { maxLength: 200, size: "max" }),
		fc.array(fc.integer({ min: 0, max: 0x7f }), { maxLength: 200, size: "max" }),
	)
	.map((values) => Uint8Array.from(values));

describe.each([
	["without native code", false],
	["with XS's native code", true],
])("UTF-8 %s", (_, isNative) => {
	if (isNative) useNativeText();

	test("is what the platform's own encoder makes of any text", () => {
		fc.assert(
			fc.property(text, (value) => {
				const expected = new TextEncoder().encode(value);
				expect(utf8Bytes(value)).toBe(expected.length);
				const room = new Uint8Array(expected.length + 2);
				expect(encodeUtf8Into(value, room, 1)).toBe(expected.length);
				expect(room.subarray(1, -1)).toEqual(expected);
			}),
		);
	});

	test("is read back as it was written", () => {
		fc.assert(
			fc.property(text, (value) => {
				const written = encodeUtf8(value);
				const room = new Uint8Array(written.length + 2);
				room.set(written, 1);
				expect(decodeOwnUtf8(room.subarray(1, -1))).toBe(
					new TextDecoder("utf-8", { ignoreBOM: true }).decode(written),
				);
			}),
		);
	});

	test("is what the platform's own decoder makes of any bytes", () => {
		const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
		fc.assert(
			fc.property(bytes, fc.nat(10), fc.nat(10), (value, before, after) => {
				const end = Math.max(before, value.length - after);
				expect(decodeUtf8(value, before, end)).toBe(decoder.decode(value.subarray(before, end)));
			}),
			{ numRuns: 2000 },
		);
	});

	test("of a text that does not fit is refused", () => {
		expect(() => encodeUtf8Into("grün", new Uint8Array(4), 0)).toThrow(RangeError);
		expect(encodeUtf8Into("grün", new Uint8Array(5), 0)).toBe(5);
		expect(() => encodeUtf8Into("green", new Uint8Array(4), 0)).toThrow(RangeError);
		expect(() => encodeUtf8Into("green", new Uint8Array(9), 5)).toThrow(RangeError);
	});
});
