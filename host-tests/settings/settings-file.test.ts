import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findJsonError } from "../../simulator/json-error";
import { checkSettingsFile, describeFileProblem, parseSettingsFile } from "../../simulator/settings-file";
import { decodePem } from "../../src/settings/pem";
import { checkSettings, settingsTable } from "../../src/settings/settings";
import { settingsFileText } from "./settings-file-text";

const key = `dakkio_w_${"a".repeat(32)}`;
const { settings } = checkSettings({
	networks: [
		{ ssid: "Home", password: "correct horse" },
		{ ssid: "Café", password: "" },
	],
	key,
	bucketId: "0".repeat(24),
	location: "Balcony",
	interval: 30,
});

describe("a settings file", () => {
	test("with secrets sets up another board in the same way", () => {
		const { given, problems } = parseSettingsFile(settingsFileText(settings, true));
		expect(problems).toEqual([]);
		expect(checkSettings(given)).toEqual({ settings, problems: [], warnings: [] });
	});

	test("without secrets has of networks only the names, and which are open", () => {
		const text = settingsFileText(settings, false);
		expect(text).not.toMatch(/correct horse|dakkio_w_|password/);
		expect(JSON.parse(text)).toEqual({
			version: 1,
			networks: [{ ssid: "Home" }, { ssid: "Café", open: true }],
			bucketId: "0".repeat(24),
			location: "Balcony",
			interval: 30,
		});
	});

	test("with a key has its destination, also where that is the default", () => {
		const { server, rootCertificate } = settings;
		expect(JSON.parse(settingsFileText(settings, true))).toMatchObject({
			key,
			server,
			rootCertificate,
		});
	});

	test("has no defaults", () => {
		expect(JSON.parse(settingsFileText(checkSettings({}).settings, true))).toEqual({
			version: 1,
		});
	});

	test("may be written by hand, without a version", () => {
		expect(parseSettingsFile('{ "interval": 30 }')).toEqual({ given: { interval: 30 }, problems: [] });
	});

	test.each([
		["", "file"],
		["[]", "file"],
		["null", "file"],
		["{", "file"],
		[`{"interval":${"[".repeat(2000)}${"]".repeat(2000)}}`, "file"],
		['{ "version": 2 }', "version"],
		['{ "version": "1" }', "version"],
		['{ "version": null }', "version"],
	])("%j is not one", (text, at) => {
		expect(parseSettingsFile(text).problems).toMatchObject([
			{ key: at, problem: expect.stringMatching(/\.$/) },
		]);
	});

	test.each<[file: string, line: number, column: number]>([
		['{\n\t"interval": 30\n\t"location": "Roof"\n}', 3, 2],
		['{\r\n\t"interval": 30,\r\n}', 3, 1],
		['{ "networks": [{ "ssid": "Home", "password": "correct horse }] }', 1, 46],
		["{ 'key': 1 }", 1, 3],
		['{ "interval": 030 }', 1, 16],
		['{ "location": "C:\\users" }', 1, 15],
		["{", 1, 2],
		["[".repeat(20_000), 1, 101],
	])("%j has the place of its typing error in the message, and nothing of its text", (file, line, column) => {
		const [problem] = parseSettingsFile(file).problems;
		expect(problem).toEqual({
			key: "file",
			problem: `There is a typing error in line ${line} at column ${column}, or just before it.`,
		});
		expect(describeFileProblem("board.json", problem ?? { key: "", problem: "" })).toMatch(
			/^board\.json: There is a typing error/,
		);
	});

	test("with open networks sets up a board from the command line, also without secrets", () => {
		const open = { ...settings, networks: [{ ssid: "Café", password: "" }] };
		for (const secrets of [false, true]) {
			const checked = checkSettingsFile(settingsFileText(open, secrets));
			expect(checked.problems).toEqual([]);
			expect(checked.settings.networks).toEqual(open.networks);
		}
	});

	test.each([{}, { password: "" }, { password: " " }, { password: null }, { open: false }])(
		"for a new board needs the password of a network, or open: true (%j)",
		(more) => {
			const networks = [
				{ ssid: "Home", password: "correct horse" },
				{ ssid: "Elsewhere", ...more },
			];
			expect(checkSettingsFile(JSON.stringify({ networks })).problems).toEqual([
				{
					key: "networks.1.password",
					problem: 'The password is missing: write "open": true if the network has none.',
				},
			]);
		},
	);

	test("has a problem for each unknown key", () => {
		const { given } = parseSettingsFile('{ "colour": 1, "toString": 2, "__proto__": 3, "interval": 30 }');
		expect(checkSettings(given).problems.map((problem) => problem.key)).toEqual([
			"colour",
			"toString",
			"__proto__",
		]);
	});
});

