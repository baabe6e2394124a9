import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePem } from "../../src/settings/pem";
import { checkSettings, settingsTable } from "../../src/settings/settings";
import { formatSettingsFile, parseSettingsFile } from "../../src/settings/settings-file";

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
		const { given, problems } = parseSettingsFile(formatSettingsFile(settings, true));
		expect(problems).toEqual([]);
		expect(checkSettings(given)).toEqual({ settings, problems: [], warnings: [] });
	});

	test("without secrets has only the names of networks", () => {
		const text = formatSettingsFile(settings, false);
		expect(text).not.toMatch(/correct horse|dakkio_w_|password/);
		expect(JSON.parse(text)).toEqual({
			version: 1,
			networks: [{ ssid: "Home" }, { ssid: "Café" }],
			bucketId: "0".repeat(24),
			location: "Balcony",
			interval: 30,
		});
	});

	test("with a key has its destination, also where that is the default", () => {
		const { server, rootCertificate } = settings;
		expect(JSON.parse(formatSettingsFile(settings, true))).toMatchObject({ key, server, rootCertificate });
	});

	test("has no defaults", () => {
		expect(JSON.parse(formatSettingsFile(checkSettings({}).settings, true))).toEqual({ version: 1 });
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
