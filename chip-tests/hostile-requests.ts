import { PageClient, type PageResponse } from "../host-tests/setup/page-client";
import { hostileSettings, largestSettings } from "../host-tests/setup/request-bodies";
import { defaultServerLimits } from "../src/http/http-server";
import type { CheckResponse } from "../src/setup/api";
import { answerGuardMs, type ChipBench } from "./chip-bench";

const { maxBodyBytes } = defaultServerLimits;
/** Of a check with hundreds of names that no check before had. */
const checksWithNewNames = 40;
/** Of a request that gets no answer: on a busy computer its bytes come late, and the board gives the turn to another client. */
const maxAttempts = 4;

/**
 * Sends all bodies that a board has most to do with to the setup page, one after another and two at once (QEMU lets two
 * wait), and the largest valid settings in between, which must pass at any moment. Returns how many requests it were.
 */
export async function sendHostileRequests(bench: ChipBench, page: PageClient): Promise<number> {
	const { token } = await page.state();
	let count = 0;
	const post = (settings: string): Promise<PageResponse> => {
		count++;
		const headers = { "Content-Type": "application/json", Origin: page.origin };
		const body = `{"token":"${token}","settings":${settings}}`;
		return sendUntilAnswered(() => page.send("POST", "/api/check", headers, body));
	};
	const largest = largestSettings(bench.dakkio.certificates.root.pem, maxBodyBytes);
	const checkLargest = async () => {
		count++;
		expectAccepted(await sendUntilAnswered(() => page.post("/api/check", { settings: largest })));
	};
	await checkLargest();
	for (const [name, make] of Object.entries(hostileSettings)) {
		const body = () => make(maxBodyBytes - 60);
		expectAnswered(name, await post(body()));
		for (const answer of await Promise.all([post(body()), post(body())])) expectAnswered(name, answer);
	}
	await Promise.all([checkLargest(), checkLargest()]);
	for (let i = 0; i < checksWithNewNames; i++)
		expectAnswered(
			"new names",
			await post(hostileSettings["as many fields as may be"]?.(maxBodyBytes) ?? ""),
		);
	await checkLargest();
	return count;
}

/** As the page does, which sends a request again that gets no answer. */
export async function sendUntilAnswered(send: () => Promise<PageResponse>): Promise<PageResponse> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await send();
		} catch (error) {
			if (attempt === maxAttempts) throw error;
		}
	}
}

/** To the page on the home network, at the address that the board has there: longer than any request to it. */
export async function sendHostileLocalRequests(port: number, address: string): Promise<number> {
	const page = new PageClient(port, address, false, answerGuardMs);
	const requests: (() => Promise<PageResponse>)[] = [];
	for (const path of ["/", "/api/status", "/api/history", "/api/log", "/metrics", "/nothing"]) {
		requests.push(() => page.send("GET", path, {}));
		requests.push(() => page.send("GET", path, { "If-None-Match": "x".repeat(8_000) }));
		requests.push(() => page.send("POST", path, {}, "x".repeat(1_000)));
		requests.push(() => page.send("POST", path, { "Transfer-Encoding": "chunked" }, "x".repeat(8_000)));
		requests.push(() => page.send("GET", path, { Host: "h".repeat(250) }));
		requests.push(() => page.send("GET", `${path}?${"q".repeat(8_000)}`, {}));
	}
	// Of a head that is too long, the board closes the connection without reading the rest: the answer may be lost.
	const sendOrBeCutOff = (send: () => Promise<PageResponse>) => send().catch(() => undefined);
	for (const send of requests) {
		await sendOrBeCutOff(send);
		await Promise.all([sendOrBeCutOff(send), sendOrBeCutOff(send)]);
		const { status } = await page.send("GET", "/", {});
		if (status !== 200) throw new Error(`the page after it: ${status}`);
	}
	return requests.length * 4;
}

/**
 * A connection for each request, one after another without a pause: in ten seconds lwIP would remember more than memory
 * has room for.
 */
export async function sendManyLocalRequests(port: number, address: string, count: number): Promise<void> {
	const page = new PageClient(port, address, false, answerGuardMs);
	for (let sent = 0; sent < count; sent++)
		expectAnswered("the page", await sendUntilAnswered(() => page.send("GET", "/", {})));
}

function expectAccepted({ status, body }: PageResponse): void {
	const { problems }: Partial<CheckResponse> = status === 200 ? JSON.parse(body) : {};
	if (problems?.length !== 0) throw new Error(`the largest settings got ${status} ${body.slice(0, 300)}`);
}

function expectAnswered(name: string, { status, body }: PageResponse): void {
	if (status < 200 || status === 500) throw new Error(`${name}: ${status} ${body.slice(0, 300)}`);
}
