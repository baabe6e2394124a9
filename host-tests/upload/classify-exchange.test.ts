import { describe, expect, test } from "vitest";
import type { ExchangeResult } from "../../src/http/exchange-result";
import { classifyExchange } from "../../src/upload/classify-exchange";

const now = Date.UTC(2026, 10, 24);
const key = "dakkio_w_0123456789abcdefghij";

function answer(status: number, headers: Record<string, string> = {}, body = ""): ExchangeResult {
	return { kind: "response", status, headers: new Map(Object.entries(headers)), body };
}

function failure(
	phase: "resolve" | "connect" | "secure" | "send" | "receive",
	fullySent = false,
): ExchangeResult {
	return { kind: "failure", phase, message: `failed to ${phase}`, fullySent };
}

describe("the key that a server echoes is not in the cause", () => {
	const message = (text: string) => JSON.stringify({ message: `invalid key ${text}` });
	test.each([
		["as it is", message(key)],
		["in JSON escapes", message(key).replace("dakkio", "\\u0064akkio").replaceAll("_", "\\u005f")],
		["without its beginning", message(key.slice(9))],
		["in upper case", message(key.toUpperCase())],
		["in two parts", message(`${key.slice(0, 14)}\n${key.slice(14)}`)],
		[
			"in two parts of a path",
			JSON.stringify({ message: "bad", details: [{ path: [key.slice(0, 14), key.slice(14)] }] }),
		],
		["cut off", `${"x".repeat(190)} ${key}`],
		["beside letters that have a longer lower case", message(`İ${key}İ`)],
	])("%s", (_, body) => {
		const action = classifyExchange(answer(401, {}, body), now, key);
		const cause = "cause" in action ? action.cause.toLowerCase() : "";
		expect(cause).toContain("…");
		for (let at = 0; at + 10 <= key.length; at++) expect(cause).not.toContain(key.slice(at, at + 10));
	});

	test("other words stay", () => {
		const body = message("dakkio_w_9876543210, 0123456");
		expect(classifyExchange(answer(400, {}, body), now, key)).toMatchObject({
			cause: "400: invalid key dakkio_w_9876543210, 0123456",
		});
	});
});

describe("what a status means for the points", () => {
	test.each([
		[200, "acknowledge"],
		[201, "acknowledge"],
		[202, "acknowledge"],
		[204, "acknowledge"],
		[300, "settings fault"],
		[301, "settings fault"],
		[304, "settings fault"],
		[308, "settings fault"],
		[400, "refused"],
		[401, "settings fault"],
		[402, "settings fault"],
		[403, "settings fault"],
		[404, "settings fault"],
		[405, "settings fault"],
		[408, "retry"],
		[409, "refused"],
		[413, "refused"],
		[415, "settings fault"],
		[418, "settings fault"],
		[422, "refused"],
		[425, "retry"],
		[429, "retry"],
		[500, "retry"],
		[501, "retry"],
		[502, "retry"],
		[503, "retry"],
		[504, "retry"],
		[599, "retry"],
	])("%i: %s", (status, kind) => {
		expect(classifyExchange(answer(status), now, key).kind).toBe(kind);
	});

	test.each(["resolve", "connect", "secure", "send", "receive"] as const)(
		"no response (%s): retry",
		(step) => {
			expect(classifyExchange(failure(step), now, key)).toEqual({
				kind: "retry",
				cause: `failed to ${step}`,
			});
		},
	);

	test("a certificate that is not trusted is a fault in the settings, probed hourly, not retried with backoff", () => {
		const outcome: ExchangeResult = {
			kind: "failure",
			phase: "secure",
			message: "untrusted",
			trustFault: "untrusted",
			fullySent: false,
		};
		expect(classifyExchange(outcome, now, key)).toEqual({ kind: "settings fault", cause: "untrusted" });
	});
});

test("only 413 is about the size", () => {
	for (const status of [400, 409, 413, 422])
		expect(classifyExchange(answer(status), now, key)).toMatchObject({
			kind: "refused",
			isSize: status === 413,
		});
});

