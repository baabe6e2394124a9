import type { ApiResponse } from "../dakkio/api";
import type { OddResponse } from "./scenario";

export function encodeResponse({ status, headers, body }: ApiResponse): Buffer {
	const content = JSON.stringify(body);
	return Buffer.from(
		`${head(status, headers)}Content-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`,
	);
}

/** A success response in an unusual form; `ends`: the connection closes after it. */
export function encodeOddResponse(
	answer: ApiResponse,
	how: OddResponse,
): { readonly bytes: Buffer; readonly ends: boolean } {
	const { status, headers, body } = answer;
	const content = JSON.stringify(body);
	const start = head(status, headers);
	const kept = (text: string) => ({ bytes: Buffer.from(text), ends: false });
	const last = (text: string) => ({ bytes: Buffer.from(text), ends: true });
	switch (how) {
		case "interim":
			return kept(
				`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${encodeResponse(answer).toString()}`,
			);
		case "odd interim":
			return kept(`HTTP/1.1 103 Early Hints\r\nnonsense\r\n\r\n${encodeResponse(answer).toString()}`);
		case "no content":
			return kept(`${head(204, headers)}\r\n`);
		case "chunked":
			return kept(`${start}Transfer-Encoding: chunked\r\n\r\n${chunks(content)}0\r\n\r\n`);
		case "until close":
			return last(`${start}Connection: close\r\n\r\n${content}`);
		case "too long":
			return last(`${start}Content-Length: ${content.length + 9}\r\n\r\n${content}`);
		case "too short":
			return last(`${start}Content-Length: ${content.length - 9}\r\n\r\n${content}`);
		case "huge":
			return kept(`${start}Content-Length: ${2 ** 20}\r\n\r\n${" ".repeat(2 ** 20)}`);
		case "no JSON":
			return kept(`${start}Content-Length: 6\r\n\r\nstored`);
		case "length and chunks":
			return kept(
				`${start}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n${chunks(content)}0\r\n\r\n`,
			);
		case "two lengths":
			return kept(`${start}${`Content-Length: ${content.length}\r\n`.repeat(2)}\r\n${content}`);
		case "negative length":
			return kept(`${start}Content-Length: -1\r\n\r\n${content}`);
		case "no colon":
			return kept(`${start}nonsense\r\n\r\n${content}`);
		case "NUL":
			return kept(`${start}X: \0\r\n\r\n${content}`);
		case "bare LF":
			return kept(`${start}\r\n`.replaceAll("\r", ""));
		case "bad chunk":
			return kept(`${start}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n`);
		case "status line":
			return last(`HTTP/1.1 ${status} Status\r\n`);
		case "twice":
			return kept(encodeResponse(answer).toString().repeat(2));
		case "closed after":
			return { bytes: encodeResponse(answer), ends: true };
	}
}

/** A success response preceded by 64 KiB of headers. */
export function encodeHeaderFlood(answer: ApiResponse): Buffer {
	const flood = `X-Flood: ${"x".repeat(500)}\r\n`.repeat(128);
	return Buffer.from(encodeResponse(answer).toString().replace("\r\n", `\r\n${flood}`));
}

function head(status: number, headers: ApiResponse["headers"]): string {
	let text = `HTTP/1.1 ${status} Status\r\nContent-Type: application/json\r\n`;
	for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\r\n`;
	return text;
}

function chunks(content: string): string {
	const parts = content.match(/.{1,7}/gs) ?? [];
	return parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
}
