import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
	certify,
	KeyUsageFlags,
	keyToPem,
	toPem,
	unknownRestriction,
} from "../../sdk-tests/host/certificate";
import { makeChains } from "../../sdk-tests/host/certificate-chains";
import { parseNtpServer } from "../../src/clock/ntp-client";
import { countCharacters } from "../../src/common/characters";
import { parseServiceAddress } from "../../src/settings/service-address";
import { checkSettings } from "../../src/settings/settings";
import { ScanResults } from "../../src/setup/scan-results";
import { settingsFileText } from "./settings-file-text";

/** Each setting is checked where it is entered, by the same code that uses it. */

const problemsOf = (given: Readonly<Record<string, unknown>>) => checkSettings(given).problems;
const problemOf = (key: string, value: unknown) => problemsOf({ [key]: value })[0]?.problem;

const label63 = "a".repeat(63);
const hosts: readonly [host: string, isValid: boolean][] = [
	["pool.ntp.org", true],
	["localhost", true],
	["fritz.box", true],
	["0.pool.ntp.org", true],
	["3com.com", true],
	["xn--kche-0ra.example", true],
	["a-b.c--d.example", true],
	[`${label63}.example`, true],
	["127.0.0.1", true],
	["192.168.0.255", true],
	["223.255.255.255", true],
	["x", true],
	["", false],
	["-x", false],
	["x-", false],
	["x.-y.org", false],
	["x..y", false],
	[".x", false],
	["x.", false],
	["a_b.example", false],
	["küche.example", false],
	["a b", false],
	["a/b", false],
	["a@b", false],
	["[::1]", false],
	["::1", false],
	["fe80::1", false],
	["256.1.1.1", false],
	["1.2.3", false],
	["1.2.3.4.5", false],
	["1.2.3.04", false],
	["01.2.3.4", false],
	["1.2.3.-4", false],
	["0x7f.0.0.1", false],
	["0x7f000001", false],
	["2130706433", false],
	["example.123", false],
	["example.0x1", false],
	["0.0.0.0", false],
	["224.0.1.1", false],
	["255.255.255.255", false],
	[`${label63}a.example`, false],
];
const ports: readonly [port: string, isValid: boolean][] = [
	["", true],
	[":1", true],
	[":123", true],
	[":65535", true],
	[":0", false],
	[":00", false],
	[":0123", false],
	[":65536", false],
	[":99999", false],
	[":123456", false],
	[":-1", false],
	[":+1", false],
	[":1.0", false],
	[":x", false],
	[":", false],
	[":1:2", false],
	[": 1", false],
];

describe("a time server and the service's address", () => {
	test("are accepted if and only if they can be used: every host with every port", () => {
		for (const [host, isHost] of hosts)
			for (const [port, isPort] of ports) {
				// Nothing at all is not a server: a list without any is another problem.
				const text = host + port;
				const isValid = isHost && isPort;
				expect([text, parseNtpServer(text) !== undefined]).toEqual([text, isValid]);
				if (text !== "")
					expect([text, problemsOf({ ntpServers: [text] }).length]).toEqual([text, isValid ? 0 : 1]);
				const address = `https://${text}`;
				expect([address, "host" in parseServiceAddress(address)]).toEqual([address, isValid]);
				expect([address, problemsOf({ server: address }).length]).toEqual([address, isValid ? 0 : 1]);
			}
	});

	test("what is accepted is parsed the same way when it is used", () => {
		const text = fc.stringMatching(/^[a-z0-9.:_-]{1,20}$/);
		fc.assert(
			fc.property(text, (server) => {
				const isAccepted = problemsOf({ ntpServers: [server] }).length === 0;
				expect(parseNtpServer(server) !== undefined).toBe(isAccepted);
				expect("host" in parseServiceAddress(`https://${server}`)).toBe(isAccepted);
			}),
			{ numRuns: 3000 },
		);
	});

	test("a name of 254 characters is invalid", () => {
		const long = Array(4).fill(label63).join(".").slice(0, 253);
		expect(parseNtpServer(long)?.host).toBe(long);
		expect(parseNtpServer(`${long}a`)).toBeUndefined();
	});

	test.each([[[]], [[""]], [["  "]], [["\u00a0", "\ufeff"]], [[null]]])(
		"a list of nothing (%j) is refused: such a board would never send",
		(ntpServers) => {
			expect(problemOf("ntpServers", ntpServers)).toMatch(/Enter a time server/);
		},
	);

	test.each([
		"https://",
		"https:///",
		"https://a//",
		"https://a/b",
		"https://a?b",
		"https://a#b",
		"https://user@a",
		"https://user:pw@a",
		"https:a",
		"a",
		"ftp://a",
	])("%s is no address", (address) => {
		expect(problemOf("server", address)).toMatch(
			/^(This is not an address|Leave out the (path|user name)): enter https:\/\/ and a host name/,
		);
	});
});

