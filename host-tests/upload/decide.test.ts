import { describe, expect, test } from "vitest";
import type { ExchangeResult } from "../../src/http/exchange-result";
import { classifyExchange } from "../../src/upload/classify-exchange";

const now = Date.UTC(2026, 10, 24);

function answer(status: number, headers: Record<string, string> = {}, body = ""): ExchangeResult {
	return { kind: "response", status, headers: new Map(Object.entries(headers)), body };
}

function failure(
	phase: "resolve" | "connect" | "secure" | "send" | "receive",
	fullySent = false,
): ExchangeResult {
	return { kind: "failure", phase, message: `failed to ${phase}`, fullySent };
}

describe("what a status means for the points", () => {
	test.each([
		[200, 1, "acknowledge"],
		[201, 1, "acknowledge"],
		[201, 1000, "acknowledge"],
		[202, 5, "acknowledge"],
		[204, 5, "acknowledge"],
		[300, 5, "settings fault"],
		[301, 5, "settings fault"],
		[304, 5, "settings fault"],
		[308, 5, "settings fault"],
		[400, 2, "split"],
		[400, 1, "quarantine"],
		[401, 1, "settings fault"],
		[402, 1, "settings fault"],
		[403, 9, "settings fault"],
		[404, 1, "settings fault"],
		[405, 1, "settings fault"],
		[408, 1, "retry"],
		[409, 2, "split"],
		[409, 1, "quarantine"],
		[413, 2, "too large"],
		[413, 1, "quarantine"],
		[415, 1, "settings fault"],
		[418, 1, "settings fault"],
		[422, 2, "split"],
		[422, 1, "quarantine"],
		[425, 1, "retry"],
		[429, 1, "retry"],
		[500, 1, "retry"],
		[501, 1, "retry"],
		[502, 1, "retry"],
		[503, 1, "retry"],
		[504, 1, "retry"],
		[599, 1, "retry"],
	])("%i with %i point(s): %s", (status, points, kind) => {
		expect(classifyExchange(answer(status), points, now).kind).toBe(kind);
	});

	test.each(["resolve", "connect", "secure", "send", "receive"] as const)(
		"no response (%s): retry",
		(step) => {
			expect(classifyExchange(failure(step), 1, now)).toEqual({ kind: "retry", cause: `failed to ${step}` });
		},
	);

	test("a certificate that is not trusted is a fault in the settings, not a reason to hurry", () => {
		const outcome: ExchangeResult = {
			kind: "failure",
			phase: "secure",
			message: "untrusted",
			trustFault: "untrusted",
			fullySent: false,
		};
		expect(classifyExchange(outcome, 1, now)).toEqual({ kind: "settings fault", cause: "untrusted" });
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
		["503, Retry-After that is nonsense", 503, { "retry-after": "-5 bananas" }, undefined],
		["503, Retry-After of a number beyond all bounds", 503, { "retry-after": "9".repeat(400) }, undefined],
		[
			"503: the month's reset, which every response has, is no request to wait",
			503,
			{ "x-ratelimit-reset": `${unix + 900_000}` },
			undefined,
		],
	])("%s", (_, status, headers, wait) => {
		const decision = classifyExchange(answer(status, headers), 1, now);
		expect(decision.kind === "retry" ? decision.waitMs : "not a retry").toBe(wait);
	});
});

describe("the cause has the server's message", () => {
	test("with what the details say of single fields", () => {
		const body = JSON.stringify({
			error: "Bad Request",
			message: "Validation failed",
			details: [{ path: ["values", "temperature"], message: "must be a number" }],
		});
		expect(classifyExchange(answer(400, {}, body), 1, now)).toEqual({
			kind: "quarantine",
			cause: "400: Validation failed (values.temperature: must be a number)",
		});
	});

	test("with a cure where the settings are at fault", () => {
		const body = JSON.stringify({ error: "Unauthorized", message: "Invalid API key" });
		expect(classifyExchange(answer(401, {}, body), 1, now)).toEqual({
			kind: "settings fault",
			cause: "401: Invalid API key. Check the API key in the settings.",
		});
	});

	test.each(["", "<html>502 Bad Gateway</html>", "[1,2]", "null", '{"message":42}', "\u001b[31mred"])(
		"a body that is not as documented does no harm: %j",
		(body) => {
			const decision = classifyExchange(answer(500, {}, body), 1, now);
			expect(decision.kind).toBe("retry");
			expect(decision.kind === "retry" && decision.cause).not.toMatch(/\p{Cc}/u);
		},
	);
});
