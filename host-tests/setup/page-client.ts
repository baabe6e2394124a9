import { type Agent, request } from "node:http";
import type { SetupState, TestState } from "../../src/setup/api";

export interface PageResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: string;
}

/** The page's side of the conversation; without an agent, a connection for each request. */
export class PageClient {
	private readonly port: number;
	private readonly host: string;
	private readonly agent: Agent | false;
	/** Of a request, 0: none. */
	private readonly timeoutMs: number;
	private token = "";

	/**
	 * `host`: the board's own address, where the port of this computer leads there; `timeoutMs`: a guard against a board that
	 * never answers.
	 */
	constructor(port: number, host = `127.0.0.1:${port}`, agent: Agent | false = false, timeoutMs = 0) {
		this.port = port;
		this.host = host;
		this.agent = agent;
		this.timeoutMs = timeoutMs;
	}

	/** Which the board wants to hear with each POST. */
	get origin(): string {
		return `http://${this.host}`;
	}

	send(
		method: string,
		path: string,
		headers: Readonly<Record<string, string>>,
		body = "",
	): Promise<PageResponse> {
		return new Promise((resolve, reject) => {
			const asked = request(
				{
					host: "127.0.0.1",
					port: this.port,
					method,
					path,
					headers: { Host: this.host, ...headers },
					agent: this.agent,
					timeout: this.timeoutMs,
				},
				(answer) => {
					const parts: Buffer[] = [];
					answer.on("data", (part: Buffer) => parts.push(part));
					answer.on("error", reject);
					answer.on("end", () =>
						resolve({
							status: answer.statusCode ?? 0,
							headers: answer.headers,
							body: Buffer.concat(parts).toString("utf8"),
						}),
					);
				},
			);
			asked.on("timeout", () =>
				asked.destroy(new Error(`no answer to ${method} ${path} with ${body.length} bytes`)),
			);
			// As a browser does where the board has closed a connection while the request was on its way.
			asked.on("error", (error) =>
				asked.reusedSocket && "code" in error && error.code === "ECONNRESET"
					? resolve(this.send(method, path, headers, body))
					: reject(error),
			);
			asked.end(body);
		});
	}

	async get<T>(path: string): Promise<T> {
		const { status, body } = await this.ask("GET", path, {});
		if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
		return JSON.parse(body);
	}

	async state(): Promise<SetupState> {
		const state = await this.get<SetupState>("/api/state");
		this.token = state.token;
		return state;
	}

	post(path: string, body: object = {}): Promise<PageResponse> {
		const headers = { "Content-Type": "application/json", Origin: this.origin };
		return this.ask("POST", path, headers, JSON.stringify({ token: this.token, ...body }));
	}

	/** Again while the board serves another request, as the page does. */
	private async ask(...request: Parameters<PageClient["send"]>): Promise<PageResponse> {
		for (let attempt = 1; ; attempt++) {
			const answer = await this.send(...request);
			if (answer.status !== 503 || attempt === 50) return answer;
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}

	/** Tries settings out, to the end of the test; asks for its state each `pollIntervalMs`. */
	async test(settings: object, pollIntervalMs = 10): Promise<TestState> {
		const { status, body } = await this.post("/api/test", { settings });
		if (status !== 202) throw new Error(`${status} ${body}`);
		for (;;) {
			const state = await this.get<TestState>("/api/test");
			if (!state.running) return state;
			await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
		}
	}
}