describe("rules between settings", () => {
	test.each<[given: Readonly<Record<string, unknown>>, problem: RegExp | undefined]>([
		[{ statistics: 61, interval: 60 }, /at least two measurements per sampling interval of 60 s/],
		[{ statistics: 60, interval: 60 }, /at least two measurements/],
		[{ statistics: 31, interval: 60 }, /at least two measurements/],
		[{ statistics: 30, interval: 60 }, undefined],
		[{ statistics: 5, interval: 5 }, /at least two measurements/],
		[{ statistics: 2, interval: 5 }, undefined],
		[{ statistics: "30", interval: "60" }, undefined],
		[{ statistics: 31 }, /interval of 60 s/],
		[{ statistics: 10, interval: 60, power: "battery" }, /on battery the board sleeps between samples/],
		[{ statistics: "off", interval: 60, power: "battery" }, undefined],
	])("%o", (given, expected) => {
		const { problems, settings } = checkSettings(given);
		if (expected === undefined) expect(problems).toEqual([]);
		else expect(problems).toEqual([{ key: "statistics", problem: expect.stringMatching(expected) }]);
		// A saved setting that conflicts stays: one of the two can be used.
		expect(settings.statistics).toBe(given.statistics === "off" ? "off" : Number(given.statistics));
	});

	test("an invalid value is reported without conflicts", () => {
		expect(problemsOf({ statistics: 31, interval: 1 }).map(({ key }) => key)).toEqual(["interval"]);
		expect(problemsOf({ statistics: 0, interval: 60 }).map(({ key }) => key)).toEqual(["statistics"]);
	});

	test.each<[key: string, given: Readonly<Record<string, unknown>>, warning: RegExp]>([
		[
			"inputs",
			{ inputs: [{ kind: "pulses", pin: 26, name: "rain" }], power: "battery" },
			/does not count pulses/,
		],
		[
			"inputs",
			{
				inputs: [{ kind: "state", pin: 26, name: "door" }],
				sensors: { "BME280 at 0x76": { fields: { humidity: { name: "door" } } } },
			},
			/has the name door, too/,
		],
		["sensors", { sensors: { "SCD41 at 0x62": { recalibrate: 425 } }, power: "battery" }, /not recalibrated/],
	])("what the rest works without is a warning at %s: %o", (key, given, warning) => {
		const { problems, warnings } = checkSettings(given);
		expect(problems).toEqual([]);
		expect(warnings).toEqual([{ key, problem: expect.stringMatching(warning) }]);
	});
});

