import type {
	CheckResponse,
	ErrorResponse,
	FieldProblem,
	ScanState,
	SetupState,
	SubmittedSettings,
	TestStarted,
	TestState,
} from "../src/setup/api";
import { texts } from "./texts";

/** The board answered, but would not do it; the message is a sentence. */
export class RequestRefusedError extends Error {}

/** The board did not answer as often as was asked for. */
export class NoResponseError extends Error {}

/** How long an answer may take, milliseconds: a chip that scans leaves its channel for some seconds. */
const requestTimeoutMs = 8_000;
/** Between two attempts. */
const retryDelaysMs = [500, 1_000, 2_000, 3_000] as const;

interface BoardResponse {
	readonly status: number;
	readonly text: string;
}

/**
 * Talks with the board: one request at a time, because it is a small server, and each again until it is answered,
 * because a phone leaves its Wi-Fi for a moment and a board restarts.
 */
export class BoardClient {
	readonly #onConnection: (lost: boolean) => void;
	#token = "";
	#lastRequest: Promise<unknown> = Promise.resolve();

	constructor(onConnection: (lost: boolean) => void) {
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

	/** `forget`: those that are missing, first. */
	async scanSensors(forget: boolean): Promise<void> {
		await this.#post("/api/sensors", { forget });
	}

	async check(settings: SubmittedSettings["settings"]): Promise<CheckResponse> {
		return parseCheckResponse(await this.#post("/api/check", { settings, asTested: true }));
	}

	/** Resolves with what is wrong, or with the number of the test that has begun. */
	async startTest(settings: SubmittedSettings["settings"]): Promise<readonly FieldProblem[] | number> {
		const answer = await this.#post("/api/test", { settings, asTested: true });
		if (answer.status === 422) return parseCheckResponse(answer).problems;
		const { number }: TestStarted = JSON.parse(answer.text);
		return number;
	}

	/** Resolves with what is wrong; with nothing, they are saved. */
	async save(settings: SubmittedSettings["settings"]): Promise<readonly FieldProblem[]> {
		return parseCheckResponse(await this.#post("/api/save", { settings, asTested: true })).problems;
	}

	/** The text of the settings file. */
	async export(secrets: boolean): Promise<string> {
		return (await this.#post("/api/export", { secrets })).text;
	}

	/** Rejects with an {@link NoResponseError} when the board left before it could answer. */
	async finish(): Promise<void> {
		await this.#post("/api/finish", {}, 2);
	}

	async #get<T>(path: string): Promise<T> {
		const answer = await this.#enqueue(() => this.#sendWithRetries(path, {}));
		if (answer.status !== 200) throw toRefusedError(answer);
		return JSON.parse(answer.text);
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
		let answer = await send();
		if (answer.status === 403) {
			// The board has started anew since, and has another token.
			await this.state();
			answer = await send();
		}
		if (answer.status >= 400 && answer.status !== 422) throw toRefusedError(answer);
		return answer;
	}

	#enqueue<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#lastRequest.then(work);
		this.#lastRequest = done.catch(() => {});
		return done;
	}

	async #sendWithRetries(
		path: string,
		request: RequestInit,
		attempts = Number.POSITIVE_INFINITY,
	): Promise<BoardResponse> {
		for (let attempt = 0; attempt < attempts; attempt++) {
			if (attempt > 0) await delay(retryDelaysMs[Math.min(attempt, retryDelaysMs.length) - 1]);
			const answer = await fetchOnce(path, request);
			if (attempt + 1 < attempts || answer !== undefined) this.#onConnection(answer === undefined);
			if (answer !== undefined) return answer;
		}
		throw new NoResponseError(path);
	}
}

function parseCheckResponse({ text }: BoardResponse): CheckResponse {
	const { problems = [], warnings = [] }: Partial<CheckResponse> = text === "" ? {} : JSON.parse(text);
	return { problems, warnings };
}

/** `undefined`: no answer, or half of one. */
async function fetchOnce(path: string, request: RequestInit): Promise<BoardResponse | undefined> {
	const ending = new AbortController();
	const timer = setTimeout(() => ending.abort(), requestTimeoutMs);
	try {
		const response = await fetch(path, { ...request, cache: "no-store", signal: ending.signal });
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
		// Not from the board.
	}
	return new RequestRefusedError(texts.refused(status));
}

export function delay(milliseconds = 0): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A refused question is asked again later; anything else is a mistake of the page. */
function ignoreRefusal(error: unknown): void {
	if (!(error instanceof RequestRefusedError)) throw error;
}

/** Does something again and again, one after the other and only while the page is seen; returns what ends it. */
export function poll(work: () => Promise<void>, milliseconds: number): () => void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let ended = false;
	const next = async () => {
		if (document.visibilityState === "visible") await work().catch(ignoreRefusal);
		if (!ended) timer = setTimeout(next, milliseconds);
	};
	void next();
	return () => {
		ended = true;
		clearTimeout(timer);
	};
}
