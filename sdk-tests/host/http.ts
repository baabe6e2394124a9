import { type ConnectionScript, RawServer } from "../../host-tests/http/raw-server";
import type { HttpCase } from "../test-plan";

interface Misbehaviour {
	readonly name: string;
	readonly script: ConnectionScript;
	/** The outcome of each exchange over the connection. */
	readonly expected: string;
	readonly exchanges?: number;
	readonly length?: number;
}

const created = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";

const misbehaviours: readonly Misbehaviour[] = [
	{
		name: "a correct server, three times over one connection",
		script: async (peer) => {
			for (;;) {
				await peer.request();
				peer.send(created);
			}
		},
		exchanges: 3,
		expected: "201 · 201 · 201",
	},
	{
		name: "a response before the body was read, then closed",
		script: async (peer) => {
			await peer.until("\r\n\r\n");
			peer.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
			peer.close();
		},
		length: 300_000,
		expected: "413",
	},
	{
		name: "100 and 103 before the response",
		script: async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
			peer.send(created);
		},
		expected: "201",
	},
	{
		name: "204, and another request over the same connection",
		script: async (peer) => {
			for (;;) {
				await peer.request();
				peer.send("HTTP/1.1 204 No Content\r\n\r\n");
			}
		},
		exchanges: 2,
		expected: "204 · 204",
	},
	{
		name: "closed before the response",
		script: async (peer) => {
			await peer.request();
			peer.close();
		},
		expected: "receive, sent",
	},
	{
		name: "reset during the request",
		script: async (peer) => {
			await peer.until("\r\n\r\n");
			await peer.take(1000);
			peer.reset();
		},
		length: 3_000_000,
		expected: "send",
	},
	{
		name: "reset during the response",
		script: async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 20");
			await peer.flushed();
			peer.reset();
		},
		expected: "receive, sent",
	},
	{
		name: "silent after the request",
		script: async (peer) => {
			await peer.request();
		},
		expected: "receive, sent",
	},
	{
		name: "closed between two exchanges",
		script: async (peer) => {
			await peer.request();
			peer.send(created);
			peer.close();
		},
		exchanges: 2,
		expected: "201 · 201",
	},
	{
		name: "a chunked response",
		script: async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n");
		},
		expected: "201",
	},
	{
		name: "a response that ends with the connection",
		script: async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 201 Created\r\n\r\n{}");
			peer.close();
		},
		expected: "201",
	},
	{
		name: "a response that is shorter than its length",
		script: async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{}");
			peer.close();
		},
		expected: "201, truncated",
	},
	{
		name: "a header of 64 KB",
		script: async (peer) => {
			await peer.request();
			peer.send(`HTTP/1.1 201 Created\r\nX: ${"x".repeat(65_536)}\r\nContent-Length: 0\r\n\r\n`);
		},
		expected: "201, truncated",
	},
	{
		name: "a response that is not HTTP",
		script: async (peer) => {
			await peer.request();
			peer.send("SSH-2.0-OpenSSH_9.2\r\n");
		},
		expected: "receive, sent",
	},
];

/** The faulty servers. */
export class HttpTable {
	readonly cases: (HttpCase & { readonly expected: string })[] = [];
	private readonly servers: RawServer[] = [];

	static async start(): Promise<HttpTable> {
		const table = new HttpTable();
		for (const { name, script, expected, exchanges = 1, length: bodyBytes = 2000 } of misbehaviours) {
			const server = await RawServer.start(script);
			table.servers.push(server);
			table.cases.push({ name, port: server.port, exchanges, bodyBytes, expected });
		}
		return table;
	}

	async close(): Promise<void> {
		for (const server of this.servers) await server.stop();
	}
}
