import { Agent, request } from "node:https";
import type { DakkioServer } from "../../simulator/dakkio/server";

export interface ApiClientResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
	readonly text: string;
	/** The body as JSON. */
	json(): unknown;
}

export interface ApiClientRequest {
	readonly method?: string;
	readonly key?: string | undefined;
	readonly type?: string | undefined;
	/** Text is sent as it is, everything else as JSON. */
	readonly body?: unknown;
}

/** A client with one persistent connection that trusts only the server's root. */
export class ApiClient {
	private readonly server: DakkioServer;
	private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

	constructor(server: DakkioServer) {
		this.server = server;
	}

	send(
		path: string,
		{ method = "POST", key, type = "application/json", body }: ApiClientRequest = {},
	): Promise<ApiClientResponse> {
		return new Promise((resolve, reject) => {
			const outgoing = request(
				{
					host: "localhost",
					family: 4,
					port: this.server.port,
					path,
					method,
					agent: this.agent,
					ca: this.server.certificates.root.pem,
					headers: {
						...(key === undefined ? {} : { "X-API-Key": key }),
						...(body === undefined || type === "" ? {} : { "Content-Type": type }),
					},
				},
				(incoming) => {
					const parts: Buffer[] = [];
					incoming.on("data", (part: Buffer) => parts.push(part));
					incoming.on("error", reject);
					incoming.on("end", () => {
						const text = Buffer.concat(parts).toString();
						const { statusCode: status = 0, headers } = incoming;
						resolve({ status, headers, text, json: () => JSON.parse(text) });
					});
				},
			);
			outgoing.on("error", reject);
			outgoing.end(typeof body === "string" || body === undefined ? body : JSON.stringify(body));
		});
	}

	/** A valid point. */
	post(values: unknown = { temperature: 22.48 }, more: object = {}): Promise<ApiClientResponse> {
		const { key, bucketId, dataSourceId } = this.server.credentials;
		return this.send("/api/data", { key, body: { bucketId, dataSourceId, values, ...more } });
	}

	close(): void {
		this.agent.destroy();
	}
}