describe("a root certificate is checked by what verifies with it", () => {
	const armour = (bytes: Buffer) =>
		`-----BEGIN CERTIFICATE-----\n${bytes.toString("base64")}\n-----END CERTIFICATE-----\n`;
	let pems: Readonly<Record<string, string>>;
	let key: string;

	beforeAll(async () => {
		const root = await certify({ name: "Root", authority: true });
		key = await keyToPem(root);
		pems = {
			root: toPem(root),
			"an RSA root": toPem(await certify({ name: "Root", authority: true, key: "RSA 2048" })),
			"an intermediate": toPem(await certify({ name: "Intermediate", issuer: root, authority: 0 })),
			leaf: toPem(await certify({ name: "Server", issuer: root, names: ["a.example"] })),
			"RSA 1024": toPem(await certify({ name: "Root", authority: true, key: "RSA 1024" })),
			"without keyCertSign": toPem(
				await certify({ name: "Root", authority: true, usage: KeyUsageFlags.cRLSign }),
			),
			"for mail": toPem(
				await certify({ name: "Server", names: ["a.example"], purposes: ["1.3.6.1.5.5.7.3.4"] }),
			),
			unknown: toPem(await certify({ name: "Root", authority: true, extensions: [unknownRestriction()] })),
			expired: toPem(await certify({ name: "Root", authority: true, fromDays: -900, toDays: -800 })),
		};
	});

	test.each(["root", "an RSA root", "an intermediate"])("%s is accepted", (name) => {
		expect(problemOf("rootCertificate", pems[name])).toBeUndefined();
	});

	test.each([
		["leaf", /cannot be used as a root certificate: it is a server's, signed by another: .*CA:TRUE/],
		["RSA 1024", /cannot be read: an RSA key that is not accepted/],
		["without keyCertSign", /its keyUsage does not let it sign/],
		["for mail", /its extendedKeyUsage is not for servers/],
		["unknown", /a critical rule \(extension\) that this firmware cannot keep/],
		["expired", /it expired on \d{4}-\d\d-\d\d\./],
	])("%s: refused, and the rule is named", (name, expected) => {
		expect(problemOf("rootCertificate", pems[name])).toMatch(expected);
	});

	test("one that expires after the release is refused once the time is known", () => {
		const soon = checkSettings({ rootCertificate: pems.root }, {}, Date.now() + 100 * 86_400_000);
		expect(soon.problems).toEqual([
			{ key: "rootCertificate", problem: expect.stringContaining("it expired on") },
		]);
	});

	test("armour around something else is refused", () => {
		const header = Buffer.from("308203fb", "hex");
		for (const bytes of [
			Buffer.alloc(768),
			Buffer.concat([header, Buffer.alloc(1019)]),
			Buffer.concat([header, Buffer.alloc(1019, 0x30)]),
			Buffer.from("308180".padEnd(300, "30"), "hex"),
		])
			expect(problemOf("rootCertificate", armour(bytes))).toMatch(/damaged|cannot be read/);
	});

	test("each byte that is cut off is noticed", () => {
		const whole = Buffer.from((pems.root ?? "").replace(/-----.*-----|\n/g, ""), "base64");
		for (let length = 0; length < whole.length; length++)
			expect(problemOf("rootCertificate", armour(whole.subarray(0, length)))).toBeDefined();
	});

	test("no chain is accepted by a root that is refused when it is entered", async () => {
		const refused: string[] = [];
		for (const { name, host, root, expected } of await makeChains()) {
			const { problems } = checkSettings({ rootCertificate: root, server: `https://${host}` });
			if (problems.length > 0) refused.push(`${name}: ${expected}`);
		}
		expect(refused.filter((chain) => chain.endsWith(": accepted"))).toEqual([]);
		expect(refused.length).toBeGreaterThan(3);
	});

	test("of several, the one that cannot be used is named", () => {
		expect(problemOf("rootCertificate", `${pems.root}${pems.leaf}`)).toMatch(/^Certificate 2 cannot be used/);
		expect(problemOf("rootCertificate", `${pems.root}${pems["an RSA root"]}`)).toBeUndefined();
	});

	test("only the certificates are kept and exported", () => {
		const noise = `subject=CN=Root\r\nBag Attributes\r\n${(pems.root ?? "").replaceAll("\n", "\r\n")}\r\nmore\0`;
		const { settings, problems } = checkSettings({ rootCertificate: noise });
		expect(problems).toEqual([]);
		expect(settings.rootCertificate).toBe(pems.root?.trim());
		expect(settingsFileText(settings, true)).not.toMatch(/Bag|subject|more/);
	});

	test.each([
		[
			"a certificate request beside it",
			(pem: string) => `${pem}${pem.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST")}`,
		],
		["no-break spaces in it, as copied from a page", (pem: string) => pem.replaceAll("\n", "\u00a0\n")],
	])("a certificate with %s is kept alone", (_, change) => {
		const { settings, problems } = checkSettings({ rootCertificate: change(pems.root ?? "") });
		expect(problems).toEqual([]);
		expect(settings.rootCertificate).toBe(pems.root?.trim());
	});

	test.each(["\u2003", "\ufeff", "\v"])("white space that is not kept out, %j, is damage", (space) => {
		const lines = (pems.root ?? "").split("\n");
		const pem = [...lines.slice(0, 2), space.repeat(4), ...lines.slice(2)].join("\n");
		expect(problemOf("rootCertificate", pem)).toMatch(/is damaged/);
		const broken = `${pems.root}${pems["an RSA root"]?.replace("-----BEGIN", "----BEGIN")}`;
		expect(problemOf("rootCertificate", broken)).toMatch(/is damaged/);
	});

	test("a private key is refused with a sentence, and not repeated", () => {
		const secret = key.split("\n")[1] ?? "";
		for (const pem of [
			key,
			`${pems.root}${key}`,
			`${key}${pems.root}`,
			`${pems.root}${key.replaceAll("PRIVATE KEY", "EC PRIVATE KEY")}`,
			`${pems.root}${key.replaceAll("PRIVATE KEY", "RSA PRIVATE KEY")}`,
			`${pems.root}${key.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")}`,
			`${pems.root}${key.replaceAll("PRIVATE KEY", "OPENSSH PRIVATE KEY")}`,
			`${pems.root}${key.slice(0, 60)}`,
			`${pems.root}${key.replaceAll("\n", "\r\n")}`,
		]) {
			const { settings, problems } = checkSettings({ rootCertificate: pem });
			expect(problems).toEqual([
				{ key: "rootCertificate", problem: expect.stringMatching(/^This has a private key/) },
			]);
			expect(settings.rootCertificate).toBe("");
			expect(JSON.stringify(problems)).not.toContain(secret);
		}
	});
});

describe("lengths", () => {
	test.each([
		["a", 1],
		["é", 1],
		["e\u0301", 1],
		["🐝", 1],
		["👍🏽", 1],
		["👨‍👩‍👧‍👦", 1],
		["🏳️‍🌈", 1],
		["🇨🇭🇦🇹", 2],
		["🇨🇭x🇦", 3],
		["❤️", 1],
		["\u0301", 1],
		["日本語", 3],
		["नी", 1],
		["", 0],
	])("%s is counted as a person does: %i", (text, count) => {
		expect(countCharacters(text)).toBe(count);
	});

	test.each(["location", "deviceId"])("%s: 64 characters, whatever they take in memory", (key) => {
		for (const character of ["a", "é", "🐝", "e\u0301", "👍🏽".slice(0, 2)]) {
			expect(problemOf(key, character.repeat(64))).toBeUndefined();
			expect(problemOf(key, character.repeat(65))).toBe("This is longer than 64 characters: it has 65.");
		}
		expect(problemOf(key, "🐝".repeat(33))).toBeUndefined();
		expect(checkSettings({ [key]: "🐝".repeat(64) }).settings).toHaveProperty(key, "🐝".repeat(64));
		// What fits is stored: a family takes 25 bytes.
		expect(problemOf(key, "👨‍👩‍👧‍👦".repeat(11))).toMatch(
			/longer than 256 bytes: its 11 characters have 275/,
		);
		expect(problemOf(key, "👨‍👩‍👧‍👦".repeat(10))).toBeUndefined();
	});

	test("a field's name, a unit and an input: with the count", () => {
		const input = (name: string, unit = "") => [{ kind: "analog", pin: 34, name, ...(unit && { unit }) }];
		expect(problemOf("inputs", input("🐝".repeat(40)))).toBeUndefined();
		expect(problemOf("inputs", input("🐝".repeat(41)))).toMatch(/longer than 40 characters: it has 41/);
		expect(problemOf("inputs", input("x", "µ".repeat(20)))).toBeUndefined();
		expect(problemOf("inputs", input("x", "µ".repeat(21)))).toMatch(/longer than 20 characters: it has 21/);
	});

	test("where the protocol counts bytes, so does the rule, with the count", () => {
		const network = (ssid: string, password = "") => ({ networks: [{ ssid, password }] });
		expect(problemsOf(network("🐝".repeat(8)))).toEqual([]);
		expect(problemsOf(network("🐝".repeat(9)))[0]?.problem).toMatch(/at most 32 bytes; this one has 36/);
		for (const [length, isValid] of [
			[7, false],
			[8, true],
			[63, true],
			[65, false],
		] as const)
			expect(problemsOf(network("A", "p".repeat(length))).length).toBe(isValid ? 0 : 1);
		expect(problemsOf(network("A", "p".repeat(7)))[0]?.problem).toMatch(/this one has 7/);
		expect(problemsOf(network("A", "p".repeat(65)))[0]?.problem).toMatch(/this one has 65/);
		expect(problemsOf(network("A", "g".repeat(64)))[0]?.problem).toMatch(/64 hexadecimal digits/);
	});
});

describe("a network whose name is not UTF-8", () => {
	test("is shown as not joinable here, others are not affected", () => {
		const names = ["Home", "Caf\ufffd", "Line\nbreak", "🐝"];
		const results = new ScanResults({
			scan({ onFound, onComplete }) {
				for (const [index, SSID] of names.entries()) onFound({ SSID, RSSI: -50 - index, isSecured: true });
				onComplete();
			},
		});
		results.scan();
		expect(results.scanState.networks.map(({ ssid, joinable }) => [ssid, joinable])).toEqual([
			["Home", undefined],
			["Caf\ufffd", false],
			["Line\nbreak", false],
			["🐝", undefined],
		]);
	});

	test("cannot be saved", () => {
		expect(problemsOf({ networks: [{ ssid: "Caf\ufffd" }] })).toEqual([
			{ key: "networks.0.ssid", problem: expect.stringMatching(/not text \(UTF-8\).*cannot be joined/) },
		]);
	});
});
