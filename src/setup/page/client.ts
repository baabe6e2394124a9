import type {
	CheckAnswer,
	FieldProblem,
	GivenSettings,
	Refusal,
	ScanState,
	SetupState,
	TestBegun,
	TestState,
} from "../api";
import { texts } from "./texts";

/** The board answered, but would not do it; the message is a sentence. */
export class RefusedError extends Error {}

/** The board did not answer as often as was asked for. */
export class UnheardError extends Error {}

/** How long an answer may take, milliseconds: a chip that scans leaves its channel for some seconds. */
const patience = 8_000;
/** Between two attempts. */
const pauses = [500, 1_000, 2_000, 3_000] as const;

interface Answer {
	readonly status: number;
	readonly text: string;
}

/**
 * Talks with the board: one request at a time, because it is a small server, and each again until it is answered,
 * because a phone leaves its Wi-Fi for a moment and a board restarts.
 */
export class Client {
	readonly #onConnection: (lost: boolean) => void;
	#token = "";
	#last: Promise<unknown> = Promise.resolve();

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
	async lookForSensors(forget: boolean): Promise<void> {
		await this.#post("/api/sensors", { forget });
	}

	async check(settings: GivenSettings["settings"]): Promise<CheckAnswer> {
		return findings(await this.#post("/api/check", { settings, asTested: true }));
	}

	/** Resolves with what is wrong, or with the number of the test that has begun. */
	async startTest(settings: GivenSettings["settings"]): Promise<readonly FieldProblem[] | number> {
		const answer = await this.#post("/api/test", { settings, asTested: true });
		if (answer.status === 422) return findings(answer).problems;
		const { number }: TestBegun = JSON.parse(answer.text);
		return number;
	}

	/** Resolves with what is wrong; with nothing, they are saved. */
	async save(settings: GivenSettings["settings"]): Promise<readonly FieldProblem[]> {
		return findings(await this.#post("/api/save", { settings, asTested: true })).problems;
	}

	/** The text of the settings file. */
	async export(secrets: boolean): Promise<string> {
		return (await this.#post("/api/export", { secrets })).text;
	}

	/** Rejects with an {@link UnheardError} when the board left before it could answer. */
	async finish(): Promise<void> {
		await this.#post("/api/finish", {}, 2);
	}

	async #get<T>(path: string): Promise<T> {
		const answer = await this.#inTurn(() => this.#untilAnswered(path, {}));
		if (answer.status !== 200) throw refusal(answer);
		return JSON.parse(answer.text);
	}

	async #post(path: string, body: object, attempts?: number): Promise<Answer> {
		const send = () =>
			this.#inTurn(() =>
				this.#untilAnswered(
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
		if (answer.status >= 400 && answer.status !== 422) throw refusal(answer);
		return answer;
	}

	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#last.then(work);
		this.#last = done.catch(() => {});
		return done;
	}

	async #untilAnswered(
		path: string,
		request: RequestInit,
		attempts = Number.POSITIVE_INFINITY,
	): Promise<Answer> {
		for (let attempt = 0; attempt < attempts; attempt++) {
			if (attempt > 0) await pause(pauses[Math.min(attempt, pauses.length) - 1]);
			const answer = await ask(path, request);
			if (attempt + 1 < attempts || answer !== undefined) this.#onConnection(answer === undefined);
			if (answer !== undefined) return answer;
		}
		throw new UnheardError(path);
	}
}

function findings({ text }: Answer): CheckAnswer {
	const { problems = [], warnings = [] }: Partial<CheckAnswer> = text === "" ? {} : JSON.parse(text);
	return { problems, warnings };
}

/** `undefined`: no answer, or half of one. */
async function ask(path: string, request: RequestInit): Promise<Answer | undefined> {
	const ending = new AbortController();
	const timer = setTimeout(() => ending.abort(), patience);
	try {
		const response = await fetch(path, { ...request, cache: "no-store", signal: ending.signal });
		return { status: response.status, text: await response.text() };
	} catch {
		return undefined;
	} finally {
		clearTimeout(timer);
	}
}

function refusal({ status, text }: Answer): RefusedError {
	if (status === 413) return new RefusedError(texts.tooLarge);
	try {
		const { error }: Partial<Refusal> = JSON.parse(text);
		if (typeof error === "string" && error !== "") return new RefusedError(error);
	} catch {
		// Not from the board.
	}
	return new RefusedError(texts.refused(status));
}

export function pause(milliseconds = 0): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A refused question is asked again later; anything else is a mistake of the page. */
function passOver(error: unknown): void {
	if (!(error instanceof RefusedError)) throw error;
}

/** Does something again and again, one after the other and only while the page is seen; returns what ends it. */
export function repeat(work: () => Promise<void>, milliseconds: number): () => void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let ended = false;
	const next = async () => {
		if (document.visibilityState === "visible") await work().catch(passOver);
		if (!ended) timer = setTimeout(next, milliseconds);
	};
	void next();
	return () => {
		ended = true;
		clearTimeout(timer);
	};
}
