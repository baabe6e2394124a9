import { describe, expect, test } from "vitest";
import { decodeTextFile } from "../../page/text-file";
import { parseSettingsFile } from "../../simulator/settings-file";
import { parseStartCommand } from "../../simulator/start-options";

/** Every text file that a Windows editor saves is taken. */

const location = "Küche – €";
const lines = ["{", `\t"location": "${location}",`, '\t"interval": 30', "}", ""];
const given = { location, interval: 30 };

/** In the code page of western Windows, where these differ from ISO 8859-1. */
function windows1252(text: string): Buffer {
	return Buffer.from(text.replaceAll("€", "\x80").replaceAll("–", "\x96"), "latin1");
}

const swapped = (text: string) => Buffer.from(text, "utf16le").swap16();

describe.each([
	["line feeds", "\n"],
	["carriage returns and line feeds", "\r\n"],
	["carriage returns", "\r"],
])("with %s", (_, end) => {
	const text = lines.join(end);
	test.each<[string, Buffer]>([
		["UTF-8", Buffer.from(text)],
		["UTF-8 with BOM", Buffer.from(`\ufeff${text}`)],
		["UTF-16 LE (Notepad's Unicode)", Buffer.from(`\ufeff${text}`, "utf16le")],
		["UTF-16 BE", swapped(`\ufeff${text}`)],
		["UTF-16 LE without BOM", Buffer.from(text, "utf16le")],
		["UTF-16 BE without BOM", swapped(text)],
		["ANSI", windows1252(text)],
		["UTF-8 with zeros at the end", Buffer.from(`${text}\0\0`)],
	])("%s", (_, bytes) => {
		expect(parseSettingsFile(decodeTextFile(bytes))).toEqual({ given, problems: [] });
		const command = parseStartCommand(["--settings", "board.json"], () => decodeTextFile(bytes));
		expect(command).toMatchObject({ kind: "run", run: { settings: given } });
	});
});

test("a text that a program has read with its byte order mark is taken", () => {
	const command = parseStartCommand(["--settings", "board.json"], () => `\ufeff${lines.join("\r\n")}`);
	expect(command).toMatchObject({ kind: "run", run: { settings: given } });
});

test("an empty file, and one that is no text, are refused with a sentence", () => {
	for (const bytes of [
		Buffer.alloc(0),
		Buffer.alloc(40),
		Buffer.from("\ufeff"),
		Buffer.from([0x89, 0x50, 0x4e, 0x47]),
	])
		expect(parseSettingsFile(decodeTextFile(bytes)).problems).toEqual([
			{ key: "file", problem: expect.stringMatching(/^This is not a settings file: .*\.$/) },
		]);
});
