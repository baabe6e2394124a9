import type {
	BootLog,
	CheckResponse,
	ErrorResponse,
	FieldProblem,
	MeasureState,
	ScanState,
	SetupState,
	SubmittedSettings,
	TestStarted,
	TestState,
	UpdateRequest,
	UpdateState,
} from "../src/setup/api";
import { texts } from "./texts";

/** The board refused a request. The message is a sentence. */
export class RequestRefusedError extends Error {}

/** The board did not respond to any attempt. */
export class NoResponseError extends Error {}

/** A scanning chip leaves its channel for some seconds. */
const requestTimeoutMs = 8_000;
/** Between attempts; the last one repeats. */
const retryDelaysMs = [500, 1_000, 2_000, 3_000] as const;
const busyStatus = 503;
/** Busy responses in a row before the page shows it: serving a few pages takes fewer. */
const reportedBusyResponses = 4;

/** Why there is no answer: no response, or the board is busy with other pages. */
export type ConnectionProblem = "lost" | "busy";

interface BoardResponse {
	readonly status: number;
	readonly text: string;
}

/**
 * The board's API. One request at a time, because the board is a small server; each is repeated until there is a
 * response, because phones leave the Wi-Fi for a moment and boards restart.
 */
export class BoardClient {
	readonly #onConnection: (problem: ConnectionProblem | undefined) => void;
	#token = "";
	#lastRequest: Promise<unknown> = Promise.resolve();

	constructor(onConnection: (problem: ConnectionProblem | undefined) => void) {
		this.#onConnection = onConnection;
	}

	async state(): Promise<SetupState> {
		const state: SetupState = await this.#get("/api/state");
		this.#token = state.token;
		return state;
	}

	networks(): Promise<ScanState> {
		return this.#get("/api/networks");
	}

	test(): Promise<TestState> {
		return this.#get("/api/test");
	}

	async scan(): Promise<void> {
		await this.#post("/api/scan", {});
	}

	/** `forget`: forgets missing sensors first. */
	async scanSensors(forget: boolean): Promise<void> {
		await this.#post("/api/sensors", { forget });
	}

