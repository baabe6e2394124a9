import { describe, expect, test } from "vitest";
import { failureSetting, failureText } from "../../page/failure-texts";
import { texts } from "../../page/texts";
import type { FailureCode, StepDetails, TestStep } from "../../src/setup/api";

const message = "api.dakkio.io:443: connect failed: refused";

const failures: readonly (readonly [TestStep, FailureCode, StepDetails, cause: string, remedy: string])[] = [
	["join", "aborted", {}, "was stopped", "Test again"],
	[
		"source",
		"internal error",
		{ message: "flash worn out" },
		"Internal error: flash worn out.",
		"Test again",
	],
	["join", "no network set", {}, "No network is chosen", "Choose one"],
	[
		"join",
		"wrong password",
		{ ssid: "Home", strength: -60 },
		"“Home” did not accept the password",
		"case-sensitive",
	],
	[
		"join",
		"wrong password",
		{ ssid: "Home" },
		"“Home” did not accept the password",
		"Type the password again",
	],
	["join", "wrong password", { ssid: "Home", strength: -85 }, "the password", "signal is also weak"],
	["join", "network not found", { ssid: "Home 5G" }, "No network named “Home 5G”", "5 GHz only"],
	["join", "network not found", { ssid: "Home", strength: -50 }, "“Home” is in reach", "Type the password"],
	["join", "network not found", { ssid: "Home", strength: -88 }, "did not let the board join", "closer"],
	["join", "no address", { ssid: "Home" }, "“Home” gave the board no address", "Restart the router"],
	["join", "same subnet", { ssid: "Home" }, "same addresses", "Save the settings as they are"],
	["time", "captive portal", {}, "requires a login in a browser", "Use another network"],
	["name", "no server set", {}, "not valid", "service address"],
	["name", "unknown host", { host: "a.example" }, "The name a.example was not found", "another device"],
	["time", "no time", { message: "a, b" }, "None of the time servers answered (a, b)", "UDP port 123"],
	["time", "no time", { message: "" }, "No time server is set", "time server of your own"],
	["certificate", "connect", { message }, `No connection to the service (${message})`, "service address"],
	["certificate", "resolve", { message }, "The name of the service was not found (", "service address"],
	["certificate", "secure", { message }, "No TLS connection to the service (", "service address"],
	["certificate", "send", { message }, "lost while sending (", "Test again"],
	["key", "receive", { message }, `The service did not answer (${message})`, "in a minute"],
	["source", "receive", { message }, "did not answer", "No data source is created twice"],
	["point", "receive", { message }, "did not answer", "The reading is stored and will be sent"],
	["point", "connect", { message }, "No connection", "The reading is stored and will be sent"],
	["certificate", "expired", { host: "a.example" }, "certificate of a.example has expired", "renew"],
	["certificate", "not yet valid", { host: "a.example" }, "not valid yet", "time above"],
	["certificate", "wrong name", { host: "a.example" }, "is not for a.example", "the one in the certificate"],
	[
		"certificate",
		"untrusted",
		{ host: "a.example" },
		"not issued by an authority that this board trusts",
		"root certificate",
	],
	["certificate", "untrusted", {}, "", "use another network"],
	["certificate", "forged", { host: "a.example" }, "is forged", "use another network"],
	["key", "no key set", {}, "No API key is entered", "write key (dakkio_w_)"],
	["key", "no bucket set", {}, "No bucket is entered", "the bucket's id"],
	["key", "refused", { status: 401 }, "does not know this key", "Copy it again"],
	["key", "refused", { status: 403 }, "The key is for another bucket", "from the same bucket"],
	["key", "refused", { status: 404 }, "There is no bucket with this id", "Copy the bucket's id"],
	["source", "refused", { status: 403 }, "may not create data sources", "create the data source in Dakkio"],
	["source", "refused", { status: 404 }, "Dakkio refused the request: 404", "bucket"],
	["point", "refused", { status: 403 }, "may not store data", "Use a write key"],
	["point", "refused", { status: 404 }, "no data source with this id", "let the board create one"],
	[
		"key",
		"refused",
		{ status: 429, message: "Resets at 9" },
		"used up: 429, “Resets at 9”.",
		"Readings are stored",
	],
	["key", "refused", { status: 301 }, "redirects to another address (301)", "service address"],
	["key", "refused", { status: 503 }, "Dakkio has a problem: 503.", "few minutes"],
	[
		"point",
		"refused",
		{ status: 400, message: "wrong …" },
		"refused the request: 400, “wrong …”.",
		"key, bucket",
	],
	["source", "no such source", {}, "no data source with this id", "let the board create one"],
	["source", "no source id", {}, "did not return the id", "enter its id"],
	["source", "unclear list", {}, "is cut off", "enter its id"],
	["source", "no fields", {}, "No sensor was found", "save now"],
	["point", "no reading", {}, "No sensor gave a value", "wires and pins"],
];

