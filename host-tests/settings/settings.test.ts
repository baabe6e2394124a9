import { describe, expect, test } from "vitest";
import { parseServer } from "../../src/settings/server";
import { checkSettings, missingForUpload, settingsTable } from "../../src/settings/settings";

const writeKey = "dakkio_w_0123456789abcdef0123456789abcdef";

test("what is not given has its preset, and presets pass their own rules", () => {
	const { settings, problems } = checkSettings({});
	expect(problems).toEqual([]);
	for (const [key, { preset }] of Object.entries(settingsTable)) expect(settings).toHaveProperty(key, preset);
	const presets = Object.fromEntries(Object.entries(settingsTable).map(([key, { preset }]) => [key, preset]));
	expect(checkSettings(presets).problems).toEqual([]);
});

test("all problems are told at once, each at its setting, and the rest is kept", () => {
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
		["key", "hello", /not an API key/],
		["key", `dakkio_w_${"0".repeat(121)}`, /not an API key/],
		["bucketId", "507f1f77bcf86cd799439011", undefined],
		["bucketId", "507f1f77bcf86cd79943901", /24 hexadecimal digits/],
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
		["server", "https://api.dakkio.io/api", /not an address/],
		["server", "https://a:99999", /not an address/],
		["server", "https://a\r\nX-Evil: 1", /characters that cannot be shown/],
		["location", "Balkon 3. Stock", undefined],
		["location", "x".repeat(65), /longer than 64/],
		["location", 7, /must be a text/],
		["ntpServers", ["pool.ntp.org", "", "10.0.0.1:1123"], undefined],
		["ntpServers", ["a b"], /Number 1/],
		["ntpServers", ["a", "b", "c", "d", "e"], /At most 4/],
		[
			"networks",
			[
				{ ssid: "Home", password: "12345678" },
				{ ssid: "Café", password: "" },
			],
			undefined,
		],
		["networks", [{ ssid: "Home", password: "1234567" }], /8 to 63/],
		["networks", [{ ssid: "Home", password: "0123456789abcdef".repeat(4) }], undefined],
		["networks", [{ ssid: "" }], /1 to 32/],
		["networks", [{}], /needs its name/],
		["networks", "Home", /must be a list/],
		["rootCertificate", "not a certificate", /no certificate/],
		["rootCertificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", /damaged/],
	])("%s = %j", (key, value, expected) => {
		const { problems } = checkSettings({ [key]: value });
		if (expected === undefined) expect(problems).toEqual([]);
		else expect(problems).toEqual([{ key, problem: expect.stringMatching(expected) }]);
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
	expect(parseServer("https://API.Dakkio.io")).toEqual({ host: "api.dakkio.io", port: 443 });
	expect(parseServer("https://127.0.0.1:8443/")).toEqual({ host: "127.0.0.1", port: 8443 });
});

test("what is missing before anything can be sent is named", () => {
	expect(missingForUpload(checkSettings({}).settings)).toHaveLength(3);
	const complete = { key: writeKey, bucketId: "0".repeat(24), dataSourceId: "1".repeat(24) };
	expect(missingForUpload(checkSettings(complete).settings)).toEqual([]);
});

test("a kept address that is no longer valid stops the upload: the key goes to no other service", () => {
	const { settings } = checkSettings({ server: "ftp://mine" });
	expect(settings.server).toBe("");
	expect(missingForUpload(settings)).toContain("the address of the service is not usable");
});