describe("how long the server asks to be left alone", () => {
	const hour = 3_600_000;
	const unix = now / 1000;
	test.each([
		["429 until the reset", 429, { "x-ratelimit-reset": `${unix + 90}` }, 90_000],
		["429, reset in the past: the shortest", 429, { "x-ratelimit-reset": `${unix - 90}` }, 1_000],
		["429, reset in 100 years: six hours", 429, { "x-ratelimit-reset": `${unix + 3_155_760_000}` }, 6 * hour],
		["429, reset not a number: its own pace", 429, { "x-ratelimit-reset": "soon" }, undefined],
		[
			"429, Retry-After before the reset",
			429,
			{ "retry-after": "7", "x-ratelimit-reset": `${unix + 90}` },
			7_000,
		],
		["503, Retry-After in seconds", 503, { "retry-after": "120" }, 120_000],
		["503, Retry-After as a date", 503, { "retry-after": new Date(now + 60_000).toUTCString() }, 60_000],
		["503, Retry-After with decimals: rounded up", 503, { "retry-after": "299.997" }, 300_000],
		["503, Retry-After with a decimal of zero", 503, { "retry-after": "2.0" }, 2_000],
		["503, Retry-After under a second: the shortest", 503, { "retry-after": "0.25" }, 1_000],
		["503, Retry-After among spaces", 503, { "retry-after": "  30\t" }, 30_000],
		["503, Retry-After of 30 digits: six hours", 503, { "retry-after": "9".repeat(30) }, 6 * hour],
		["429, reset with decimals: rounded up", 429, { "x-ratelimit-reset": `${unix + 89}.25` }, 90_000],
		[
			"503, Retry-After as a date of RFC 850",
			503,
			{ "retry-after": "Tuesday, 24-Nov-26 00:01:00 GMT" },
			60_000,
		],
		["503, Retry-After as a date of asctime", 503, { "retry-after": "Tue Nov 24 00:01:00 2026" }, 60_000],
		[
			"503, Retry-After as a date that is past: the shortest",
			503,
			{ "retry-after": new Date(now - 60_000).toUTCString() },
			1_000,
		],
		["503, Retry-After that is nonsense", 503, { "retry-after": "-5 bananas" }, undefined],
		["503, Retry-After of 400 digits: six hours", 503, { "retry-after": "9".repeat(400) }, 6 * hour],
		[
			"503: the month's reset, which every response has, is no request to wait",
			503,
			{ "x-ratelimit-reset": `${unix + 900_000}` },
			undefined,
		],
	])("%s", (_, status, headers, wait) => {
		const decision = classifyExchange(answer(status, headers), now, key);
		expect(decision.kind === "retry" ? decision.waitMs : "not a retry").toBe(wait);
	});
});

test.each([
	["signed", "+5"],
	["negative", "-5"],
	["an exponent", "1e3"],
	["hexadecimal", "0x10"],
	["a decimal comma", "2,5"],
	["a list", "60, 120"],
	["a point without digits", "5."],
	["digits missing before the point", ".5"],
	["two points", "1.2.3"],
	["empty", ""],
	["spaces", "   "],
	["a unit", "120s"],
	["a version, which Date.parse takes", "1.5 beta"],
	["a date of ISO 8601", "2027-01-01T00:00:00Z"],
	["a date without a weekday", "06 Nov 2027 08:49:37 GMT"],
	["a date in another zone", "Sat, 06 Nov 2027 08:49:37 +0100"],
	["a date that does not exist", "Tue, 30 Feb 2027 08:49:37 GMT"],
	["a day of two months", "Sat, 31 Apr 2027 08:49:37 GMT"],
	["a month that does not exist", "Sat, 06 Nob 2027 08:49:37 GMT"],
	["letters of two months", "Sat, 06 Anf 2027 08:49:37 GMT"],
	["an hour that does not exist", "Sat, 06 Nov 2027 24:49:37 GMT"],
	["a minute that does not exist", "Sat, 06 Nov 2027 23:60:37 GMT"],
	["two dates", "Sat, 06 Nov 2027 08:49:37 GMT, Sun, 07 Nov 2027 08:49:37 GMT"],
])("what is neither a number nor an HTTP date is no wait: %s", (_, value) => {
	for (const status of [429, 503]) {
		const decision = classifyExchange(answer(status, { "retry-after": value }), now, key);
		expect(decision).not.toHaveProperty("waitMs");
	}
	const ofReset = classifyExchange(answer(429, { "x-ratelimit-reset": value }), now, key);
	expect(ofReset).not.toHaveProperty("waitMs");
});

describe("the cause has the server's message", () => {
	test("with what the details say of single fields", () => {
		const body = JSON.stringify({
			error: "Bad Request",
			message: "Validation failed",
			details: [{ path: ["values", "temperature"], message: "must be a number" }],
		});
		expect(classifyExchange(answer(400, {}, body), now, key)).toEqual({
			kind: "refused",
			isSize: false,
			cause: "400: Validation failed (values.temperature: must be a number)",
		});
	});

	test("with its remedy where the settings are at fault", () => {
		const body = JSON.stringify({ error: "Unauthorized", message: "Invalid API key" });
		expect(classifyExchange(answer(401, {}, body), now, key)).toEqual({
			kind: "settings fault",
			cause: "401: Invalid API key. Check the API key in the settings.",
		});
	});

	test.each(["", "<html>502 Bad Gateway</html>", "[1,2]", "null", '{"message":42}', "\u001b[31mred"])(
		"a body that is not as documented does no harm: %j",
		(body) => {
			const decision = classifyExchange(answer(500, {}, body), now, key);
			expect(decision.kind).toBe("retry");
			expect(decision.kind === "retry" && decision.cause).not.toMatch(/\p{Cc}/u);
		},
	);
});
