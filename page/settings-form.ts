import type { CheckResponse, FieldProblem } from "../src/setup/api";
import type { BoardClient } from "./board-client";
import type { FormField } from "./form-field";

/** A moment without typing after which a problem is looked at again, milliseconds. */
const typingDelayMs = 600;

type Values = Readonly<Record<string, unknown>>;

/** All fields of the page, and what the board says of them. */
export class SettingsForm {
	readonly #client: BoardClient;
	readonly #onProblemsChange: () => void;
	readonly #fields = new Map<string, FormField>();
	/** Keys of the fields whose problems are shown. */
	readonly #touchedKeys = new Set<string>();
	#typingTimer: ReturnType<typeof setTimeout> | undefined;
	#checkCount = 0;

	/** `onShown`: the problems that are shown may have become others. */
	constructor(client: BoardClient, onShown: () => void) {
		this.#client = client;
		this.#onProblemsChange = onShown;
	}

	add(field: FormField): HTMLElement {
		this.#fields.set(field.key, field);
		field.element.addEventListener("change", () => {
			this.#touchedKeys.add(field.key);
			void this.check();
		});
		field.element.addEventListener("input", () => {
			clearTimeout(this.#typingTimer);
			if (field.element.querySelector("[aria-invalid]") !== null)
				this.#typingTimer = setTimeout(() => void this.check(), typingDelayMs);
		});
		return field.element;
	}

	field(key: string): FormField | undefined {
		return this.#fields.get(key);
	}

	/** What the board is given: a secret that was not typed is left out, and it keeps what it has. */
	values(): Values {
		const values: Record<string, unknown> = {};
		for (const [key, field] of this.#fields) {
			const value = field.read();
			if (value !== undefined) values[key] = value;
		}
		return values;
	}

	write(values: Values): void {
		for (const [key, field] of this.#fields) if (key in values) field.write(values[key]);
	}

	/** What was written into these fields is to be looked at as if it had been typed. */
	markTouched(keys: readonly string[]): void {
		for (const key of keys) this.#touchedKeys.add(key);
	}

	/** Asks the board about all, and shows what is wrong with the fields that were touched. */
	async check(): Promise<void> {
		this.#checkCount++;
		const turn = this.#checkCount;
		const findings = await this.#client.check(this.values());
		if (turn === this.#checkCount) this.#showProblems(findings);
	}

	/** The same for the fields of a part of the page, touched or not, and with what is missing there. */
	async checkPart(part: HTMLElement): Promise<void> {
		const fields = [...this.#fields.values()].filter(({ element }) => part.contains(element));
		for (const { key } of fields) this.#touchedKeys.add(key);
		this.#checkCount++;
		const { problems, warnings } = await this.#client.check(this.values());
		const missing = fields.flatMap((field) => field.missing());
		this.#showProblems({ problems: [...missing, ...problems], warnings });
	}

	/** What must be there before anything can be sent, and is not; `keys`: of these settings alone. */
	missing(keys: readonly string[] = [...this.#fields.keys()]): readonly FieldProblem[] {
		return keys.flatMap((key) => this.#fields.get(key)?.missing() ?? []);
	}

	/** Shows all problems, wherever they are. */
	showAll(problems: readonly FieldProblem[]): void {
		for (const { key } of problems) this.#touchedKeys.add(rootKey(key));
		this.#showProblems({ problems, warnings: [] });
	}

	/** The first field that shows a problem. */
	firstInvalid(part: HTMLElement = document.body): FormField | undefined {
		return [...this.#fields.values()].find(({ element }) => part.contains(element) && isInvalid(element));
	}

	/** Whether a part of the page is as it must be. */
	isComplete(part: HTMLElement): boolean {
		const fields = [...this.#fields.values()].filter(({ element }) => part.contains(element));
		return fields.every((field) => field.missing().length === 0 && !isInvalid(field.element));
	}

	#showProblems({ problems, warnings }: CheckResponse): void {
		for (const [key, field] of this.#fields) {
			if (!this.#touchedKeys.has(key)) continue;
			const own = ({ key: at }: FieldProblem) => rootKey(at) === key;
			field.show(problems.filter(own), warnings.filter(own));
		}
		this.#onProblemsChange();
	}
}

function isInvalid(element: HTMLElement): boolean {
	return element.matches("[aria-invalid]") || element.querySelector("[aria-invalid]") !== null;
}

/** Of `networks.1.password`: `networks`. */
function rootKey(key: string): string {
	return key.split(".", 1)[0] ?? key;
}
