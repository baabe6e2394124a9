import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { ServerIdentity } from "../../simulator/dakkio/certificates";

/** Answers a request itself; false: the server does. */
export type Fault = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

/** A web server with files, which answers ranges as RFC 9110 says, unless a fault says otherwise. */
export class RangeServer {
	readonly files = new Map<string, Uint8Array>();
	/** The requests so far: path, and range if there is one. */
	readonly requests: string[] = [];
	/** Their headers, raw. */
	readonly headers: string[][] = [];
	fault: Fault = () => false;
	etag = '"1"';
	private readonly server: Server;

	private constructor(identity: ServerIdentity) {
		this.server = createServer({ key: identity.key, cert: identity.chain }, (request, response) => {
			const { url = "", headers } = request;
			this.requests.push([url, headers.range].filter(Boolean).join(" "));
			this.headers.push(request.rawHeaders);
			if (!this.fault(request, response, this.requests.length)) this.respond(request, response);
		});
		this.server.keepAliveTimeout = 60_000;
	}

	static async start(identity: ServerIdentity): Promise<RangeServer> {
		const server = new RangeServer(identity);
		server.server.listen(0, "127.0.0.1");
		await once(server.server, "listening");
		return server;
	}

	get port(): number {
		return (this.server.address() as AddressInfo).port;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, "close");
	}

	respond({ url = "", headers }: IncomingMessage, response: ServerResponse): void {
		const file = this.files.get(url);
		if (file === undefined) {
			response.writeHead(404).end("no such file");
			return;
		}
		const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
		if (first === undefined) {
			response.writeHead(200, { "Content-Length": file.length }).end(file);
			return;
		}
		if (Number(first) >= file.length) {
			response.writeHead(416, { "Content-Range": `bytes */${file.length}`, "Content-Length": 0 }).end();
			return;
		}
		const end = Math.min(Number(last), file.length - 1);
		response.writeHead(206, {
			"Content-Range": `bytes ${first}-${end}/${file.length}`,
			"Content-Length": end + 1 - Number(first),
			ETag: this.etag,
		});
		response.end(file.subarray(Number(first), end + 1));
	}
}
