import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maxHeaderFields, maxLineBytes } from "../../src/http/head-parser";
import { type MessageFormat, MessageParser, maxBodyBytes, maxHeadBytes } from "../../src/http/message-parser";
import { responseFormat } from "../../src/http/start-line";

const keptHeaders = ["retry-after", "x-ratelimit-reset"];

interface Reading {
	readonly state: string;
	readonly problem: string;
	readonly status: number | undefined;
	readonly headers: Record<string, string>;
	readonly body: string;
	readonly truncated: boolean;
	readonly persistent: boolean;
	/** Bytes that were taken for the message. */
	readonly taken: number;
}

function latin1(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Reads a message that comes in these portions, after which the peer closes or not. */
function readPortions(portions: readonly Uint8Array[], closes: boolean, maxKeptBodyBytes = 32): Reading {
	const parser = new MessageParser({ format: responseFormat, keptHeaders, maxKeptBodyBytes });
	let taken = 0;
	for (const portion of portions) {
		// The buffer is the caller's and used again: nothing may be kept of it.
		const buffer = Uint8Array.from(portion);
		taken += parser.push(buffer);
		buffer.fill(0x58);
	}
	if (closes) parser.end();
	const { state, problem, start, headers, body, isTruncated, isPersistent } = parser;
	return {
		state,
		problem,
		status: start?.status,
		headers: Object.fromEntries(headers),
		body,
		truncated: isTruncated,
		persistent: isPersistent,
		taken,
	};
}

function read(text: string, { closes = false, keptBody = 32 } = {}): Reading {
	return readPortions([latin1(text)], closes, keptBody);
}

describe("a response", () => {
	test("with a length ends after it", () => {
		expect(read("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello")).toMatchObject({
			state: "done",
			status: 201,
			body: "hello",
			truncated: false,
			persistent: true,
		});
	});

	test("leaves to the next what comes after its end", () => {
		const message = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
		expect(read(`${message}HTTP/1.1`).taken).toBe(message.length);
	});

	test("in chunks, with extensions and trailers, is put together", () => {
		const chunks = "5;name=value\r\nhello\r\n0A \r\n, you two!\r\n000\r\nRetry-After: 9\r\nX: y\r\n\r\n";
		const message = `HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n${chunks}`;
		expect(read(message)).toMatchObject({
			state: "done",
			body: "hello, you two!",
			// A trailer is not a header (RFC 9110 section 6.5.1).
			headers: {},
			persistent: true,
			taken: message.length,
		});
	});

	test("without a length ends with the connection, and is then the last", () => {
		const message = "HTTP/1.1 200 OK\r\n\r\nsome";
		expect(read(message)).toMatchObject({ state: "body", truncated: true });
		expect(read(message, { closes: true })).toMatchObject({
			state: "done",
			body: "some",
			truncated: false,
			persistent: false,
		});
	});

	test.each([
		["204", "HTTP/1.1 204 No Content\r\n\r\n"],
		["204 that claims a length", "HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n"],
		[
			"304 with the length of what it does not send",
			"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
		],
		["a length of nothing", "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"],
	])("%s ends with its head", (_, message) => {
		expect(read(message)).toMatchObject({ state: "done", body: "", truncated: false, persistent: true });
	});

	test("is found after interim responses, whose headers are ignored", () => {
		const interim =
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\nLink: x\r\n\r\n";
		expect(read(`${interim}HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n`)).toMatchObject({
			state: "done",
			status: 201,
			headers: {},
		});
	});

	test("keeps the headers that were asked for, whatever their case and white space", () => {
		const head = "HTTP/1.1 429 Slow down\r\nRETRY-after:\t 120 \t\r\nX-Secret: no\r\nX-RateLimit-Reset:7\r\n";
		expect(read(`${head}Content-Length: 0\r\n\r\n`).headers).toEqual({
			"retry-after": "120",
			"x-ratelimit-reset": "7",
		});
	});

	test("joins what is repeated, and what is folded", () => {
		const head =
			"HTTP/1.1 200 OK\r\nRetry-After: a\r\n  b\r\n\tc\r\nRetry-After: d\r\nContent-Length: 0\r\n\r\n";
		expect(read(head).headers).toEqual({ "retry-after": "a  b c, d" });
	});

	test("may have an unknown reason, none, or one beyond ASCII", () => {
		for (const line of ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 sch\xf6n", "HTTP/1.0 200 OK"])
			expect(read(`${line}\r\nContent-Length: 0\r\n\r\n`)).toMatchObject({ state: "done", status: 200 });
	});

	test("omits a requested header that is too long, and reads the rest", () => {
		const head = `HTTP/1.1 200 OK\r\nRetry-After: ${"9".repeat(maxLineBytes + 1)}\r\nContent-Length: 1\r\n\r\nx`;
		expect(read(head)).toMatchObject({ state: "done", headers: {}, body: "x" });
	});

	test("ignores a long header that is not kept", () => {
		const head = `HTTP/1.1 200 OK\r\nSet-Cookie: ${"c".repeat(8000)}\r\n${"N".repeat(700)}: 1\r\nContent-Length: 1\r\n\r\nx`;
		expect(read(head)).toMatchObject({ state: "done", body: "x" });
	});

	test("with invalid UTF-8 is still a text", () => {
		expect(read("HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\na\xffb").body).toBe("a\ufffdb");
	});

	test("that is longer than what is kept is read to its end and marked", () => {
		const message = `HTTP/1.1 400 Bad\r\nContent-Length: 40\r\n\r\n${"0123456789".repeat(4)}`;
		expect(read(message)).toMatchObject({
			state: "done",
			body: "01234567890123456789012345678901",
			truncated: true,
			persistent: true,
			taken: message.length,
		});
	});
});

describe("whether a connection persists after a response", () => {
	test.each([
		["HTTP/1.1", "", true],
		["HTTP/1.1", "Connection: keep-alive\r\n", true],
		["HTTP/1.1", "Connection: Close\r\n", false],
		["HTTP/1.1", "Connection: keep-alive\r\nConnection: x, close\r\n", false],
		["HTTP/1.0", "", false],
		["HTTP/1.0", "Connection: Keep-Alive\r\n", true],
		["HTTP/1.0", "Connection: keep-alive, close\r\n", false],
	])("%s %j: %s", (version, header, persistent) => {
		expect(read(`${version} 200 OK\r\n${header}Content-Length: 0\r\n\r\n`).persistent).toBe(persistent);
	});
});

describe("an invalid response fails, with a reason", () => {
	const ok = "HTTP/1.1 200 OK\r\n";
	test.each([
		["another protocol", "SSH-2.0-OpenSSH_9.6\r\n", "does not begin like an HTTP response"],
		["HTTP/2", "HTTP/2 200\r\n", "does not begin like an HTTP response"],
		["HTTP/2 in HTTP/1.1's clothes", "HTTP/1.1 99 What\r\n", "does not begin like an HTTP response"],
		["an empty line and no status line", "\r\nSSH\r\n", "does not begin like an HTTP response"],
		["a page without a head", "<html>\n", "control character"],
		["a first line without end", "H".repeat(maxLineBytes + 1), "longer than 512 bytes"],
		["a change of protocol", "HTTP/1.1 101 Switching\r\n\r\n", "unexpected"],
		["a line that ends in LF alone", `${ok}A: b\nC: d\r\n`, "control character"],
		["a line that ends in CR alone", `${ok}A: b\rC: d\r\n`, "CR LF"],
		["a NUL in a header", `${ok}A: b\0\r\n`, "control character"],
		["a space before the colon", `${ok}Content-Length : 5\r\n`, "header name"],
		["a header without a name", `${ok}: x\r\n`, "no name"],
		["a line without a colon", `${ok}nonsense\r\n`, "header name"],
		["a folded line before any header", `${ok} folded\r\n`, "begins with a space"],
		["a length and chunks", `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, "both"],
		["two lengths", `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`, "Content-Length is not a number"],
		[
			"the same length twice",
			`${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`,
			"Content-Length is not a number",
		],
		["a negative length", `${ok}Content-Length: -5\r\n\r\n`, "Content-Length is not a number"],
		["a length with a sign", `${ok}Content-Length: +5\r\n\r\n`, "Content-Length is not a number"],
		["a length in hexadecimal", `${ok}Content-Length: 0x5\r\n\r\n`, "Content-Length is not a number"],
		["an empty length", `${ok}Content-Length:\r\n\r\n`, "Content-Length is not a number"],
		["a folded length", `${ok}Content-Length: 5\r\n 0\r\n\r\n`, "Content-Length is not a number"],
		[
			"a length beyond counting",
			`${ok}Content-Length: ${"9".repeat(16)}\r\n\r\n`,
			"Content-Length is not a number",
		],
		["a length that is too long to keep", `${ok}Content-Length: ${"0".repeat(600)}\r\n\r\n`, "too long"],
		["a compressed transfer", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`, "coding"],
		["chunks twice", `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, "coding"],
		["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"],
		[
			"more headers than anybody needs",
			`${ok}${"A: b\r\n".repeat(maxHeaderFields + 1)}`,
			"more than 100 headers",
		],
		["64 KB of headers", ok + `X: ${"x".repeat(1000)}\r\n`.repeat(64), "longer than 16 KB"],
	])("%s", (_, message, problem) => {
		const reading = read(message);
		expect(reading).toMatchObject({ state: "failed", persistent: false });
		expect(reading.problem).toContain(problem);
		// What is odd after the status line does not take the status back.
		expect(reading.status).toBe(/^HTTP\/1\.[01] 200 OK\r\n/.test(message) ? 200 : undefined);
	});

	test.each([
		["a NUL in the reason", "HTTP/1.1 201 Crea\0ted\r\n", 201],
		["a reason of 64 KB", `HTTP/1.1 201 ${"x".repeat(65_536)}\r\n`, 201],
		["a line that ends in LF", "HTTP/1.1 201 Created\nContent-Length: 0\n\n", 201],
		["a NUL in the status", "HTTP/1.1 20\x001 Created\r\n", undefined],
		["a number of four digits", "HTTP/1.1 2010 Created\r\n", undefined],
		["no digit of a version", "HTTP/1. 201 Created\r\n", undefined],
	])("a status line with %s has the status that it begins with", (_, message, status) => {
		expect(read(message)).toMatchObject({ state: "failed", status, persistent: false });
	});

	test("a thousand interim responses are only interim", () => {
		const interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
		expect(read(`${interim}HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n`)).toMatchObject({
			state: "done",
			status: 201,
		});
	});

	test.each([
		["64 KB of headers", `X: ${"x".repeat(1000)}\r\n`.repeat(64), "longer than 16 KB"],
		["a hundred headers and one", "A: b\r\n".repeat(maxHeaderFields + 1), "more than 100 headers"],
		["a line without a colon", "nonsense\r\n", "invalid character"],
		["a line without a name", ": value\r\n", "no name"],
		["a folded line before any header", " folded\r\n", "begins with a space"],
		["a NUL", "X: \0\r\n", "control character"],
		["lines that end in LF", "X: 1\nY: 2\n", "control character"],
		["a CR within a line", "X: 1\rY: 2\r\n", "CR LF"],
		["a framing header that is too long", `Content-Length: ${"0".repeat(600)}\r\n`, "too long"],
	])(
		"an interim response with %s: the final one counts, and no other on this connection",
		(_, lines, problem) => {
			const final = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
			const message = `HTTP/1.1 103 Hints\r\n${lines}\r\n${final}`;
			for (const pieceBytes of [1, 7, message.length]) {
				const bytes = latin1(message);
				const portions: Uint8Array[] = [];
				for (let at = 0; at < bytes.length; at += pieceBytes) portions.push(bytes.slice(at, at + pieceBytes));
				const reading = readPortions(portions, false);
				expect(reading).toMatchObject({ state: "done", status: 201, body: "{}", persistent: false });
				expect(reading.problem).toContain(problem);
			}
		},
	);

	test("an endless interim response never becomes another", () => {
		const reading = read(`HTTP/1.1 103 Hints\r\n${`X: ${"x".repeat(1000)}\r\n`.repeat(64)}`);
		expect(reading).toMatchObject({ state: "head", status: undefined, persistent: false });
	});

	test("what is cut off in its head", () => {
		expect(read("HTTP/1.1 200 OK\r\nContent-Le", { closes: true })).toMatchObject({
			state: "failed",
			status: 200,
			problem: "it is incomplete",
		});
	});
});

describe("a damaged body leaves the status, and is incomplete", () => {
	const head = "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n";
	test.each([
		["shorter than its length", "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nhello", "incomplete"],
		["chunks that are cut off", `${head}5\r\nhello\r\n`, "incomplete"],
		["a chunk without a size", `${head}5\r\nhello\r\n\r\n`, "no size"],
		["a size that is no number", `${head}5\r\nhello\r\n5x\r\n`, "not a number"],
		["a size beyond counting", `${head}5\r\nhello\r\n123456789\r\n`, "too large"],
		["a chunk longer than its size", `${head}5\r\nhello, you\r\n`, "does not end"],
		["a size line that ends in LF", `${head}5\r\nhello\r\n5\nhello`, "not a number"],
		["a control character in an extension", `${head}5\r\nhello\r\n5;\0\r\nhello`, "control character"],
		["a trailer that is none", `${head}5\r\nhello\r\n0\r\n no\r\n\r\n`, "begins with a space"],
	])("%s", (_, message, problem) => {
		const reading = read(message, { closes: true });
		expect(reading).toMatchObject({
			state: "failed",
			status: 500,
			body: "hello",
			truncated: true,
			persistent: false,
		});
		expect(reading.problem).toContain(problem);
	});

	test.each([
		["with a length", "Content-Length: 10000000\r\n\r\n", "x".repeat(10_000_000)],
		["in chunks", "Transfer-Encoding: chunked\r\n\r\n", `3E8\r\n${"x".repeat(1000)}\r\n`.repeat(10_000)],
		["without end", "\r\n", "x".repeat(10_000_000)],
	])("10 MB %s are given up after 64 KB", (_, header, body) => {
		const head = `HTTP/1.1 500 Oops\r\n${header}`;
		expect(read(head + body)).toMatchObject({
			state: "failed",
			status: 500,
			body: "x".repeat(32),
			truncated: true,
			persistent: false,
			taken: head.length + maxBodyBytes,
		});
	});

	test("exactly 64 KB are not too much, nor are 16 KB of head", () => {
		const body = "x".repeat(maxBodyBytes);
		expect(read(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`).state).toBe("done");
		const head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: \r\n\r\n";
		const filled = (length: number) => head.replace("X: ", `X: ${"x".repeat(length - head.length)}`);
		expect(read(filled(maxHeadBytes)).state).toBe("done");
		expect(read(filled(maxHeadBytes + 1)).state).toBe("failed");
	});
});

test("a message whose body must be announced has none without a length", () => {
	const posts: MessageFormat<{ minorVersion: number }> = {
		noun: "request",
		allowsFolding: false,
		parseStart: (line) => (line === "POST / HTTP/1.1" ? { minorVersion: 1 } : undefined),
		bodyExpectation: () => "body if announced",
	};
	const parse = (text: string) => {
		const parser = new MessageParser({ format: posts, keptHeaders: ["host"], maxKeptBodyBytes: 10 });
		parser.push(latin1(text));
		return { state: parser.state, body: parser.body, problem: parser.problem };
	};
	expect(parse("POST / HTTP/1.1\r\nHost: a\r\n\r\n")).toMatchObject({ state: "done", body: "" });
	expect(parse("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab")).toMatchObject({
		state: "done",
		body: "ab",
	});
	expect(parse("POST / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n").problem).toContain("begins with a space");
	expect(parse("BREW / HTTP/1.1\r\n").problem).toContain("HTTP request");
});

// --- Properties ---

const version = fc.constantFrom("HTTP/1.1", "HTTP/1.0");
const status = fc.constantFrom(
	"200 OK",
	"201 Created",
	"204 No",
	"304 Not",
	"429 Slow",
	"503",
	"100 Go",
	"101 No",
);
const field = fc.constantFrom(
	"Connection: close\r\n",
	"Retry-After: 120\r\n",
	"X-RateLimit-Reset: 1\r\n 2\r\n",
	"X: y\r\n",
	"Content-Length: 5\r\n",
	"Content-Length: 40\r\n",
	"Transfer-Encoding: chunked\r\n",
);
const body = fc.constantFrom(
	"",
	"hello",
	"5\r\nhello\r\n0\r\n\r\n",
	"3;x\r\nabc\r\n0\r\nA: b\r\n\r\n",
	"x".repeat(50),
);
const message = fc
	.tuple(version, status, fc.array(field, { maxLength: 4 }), body)
	.map(([v, s, fields, content]) => `${v} ${s}\r\n${fields.join("")}\r\n${content}`);
const stream = fc.array(message, { minLength: 1, maxLength: 3 }).map((messages) => latin1(messages.join("")));

const mutation = fc.record({
	at: fc.nat(),
	remove: fc.nat(3),
	insert: fc.oneof(
		fc.uint8Array({ maxLength: 3 }),
		fc.constantFrom(..."\r \n \r\n \0 : , 0 f 9 HTTP/1.1 \r\n\r\n".split(" ").map(latin1)),
	),
});
const damaged = fc.tuple(stream, fc.array(mutation, { maxLength: 4 })).map(([bytes, mutations]) => {
	const values = [...bytes];
	for (const { at, remove, insert } of mutations) values.splice(at % (values.length + 1), remove, ...insert);
	return Uint8Array.from(values);
});

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
	const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
	return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("whatever comes", () => {
	test("how the bytes are split into portions makes no difference", () => {
		fc.assert(
			fc.property(damaged, fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (bytes, cuts, closes) => {
				const whole = readPortions([bytes], closes);
				expect(readPortions(split(bytes, cuts), closes)).toEqual(whole);
				expect(readPortions(split(bytes, [...bytes.keys()]), closes)).toEqual(whole);
			}),
			{ numRuns: 1500 },
		);
	});

	test("bytes at random are never an exception, and after a close there is always an end", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 500 }), fc.boolean(), (bytes, statusLine) => {
				const start = latin1(statusLine ? "HTTP/1.1 200 OK\r\n" : "");
				expect(["done", "failed"]).toContain(readPortions([start, bytes], true).state);
			}),
			{ numRuns: 2000 },
		);
	});
});