describe("whatever is in it", () => {
	test("a typing error is found in what begins as JSON and is none, and nowhere else", () => {
		const parts = fc.array(
			fc.oneof(
				fc.constantFrom(...'{}[],:" \n\\-0.eE', '"a"', "12", "true", "nul", "null", "\\u00e", "\u00a0"),
				fc.json(),
			),
			{ maxLength: 8 },
		);
		fc.assert(
			fc.property(
				parts.map((some) => some.join("")),
				(content) => {
					let isJson = true;
					try {
						JSON.parse(content);
					} catch {
						isJson = false;
					}
					if (isJson) expect(findJsonError(content)).toBeUndefined();
					else if (/^[[{]/.test(content)) expect(findJsonError(content)).toBeDefined();
				},
			),
			{ numRuns: 2000 },
		);
	});

	const keys = fc.constantFrom(
		...Object.keys(settingsTable),
		"version",
		"__proto__",
		"constructor",
		"hasOwnProperty",
	);
	const text = fc.oneof(
		fc.string(),
		fc.json(),
		fc.dictionary(keys, fc.jsonValue()).map((value) => JSON.stringify(value)),
	);

	test("a file is settings that are good, or problems, and never an exception", () => {
		fc.assert(
			fc.property(text, (file) => {
				const { given, problems: ofFile } = parseSettingsFile(file);
				const { settings: found, problems } = checkSettings(given);
				expect(Object.keys(found)).toEqual(Object.keys(settingsTable));
				expect(checkSettings({ ...found, server: settingsTable.server.defaultValue }).problems).toEqual([]);
				for (const { key: at, problem } of [...ofFile, ...problems])
					expect([typeof at, typeof problem]).toEqual(["string", "string"]);
			}),
			{ numRuns: 1000 },
		);
	});

	const begin = "-----BEGIN CERTIFICATE-----";
	const end = "-----END CERTIFICATE-----";
	const pem = fc
		.array(
			fc.oneof(
				fc.constantFrom(begin, end, "\n", "-", "=", "MIIB", "!"),
				fc.base64String({ maxLength: 200 }),
				fc.string(),
			),
			{ maxLength: 12 },
		)
		.map((parts) => parts.join(""));

	test("the text of certificates is the same however they are wrapped, and the given one if it is as written", () => {
		const der = fc
			.uint8Array({ minLength: 126, maxLength: 400 })
			.map((bytes) => Buffer.from([0x30, 0x82, ...bytes]).toString("base64"));
		const wrap = (base64: string, width: number, separator: string) =>
			`${begin}${separator}${base64.match(new RegExp(`.{1,${width}}`, "g"))?.join(separator)}${separator}${end}`;
		const certificates = fc.array(fc.tuple(der, fc.integer({ min: 1, max: 100 })), {
			minLength: 1,
			maxLength: 3,
		});
		fc.assert(
			fc.property(
				certificates,
				fc.constantFrom("\n", "\r\n", "\n ", "\u00a0"),
				fc.constantFrom("", "\n", "text\n"),
				(ders, separator, around) => {
					const written = ders.map(([base64]) => wrap(base64, 64, "\n")).join("\n");
					const plain = ders.map(([base64, width], at) =>
						at % 2 === 0 ? wrap(base64, 64, "\n") : wrap(base64, width, separator),
					);
					const given = around + plain.join(`\n${around}`) + around;
					expect(decodePem(given)).toMatchObject({ text: written });
					expect(decodePem(written)).toMatchObject({ text: written });
					const other = ders.map(([base64, width]) => wrap(base64, width, separator)).join("");
					expect(decodePem(other)).toMatchObject({ text: written });
				},
			),
		);
	});

	test("certificates of any size may have 4,096 characters together, however they are wrapped", () => {
		for (const bytes of [126, 129, 300, 430, 1_391]) {
			const base64 = Buffer.from([0x30, 0x82, ...new Uint8Array(bytes)]).toString("base64");
			const written = [begin, ...(base64.match(/.{1,64}/g) ?? []), end].join("\n");
			const fits = Math.floor((4_096 + 1) / (written.length + 1));
			for (const one of [written, written.replaceAll("\n", "\r\n  "), `${begin}${base64}${end}`]) {
				const text = Array<string>(fits).fill(written).join("\n");
				expect(decodePem(`text${one.repeat(fits)}`)).toMatchObject({ text });
				expect(decodePem(one.repeat(fits + 1))).toEqual({
					problem: expect.stringMatching(/^This is longer than 4,096 characters/),
				});
			}
		}
	});

	test("a PEM text is certificates or a problem, and never an exception", () => {
		fc.assert(
			fc.property(pem, (given) => {
				const decoded = decodePem(given);
				if ("problem" in decoded) expect(decoded.problem).toMatch(/\.$|-----$/);
				else for (const certificate of decoded.certificates) expect(certificate[0]).toBe(0x30);
			}),
			{ numRuns: 2000 },
		);
	});

	test("a PEM text of many thousand dashes is parsed quickly", () => {
		const started = process.cpuUsage();
		decodePem(begin.repeat(5000) + "A".repeat(50_000));
		decodePem("-".repeat(100_000));
		const { user, system } = process.cpuUsage(started);
		expect((user + system) / 1_000).toBeLessThan(1_000);
	});
});
