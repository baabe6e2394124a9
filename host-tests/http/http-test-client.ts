import { makeResolver } from "../../boards/node/resolver";
import { makeTCP } from "../../boards/node/tcp";
import { makeTLS } from "../../boards/node/tls";
import { VirtualTime } from "../../simulator/virtual-time";
import type { TCPConstructor } from "../../src/boards/ecma419";
import type { ExchangeResult } from "../../src/http/exchange-result";
import { HttpConnection, type HttpConnectionOptions } from "../../src/http/http-connection";
import type { Body } from "../../src/http/message-stream";
import type { HttpRequest } from "../../src/http/request";

/** What no outcome may ever show. */
export const secretKey = "dakkio_w_0123456789abcdef";

export function postRequest(text = "{}"): HttpRequest {
	return { method: "POST", path: "/api/data", headers: [["X-API-Key", secretKey]], body: textBodyOf(text) };
}

export const getRequest: HttpRequest = {
	method: "GET",
	path: "/api/list?all=1",
	headers: [["X-API-Key", secretKey]],
};

export function textBodyOf(text: string): () => Body {
	const bytes = new TextEncoder().encode(text);
	return () => {
		let at = 0;
		return {
			length: bytes.length,
			read(into) {
				const part = bytes.subarray(at, at + into.length);
				into.set(part);
				at += part.length;
				return part.length;
			},
		};
	};
}

/** A body larger than memory, and how much of it was read. */
export function endlessBody(length: number): { body: () => Body; taken: () => number } {
	let taken = 0;
	const body = () => ({
		length,
		read(into: Uint8Array) {
			taken += into.length;
			into.fill(0x78);
			return into.length;
		},
	});
	return { body, taken: () => taken };
}

/** Counts what a client has read. */
function counting(TCP: TCPConstructor, onRead: (count: number) => void): TCPConstructor {
	return class extends TCP {
		override read(buffer: Uint8Array): number {
			const count = super.read(buffer);
			onRead(count);
			return count;
		}
	};
}

/** A client on the Node board's sockets, whose time stands still until the test lets it pass. */
export class HttpTestClient {
	readonly time = new VirtualTime();
	readonly connection: HttpConnection;
	/** Sockets and lookups that are open. */
	openCount = 0;
	/** Bytes read in the clear. */
	received = 0;

	constructor(options: Partial<HttpConnectionOptions> & { port: number; roots?: readonly Uint8Array[] }) {
		const hold = () => {
			this.openCount++;
			return () => {
				this.openCount--;
			};
		};
		const { roots = [], ...rest } = options;
		const TCP = counting(makeTCP({ hold }), (count) => {
			this.received += count;
		});
		this.connection = new HttpConnection({
			network: { TCP, TLS: makeTLS({ roots, hold }), resolver: makeResolver({ hold }) },
			time: this.time,
			host: "localhost",
			secure: false,
			responseHeaders: ["retry-after", "location"],
			...rest,
		});
	}

	/** One exchange to its end; timers without delay fire. */
	async exchange(request: HttpRequest): Promise<ExchangeResult> {
		return this.settled(this.start(request));
	}

	/** An exchange over a kept connection that breaks: the request is sent again a second later. */
	async exchangeAgain(request: HttpRequest): Promise<ExchangeResult> {
		const started = this.start(request);
		await this.time.advance(20);
		while (this.openCount > 0) await this.time.advance(0);
		await this.time.advance(999);
		if (this.openCount > 0) throw new Error("the request was sent again within a second");
		await this.time.advance(1);
		return this.settled(started);
	}

	start(request: HttpRequest): PendingExchange {
		return new PendingExchange(this.connection.exchange(request));
	}

	async settled(started: PendingExchange): Promise<ExchangeResult> {
		// A close that follows an answer needs a few turns of the real event loop to be noticed.
		for (let turn = 0; turn < 10; turn++) await this.time.advance(0);
		// A kept connection is watched for a moment before it is used.
		await this.time.advance(20);
		while (!started.done) await this.time.advance(0);
		const outcome = await started.outcome;
		if (JSON.stringify(outcome).includes(secretKey)) throw new Error("the outcome shows the API key");
		return outcome;
	}

	/** Throws when something is still open or waiting after the close. */
	close(): void {
		this.connection.close();
		if (this.time.pending > 0) throw new Error(`${this.time.pending} timers are left`);
		if (this.openCount > 0) throw new Error(`${this.openCount} sockets are left open`);
	}
}

export class PendingExchange {
	readonly outcome: Promise<ExchangeResult>;
	done = false;

	constructor(outcome: Promise<ExchangeResult>) {
		this.outcome = outcome;
		outcome.then(
			() => (this.done = true),
			() => (this.done = true),
		);
	}
}