test.each(failures)("%s, %s %j: %s", (step, code, details, cause, remedy) => {
	const text = failureText(step, code, details);
	expect(text[0]).toContain(cause);
	expect(text[1]).toContain(remedy);
	for (const sentence of text) expect(sentence).toMatch(/^[A-Z“].*\.$/);
	if (Object.keys(details).length > 0) expect(text.join(" ")).not.toContain("undefined");
});

test.each<[TestStep, FailureCode, StepDetails, string | undefined]>([
	["join", "wrong password", {}, "networks"],
	["join", "network not found", {}, "networks"],
	["join", "no address", {}, "networks"],
	["join", "no network set", {}, "networks"],
	["join", "same subnet", {}, undefined],
	["name", "unknown host", {}, "server"],
	["name", "no server set", {}, "server"],
	// A login page: whatever step meets it first, it is the Wi-Fi.
	["name", "captive portal", {}, "networks"],
	["time", "captive portal", {}, "networks"],
	["certificate", "captive portal", {}, "networks"],
	["time", "no time", {}, "ntpServers"],
	["certificate", "connect", {}, "server"],
	["certificate", "expired", {}, undefined],
	["certificate", "not yet valid", {}, "ntpServers"],
	["certificate", "wrong name", {}, "server"],
	["certificate", "untrusted", {}, "rootCertificate"],
	["certificate", "forged", {}, undefined],
	["key", "no key set", {}, "key"],
	["key", "no bucket set", {}, "bucketId"],
	["key", "refused", { status: 401 }, "key"],
	["key", "refused", { status: 404 }, "bucketId"],
	["key", "refused", { status: 429 }, undefined],
	["key", "refused", { status: 503 }, undefined],
	["key", "refused", { status: 301 }, "server"],
	["source", "refused", { status: 403 }, "key"],
	["source", "no such source", {}, "dataSourceId"],
	["source", "no fields", {}, "sensors"],
	["point", "no reading", {}, "sensors"],
	["point", "refused", { status: 404 }, "dataSourceId"],
	["point", "internal error", {}, undefined],
	["join", "aborted", {}, undefined],
])("%s, %s %j is mended by %s", (step, code, details, setting) => {
	expect(failureSetting({ step, state: "failed", code, details })).toBe(setting);
});

test("a step that has not failed offers no setting", () => {
	expect(failureSetting({ step: "key", state: "done", details: {} })).toBeUndefined();
});

describe("what a step found", () => {
	const { found } = texts.test;
	test.each<[TestStep, StepDetails, string]>([
		["join", { ssid: "Home", address: "192.168.1.7" }, "Home, address 192.168.1.7"],
		[
			"join",
			{ ssid: "Home", address: "192.168.1.7", strength: -60 },
			"Home, address 192.168.1.7, good signal (−60\u00a0dBm)",
		],
		["name", { host: "api.dakkio.io", address: "10.0.0.1" }, "api.dakkio.io is 10.0.0.1"],
		["certificate", { issuer: "An authority" }, "An authority"],
		["key", {}, "Key and bucket are accepted."],
		["source", { source: "created", deviceId: "ESP32-A1B2C3" }, "Created as ESP32-A1B2C3."],
		["source", { source: "found", deviceId: "ESP32-A1B2C3" }, "Found as ESP32-A1B2C3."],
		["source", { source: "listed", deviceId: "Balcony" }, "Balcony is in the bucket."],
		["source", { source: "listed" }, "It is in the bucket."],
		["source", { source: "unlisted" }, "The bucket has too many to search; the point will show."],
		["point", { status: 201 }, "Stored (201)."],
	])("%s %j: %s", (step, details, text) => {
		expect(found[step](details)).toBe(text);
	});

	test("the time as this phone would show it", () => {
		expect(found.time({ utc: Date.UTC(2027, 0, 15, 8, 0, 0) })).toMatch(/^Jan 1\d, 2027, \d+:00:00/);
	});
});
