import type { CheckResponse, FieldProblem } from "../src/setup/api";
import type { BoardClient } from "./board-client";
import type { FormField } from "./form-field";

/** A shown problem is checked again after this pause in typing. */
const typingDelayMs = 600;

type Values = Readonly<Record<string, unknown>>;

/** All fields of the page, and their problems as the board reports them. */
export class SettingsForm {
	readonly #client: BoardClient;
	readonly #onProblemsChange: () => void;
	readonly #fields = new Map<string, FormField>();
	/** Keys of the fields whose problems are shown: those that the user edited. */
	readonly #touchedKeys = new Set<string>();
	#typingTimer: ReturnType<typeof setTimeout> | undefined;
	#checkCount = 0;

	constructor(client: BoardClient, onProblemsChange: () => void) {
		this.#client = client;
		this.#onProblemsChange = onProblemsChange;
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

	/** For the board. A secret that was not typed is omitted, so the board keeps its own. */
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

	/** Treats written values as typed ones. */
	markTouched(keys: readonly string[]): void {
		for (const key of keys) this.#touchedKeys.add(key);
	}

	/** Checks all values on the board, and shows the problems of touched fields. */
	async check(): Promise<void> {
		this.#checkCount++;
		const turn = this.#checkCount;
		const findings = await this.#client.check(this.values());
		if (turn === this.#checkCount) this.#showProblems(findings);
	}

	/** The same for all fields of a part of the page, touched or not, and for missing values there. */
	async checkPart(part: HTMLElement): Promise<void> {
		const fields = [...this.#fields.values()].filter(({ element }) => part.contains(element));
		for (const { key } of fields) this.#touchedKeys.add(key);
		this.#checkCount++;
		const { problems, warnings } = await this.#client.check(this.values());
		const missing = fields.flatMap((field) => field.missing());
		this.#showProblems({ problems: [...missing, ...problems], warnings });
	}

	/** Problems of missing values; `keys`: only of these settings. */
	missing(keys: readonly string[] = [...this.#fields.keys()]): readonly FieldProblem[] {
		return keys.flatMap((key) => this.#fields.get(key)?.missing() ?? []);
	}

	/** Shows all problems, also of untouched fields. */
	showAll(problems: readonly FieldProblem[]): void {
		for (const { key } of problems) this.#touchedKeys.add(rootKey(key));
		this.#showProblems({ problems, warnings: [] });
	}

	/** The first field with a problem. */
	firstInvalid(part: HTMLElement = document.body): FormField | undefined {
		return [...this.#fields.values()].find(({ element }) => part.contains(element) && isInvalid(element));
	}

	/** Whether a part of the page has no problems and no missing values. */
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
export function rootKey(key: string): string {
	return key.split(".", 1)[0] ?? key;
}
