import { describe, expect, test } from "vitest";
import { checkEnteredSettings } from "../../src/settings/entered-settings";
import { parseServiceAddress } from "../../src/settings/service-address";
import { checkSettings, missingForUpload, settingsTable } from "../../src/settings/settings";

const writeKey = "dakkio_w_0123456789abcdef0123456789abcdef";

test("settings left out have their defaults, and defaults pass their own rules", () => {
	const { settings, problems } = checkSettings({});
	expect(problems).toEqual([]);
	for (const [key, { defaultValue }] of Object.entries(settingsTable))
		expect(settings).toHaveProperty(key, defaultValue);
	const defaults = Object.fromEntries(
		Object.entries(settingsTable).map(([key, { defaultValue }]) => [key, defaultValue]),
	);
	expect(checkSettings(defaults).problems).toEqual([]);
});

test("all problems are returned, each for its setting, and the rest is kept", () => {
	const { settings, problems } = checkSettings({
		interval: 2,
		key: "dakkio_r_0123456789abcdef",
		bucketId: "xyz",
		location: " Kitchen ",
		colour: "blue",
	});
	expect(problems.map(({ key }) => key)).toEqual(["key", "bucketId", "interval", "colour"]);
	expect(settings.location).toBe("Kitchen");
	expect(settings.interval).toBe(60);
});

describe("each rule", () => {
	test.each<[string, unknown, RegExp | undefined]>([
		["key", writeKey, undefined],
		["key", "dakkio_0123456789abcdef0123456789abcdef", undefined],
		["key", `dakkio_r_${"0".repeat(32)}`, /read key/],
		["key", "hello", /^An API key is dakkio_, then /],
		["key", "dakkio_w_abc", /16 to 120 letters, digits or underscores/],
		["key", `dakkio_w_${"0".repeat(121)}`, /16 to 120/],
		["bucketId", "507f1f77bcf86cd799439011", undefined],
		["bucketId", "507f1f77bcf86cd79943901", /^An id has 24 hexadecimal digits/],
		["interval", 5, undefined],
		["interval", "86400", undefined],
		["interval", 4, /5 to 86400 seconds/],
		["interval", 5.5, /whole number/],
		["interval", "1e3", /whole number/],
		["interval", null, /whole number/],
		["uploadInterval", "auto", undefined],
		["uploadInterval", 0, undefined],
		["uploadInterval", "often", /or auto/],
		["server", "https://api.dakkio.io", undefined],
		["server", "https://localhost:8443/", undefined],
		["server", "http://api.dakkio.io", /Only https/],
		["server", "https://api.dakkio.io/v1", /^Leave out the path: /],
		["server", "https://user:password@a/v1", /^Leave out the user name: /],
		["server", "https://a:99999", /^This is not an address: .* a port \(1 to 65535\)/],
		["server", "https://a\r\nX-Evil: 1", /characters that cannot be shown/],
		["location", "Balkon 3. Stock", undefined],
		["location", "x".repeat(65), /longer than 64/],
		["location", 7, /must be text/],
		["ntpServers", ["pool.ntp.org", "", "10.0.0.1:1123"], undefined],
		["ntpServers", ["a b"], /Number 1/],
		["ntpServers", ["a", "b", "c", "d", "e"], /At most 4/],
		["dataSourceId", "create", undefined],
		["dataSourceId", "creat", /24 hexadecimal digits/],
		["rootCertificate", "not a certificate", /no certificate/],
		["rootCertificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", /damaged/],
	])("%s = %j", (key, value, expected) => {
		const { problems } = checkSettings({ [key]: value });
		if (expected === undefined) expect(problems).toEqual([]);
		else expect(problems).toEqual([{ key, problem: expect.stringMatching(expected) }]);
	});

	const home = { ssid: "Home", password: "12345678" };
	test.each<[what: string, networks: unknown, expected: readonly [key: string, problem: RegExp][]]>([
		["two good ones", [home, { ssid: "Café", password: "" }], []],
		["the longest name", [{ ssid: "é".repeat(16), password: "" }], []],
		[
			"a name of 17 letters and 34 bytes",
			[{ ssid: "é".repeat(17) }],
			[["0.ssid", /at most 32 bytes.*has 34/]],
		],
		["a name that would break out of a page", [{ ssid: "<img src=x onerror=alert(1)>" }], []],
		["a name with a line break", [{ ssid: "a\nb" }], [["0.ssid", /cannot be shown/]]],
		["no name", [{ ssid: "" }], [["0.ssid", /needs its name/]]],
		["nothing at all", [{}], [["0.ssid", /needs its name/]]],
		["no list", "Home", [["", /list of networks/]]],
		["four", [home, { ssid: "B" }, { ssid: "C" }, { ssid: "D" }], [["", /At most 3/]]],
		["one twice", [home, { ssid: "B" }, home], [["2.ssid", /twice/]]],
		["7 characters", [{ ssid: "A", password: "1234567" }], [["0.password", /at least 8/]]],
		["63 characters", [{ ssid: "A", password: "x".repeat(63) }], []],
		["64 characters", [{ ssid: "A", password: "x".repeat(64) }], [["0.password", /at most 63/]]],
		["a key", [{ ssid: "A", password: "0123456789abcdef".repeat(4) }], []],
		["an umlaut", [{ ssid: "A", password: "Schlüssel" }], [["0.password", /English keyboard/]]],
		["a number", [{ ssid: "A", password: 12345678 }], [["0.password", /must be text/]]],
		[
			"two that are wrong in two ways",
			[home, { ssid: "", password: "1" }],
			[
				["1.ssid", /needs its name/],
				["1.password", /at least 8/],
			],
		],
	])("networks: %s", (_, networks, expected) => {
		const { problems, settings } = checkSettings({ networks });
		const keys = expected.map(([at]) => (at === "" ? "networks" : `networks.${at}`));
		expect(problems.map(({ key }) => key)).toEqual(keys);
		for (const [index, [, words]] of expected.entries()) expect(problems[index]?.problem).toMatch(words);
		if (expected.length > 0) expect(settings.networks).toEqual([]);
	});

	test("an admin key is accepted, with a warning", () => {
		const key = `dakkio_a_${"0".repeat(32)}`;
		const { settings, problems, warnings } = checkSettings({ key });
		expect([settings.key, problems]).toEqual([key, []]);
		expect(warnings).toEqual([{ key: "key", problem: expect.stringMatching(/admin key.*write key/) }]);
		expect(checkSettings({ key: writeKey }).warnings).toEqual([]);
	});

	test("a secret is never repeated in a problem", () => {
		const { problems } = checkSettings({
			key: "dakkio_r_secretsecretsecret",
			networks: [{ ssid: "A", password: "secret" }],
		});
		expect(JSON.stringify(problems)).not.toContain("secret");
	});
});

