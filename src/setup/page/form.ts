import type { CheckAnswer, FieldProblem } from "../api";
import type { Client } from "./client";
import type { Field } from "./field";

/** A moment without typing after which a problem is looked at again, milliseconds. */
const typingPause = 600;

type Values = Readonly<Record<string, unknown>>;

/** All fields of the page, and what the board says of them. */
export class Form {
	readonly #client: Client;
	readonly #onShown: () => void;
	readonly #fields = new Map<string, Field>();
	/** Keys of the fields whose problems are shown. */
	readonly #shown = new Set<string>();
	#typing: ReturnType<typeof setTimeout> | undefined;
	#checks = 0;

	/** `onShown`: the problems that are shown may have become others. */
	constructor(client: Client, onShown: () => void) {
		this.#client = client;
		this.#onShown = onShown;
	}

	add(field: Field): HTMLElement {
		this.#fields.set(field.key, field);
		field.element.addEventListener("change", () => {
			this.#shown.add(field.key);
			void this.check();
		});
		field.element.addEventListener("input", () => {
			clearTimeout(this.#typing);
			if (field.element.querySelector("[aria-invalid]") !== null)
				this.#typing = setTimeout(() => void this.check(), typingPause);
		});
		return field.element;
	}

	field(key: string): Field | undefined {
		return this.#fields.get(key);
	}

	/** What the board is given: a secret that was not typed is left out, and it keeps what it has. */
	given(): Values {
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
	touch(keys: readonly string[]): void {
		for (const key of keys) this.#shown.add(key);
	}

	/** Asks the board about all, and shows what is wrong with the fields that were touched. */
	async check(): Promise<void> {
		this.#checks++;
		const turn = this.#checks;
		const findings = await this.#client.check(this.given());
		if (turn === this.#checks) this.#show(findings);
	}

	/** The same for the fields of a part of the page, touched or not, and with what is missing there. */
	async checkPart(part: HTMLElement): Promise<void> {
		const fields = [...this.#fields.values()].filter(({ element }) => part.contains(element));
		for (const { key } of fields) this.#shown.add(key);
		this.#checks++;
		const { problems, warnings } = await this.#client.check(this.given());
		const missing = fields.flatMap((field) => field.missing());
		this.#show({ problems: [...missing, ...problems], warnings });
	}

	/** What must be there before anything can be sent, and is not; `keys`: of these settings alone. */
	missing(keys: readonly string[] = [...this.#fields.keys()]): readonly FieldProblem[] {
		return keys.flatMap((key) => this.#fields.get(key)?.missing() ?? []);
	}

	/** Shows all problems, wherever they are. */
	showAll(problems: readonly FieldProblem[]): void {
		for (const { key } of problems) this.#shown.add(rootOf(key));
		this.#show({ problems, warnings: [] });
	}

	/** The first field that shows a problem. */
	firstWrong(part: HTMLElement = document.body): Field | undefined {
		return [...this.#fields.values()].find(({ element }) => part.contains(element) && isWrong(element));
	}

	/** Whether a part of the page is as it must be. */
	isWhole(part: HTMLElement): boolean {
		const fields = [...this.#fields.values()].filter(({ element }) => part.contains(element));
		return fields.every((field) => field.missing().length === 0 && !isWrong(field.element));
	}

	#show({ problems, warnings }: CheckAnswer): void {
		for (const [key, field] of this.#fields) {
			if (!this.#shown.has(key)) continue;
			const own = ({ key: at }: FieldProblem) => rootOf(at) === key;
			field.show(problems.filter(own), warnings.filter(own));
		}
		this.#onShown();
	}
}

function isWrong(element: HTMLElement): boolean {
	return element.matches("[aria-invalid]") || element.querySelector("[aria-invalid]") !== null;
}

/** Of `networks.1.password`: `networks`. */
function rootOf(key: string): string {
	return key.split(".", 1)[0] ?? key;
}