	/** Live values, including the inputs in these settings. */
	async measure(settings: SubmittedSettings["settings"]): Promise<MeasureState> {
		return JSON.parse((await this.#post("/api/measure", { settings })).text);
	}

	log(): Promise<BootLog> {
		return this.#get("/api/log");
	}

	async check(settings: SubmittedSettings["settings"]): Promise<CheckResponse> {
		return parseCheckResponse(await this.#post("/api/check", { settings, asTested: true }));
	}

	/** Resolves with the problems, or with the number of the started test. */
	async startTest(settings: SubmittedSettings["settings"]): Promise<readonly FieldProblem[] | number> {
		const response = await this.#post("/api/test", { settings, asTested: true });
		if (response.status === 422) return parseCheckResponse(response).problems;
		const { number }: TestStarted = JSON.parse(response.text);
		return number;
	}

	/** Resolves with the problems; if there are none, the settings are saved. */
	async save(settings: SubmittedSettings["settings"]): Promise<readonly FieldProblem[]> {
		return parseCheckResponse(await this.#post("/api/save", { settings, asTested: true })).problems;
	}

	/** The text of the settings file. */
	async export(secrets: boolean): Promise<string> {
		return (await this.#post("/api/export", { secrets })).text;
	}

	/** One step of an update. */
	async update(step: Omit<UpdateRequest, "token">): Promise<UpdateState> {
		return JSON.parse((await this.#post("/api/update", step)).text);
	}

	/** A board that does not respond has restarted with the update. */
	async updateState(): Promise<UpdateState> {
		try {
			return JSON.parse((await this.#enqueue(() => this.#sendWithRetries("/api/update", {}, 2))).text);
		} catch (error) {
			if (error instanceof NoResponseError) return { phase: "installed" };
			throw error;
		}
	}

	pause(milliseconds: number): Promise<void> {
		return delay(milliseconds);
	}

	/** Like the next two, rejects with {@link NoResponseError} if the board leaves before it responds. */
	async finish(): Promise<void> {
		await this.#post("/api/finish", {}, 2);
	}

	async restart(): Promise<void> {
		await this.#post("/api/restart", {}, 2);
	}

	/** `name`: of the board, as typed. */
	async factoryReset(name: string): Promise<void> {
		await this.#post("/api/reset", { name }, 2);
	}

	async #get<T>(path: string): Promise<T> {
		const response = await this.#enqueue(() => this.#sendWithRetries(path, {}));
		if (response.status !== 200) throw toRefusedError(response);
		return JSON.parse(response.text);
	}

	async #post(path: string, body: object, attempts?: number): Promise<BoardResponse> {
		const send = () =>
			this.#enqueue(() =>
				this.#sendWithRetries(
					path,
					{
						method: "POST",
						headers: { "Content-Type": "application/json" },
						body: JSON.stringify({ ...body, token: this.#token }),
					},
					attempts,
				),
			);
		let response = await send();
		if (response.status === 403) {
			// After a restart the board has another token.
			await this.state();
			response = await send();
		}
		if (response.status >= 400 && response.status !== 422) throw toRefusedError(response);
		return response;
	}

	#enqueue<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#lastRequest.then(work);
		this.#lastRequest = done.catch(() => {});
		return done;
	}

	/** `attempts`: without a response; busy responses do not count. */
	async #sendWithRetries(
		path: string,
		request: RequestInit,
		attempts = Number.POSITIVE_INFINITY,
	): Promise<BoardResponse> {
		for (let sent = 0, failures = 0, busy = 0; failures < attempts; sent++) {
			if (sent > 0) await delay(retryDelaysMs[Math.min(sent, retryDelaysMs.length) - 1]);
			const response = await fetchOnce(path, request);
			if (response === undefined) failures++;
			busy = response?.status === busyStatus ? busy + 1 : 0;
			if (failures < attempts) this.#onConnection(connectionProblem(response, busy));
			if (response !== undefined && busy === 0) return response;
		}
		throw new NoResponseError(path);
	}
}

function parseCheckResponse({ text }: BoardResponse): CheckResponse {
	const { problems = [], warnings = [] }: Partial<CheckResponse> = text === "" ? {} : JSON.parse(text);
	return { problems, warnings };
}

/** `busy`: busy responses in a row. */
function connectionProblem(response: BoardResponse | undefined, busy: number): ConnectionProblem | undefined {
	if (response === undefined) return "lost";
	return busy >= reportedBusyResponses ? "busy" : undefined;
}

/** `undefined`: no response, or an incomplete one. */
async function fetchOnce(path: string, request: RequestInit): Promise<BoardResponse | undefined> {
	const aborter = new AbortController();
	const timer = setTimeout(() => aborter.abort(), requestTimeoutMs);
	try {
		const response = await fetch(path, { ...request, cache: "no-store", signal: aborter.signal });
		return { status: response.status, text: await response.text() };
	} catch {
		return undefined;
	} finally {
		clearTimeout(timer);
	}
}

function toRefusedError({ status, text }: BoardResponse): RequestRefusedError {
	if (status === 413) return new RequestRefusedError(texts.tooLarge);
	try {
		const { error }: Partial<ErrorResponse> = JSON.parse(text);
		if (typeof error === "string" && error !== "") return new RequestRefusedError(error);
	} catch {
		// Not JSON: not from the board.
	}
	return new RequestRefusedError(texts.refused(status));
}

export function delay(ms = 0): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A refused poll is repeated; other errors are bugs. */
function ignoreRefusal(error: unknown): void {
	if (!(error instanceof RequestRefusedError)) throw error;
}

/** Repeats `work` with pauses while the page is visible; returns a function that ends it. */
export function poll(work: () => Promise<void>, pauseMs: number): () => void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let ended = false;
	const next = async () => {
		if (document.visibilityState === "visible") await work().catch(ignoreRefusal);
		if (!ended) timer = setTimeout(next, pauseMs);
	};
	void next();
	return () => {
		ended = true;
		clearTimeout(timer);
	};
}