test("an address without a port means 443, and names are folded to lower case", () => {
	expect(parseServiceAddress("https://API.Dakkio.io")).toEqual({ host: "api.dakkio.io", port: 443 });
	expect(parseServiceAddress("https://127.0.0.1:8443/")).toEqual({ host: "127.0.0.1", port: 8443 });
});

test.each([
	["a misspelt member", { pasword: "typo typo" }, "There is no pasword here; there is ssid, password, open."],
	["a member of every object", JSON.parse('{ "__proto__": {} }'), /There is no __proto__ here/],
	["open as text", { open: "true" }, "open must be true or false."],
	["saved as a number", { saved: 1 }, "saved must be true or false."],
])("a network with %s is refused, not saved as an open one", (_, member, problem) => {
	const own = checkSettings({}).settings;
	const given = { networks: [Object.fromEntries([["ssid", "New"], ...Object.entries(member)])] };
	for (const { problems } of [checkSettings(given), checkEnteredSettings(given, own)])
		expect(problems).toEqual([
			{
				key: "networks.0.password",
				problem: typeof problem === "string" ? problem : expect.stringMatching(problem),
			},
		]);
	const shown = { networks: [{ ssid: "New", saved: false, open: true }] };
	expect(checkEnteredSettings(shown, own)).toMatchObject({
		problems: [],
		settings: { networks: [{ ssid: "New" }] },
	});
});

test.each([
	["half a surrogate pair", "a\ud800b"],
	["the other half", "\udc00b"],
	["a control of the writing direction", "a\u202eb"],
	["an isolate", "a\u2066b"],
	["a line separator", "a\u2028b"],
])("text with %s is refused in each setting that is text", (_, value) => {
	const { problems } = checkSettings({ deviceId: value, location: value, networks: [{ ssid: value }] });
	expect(problems.map(({ key, problem }) => [key, /cannot be shown/.test(problem)])).toEqual([
		["networks.0.ssid", true],
		["deviceId", true],
		["location", true],
	]);
	expect(checkSettings({ deviceId: "🐝", location: "شرفة", networks: [{ ssid: "🏳️‍🌈" }] }).problems).toEqual(
		[],
	);
});

test("what prevents uploads is named", () => {
	expect(missingForUpload(checkSettings({}).settings)).toHaveLength(2);
	const complete = { key: writeKey, bucketId: "0".repeat(24), dataSourceId: "1".repeat(24) };
	expect(missingForUpload(checkSettings(complete).settings)).toEqual([]);
});

test("a saved address that is no longer valid stops uploads: the key is not sent to another service", () => {
	const { settings } = checkSettings({ server: "ftp://mine" });
	expect(settings.server).toBe("");
	expect(missingForUpload(settings)).toContain("the service address is not valid");
});
