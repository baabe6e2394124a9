import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64 } from "../../src/common/base64";
import { lowerCase } from "../../src/common/lower-case";
import {
	consistsOf,
	hexDigits,
	isDecimal,
	isDigits,
	printableAscii,
	untilAnyOf,
} from "../../src/common/text-pattern";
import { decodePem } from "../../src/settings/pem";
import { isBlank } from "../../src/settings/rules";

/** Texts of characters at the borders of the ranges. */
const texts = fc.string({ unit: fc.constantFrom(..."/09:@AFGZ[`afgz{ ~!\u00e9\u212a.+-\n") });

test("the functions agree with the regular expressions that they stand for", () => {
	fc.assert(
		fc.property(texts, (text) => {
			expect(consistsOf(text, hexDigits, 2, 4)).toBe(/^[0-9a-fA-F]{2,4}$/.test(text));
			expect(consistsOf(text, printableAscii, 0)).toBe(/^[ -~]*$(?!\n)/.test(text));
			expect(isDigits(text)).toBe(/^\d+$/.test(text));
			expect(isDecimal(text)).toBe(/^\d+(\.\d+)?$/.test(text));
			expect(untilAnyOf("/:", text)).toBe(text.split(/[/:]/)[0]);
		}),
		{ numRuns: 2000 },
	);
});

test.each([
	["12", true],
	["0.5", true],
	[".5", false],
	["5.", false],
	["1.2.3", false],
	["", false],
	["-1", false],
])("%j is a decimal number: %j", (text, is) => {
	expect(isDecimal(text)).toBe(is);
});

test("Base64 decodes what another encoder made, with white space anywhere", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat(), (bytes, at) => {
			const text = Buffer.from(bytes).toString("base64");
			const cut = text.length === 0 ? 0 : at % text.length;
			expect(decodeBase64(`${text.slice(0, cut)} \r\n\t${text.slice(cut)}`)).toEqual(bytes);
		}),
	);
});

test.each(["A", "AA", "AAA", "A===", "====", "AA=A", "AAA=AAAA", "AA!A", "AAé="])(
	"%j is not Base64",
	(text) => {
		expect(decodeBase64(text)).toBeUndefined();
	},
);

test("PEM: text between certificates is skipped, damage is not", () => {
	const certificate = Uint8Array.of(0x30, 0x81, 1, 2, 3);
	const body = Buffer.from(certificate).toString("base64");
	const pem = `-----BEGIN CERTIFICATE-----\r\n${body.slice(0, 4)}\r\n${body.slice(4)}\r\n-----END CERTIFICATE-----\n`;
	expect(decodePem(`of me\n${pem}and\n${pem}`)).toMatchObject({ certificates: [certificate, certificate] });
	expect(decodePem(pem.replace(body.slice(0, 4), "!!!!"))).toHaveProperty("problem");
	expect(decodePem("-----END CERTIFICATE-----")).toHaveProperty("problem");
	expect(decodePem(pem.slice(0, -30))).toHaveProperty("problem");
});

test("a blank of any kind is white space", () => {
	for (let code = 0; code < 0x10000; code++) {
		const character = String.fromCharCode(code);
		const blank = /^[\s\u00ad\u180e\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff]*$/.test(character);
		expect(isBlank(character), code.toString(16)).toBe(blank);
	}
});

test("lower case is that of ASCII, and leaves all else", () => {
	const any = fc.string({ unit: fc.constantFrom(..."@AZ[`az{ 09:\u00c9\u212a\u0130\u{10400}") });
	fc.assert(
		fc.property(any, (text) => {
			expect(lowerCase(text)).toBe(text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
		}),
		{ numRuns: 2000 },
	);
});
