import type { TestState, TestStep } from "../api";
import { type Client, repeat } from "./client";
import { aside, button, element, fill, icon, icons } from "./dom";
import type { Form } from "./form";
import { texts } from "./texts";

const words = texts.test;

/** Between two looks at a test that runs, milliseconds. */
const lookEvery = 700;

/** The setting that mends what a step found. */
const mends: Readonly<Partial<Record<TestStep, string>>> = {
	join: "networks",
	name: "server",
	time: "ntpServers",
	certificate: "rootCertificate",
	key: "key",
	source: "dataSourceId",
};

interface TestingOptions {
	readonly client: Client;
	readonly form: Form;
	announce(text: string): void;
	/** To a setting, wherever it is on the page. */
	goTo(key: string): void;
	/** Begins a test with what the form has; resolves with whether it has begun. */
	begin(): Promise<boolean>;
	save(): Promise<void>;
}

/** The test, as the board goes through it, and what follows from it: saving. */
export class TestPart {
	readonly elements: readonly HTMLElement[];
	readonly #options: TestingOptions;
	readonly #list = element("ol", { class: "test" });
	readonly #verdict = element("p", { class: "verdict", hidden: true });
	readonly #start: HTMLButtonElement;
	readonly #save: HTMLButtonElement;
	readonly #saveHelp = element("p", { class: "help", hidden: true }, words.anywayHelp);
	#state: TestState | undefined;
	/** What was tested, to tell whether it was changed since. */
	#tested = "";
	#announced = "";
	#drawn = "";
	#end: (() => void) | undefined;

	constructor(options: TestingOptions) {
		this.#options = options;
		this.#start = button(words.start, () => void this.#run(), { class: "wide" });
		this.#save = button(words.saveUntested, () => void this.#keep(), { class: "wide" });
		this.elements = [
			element("p", { class: "lead" }, words.lead),
			element("p", { class: "help" }, words.channel),
			this.#list,
			this.#verdict,
			this.#start,
			this.#save,
			this.#saveHelp,
		];
		this.refresh();
	}

	/** What the last test found, for the end of the setup. */
	found(step: TestStep): string | undefined {
		return this.passed ? this.#state?.steps.find((one) => one.step === step)?.text : undefined;
	}

	/** All went well, with these settings. */
	get passed(): boolean {
		return this.#state?.passed === true && !this.#changed;
	}

	/** A test that was begun before this page was loaded goes on. */
	resume(state: TestState): boolean {
		const begun = state.running || state.steps.some((step) => step.state !== "waiting");
		if (!begun) return false;
		this.#tested = this.#now;
		this.#state = state;
		this.refresh();
		if (state.running) this.#follow();
		return true;
	}

	/** The settings may have been changed. */
	refresh(): void {
		const state = this.#state;
		const running = state?.running === true;
		this.#drawSteps();
		const failed = state?.steps.some((step) => step.state === "failed") === true;
		this.#tell(failed);
		this.#start.disabled = running;
		this.#start.textContent = running ? words.running : state === undefined ? words.start : words.again;
		this.#save.disabled = running;
		this.#save.textContent = this.passed ? words.save : failed ? words.saveAnyway : words.saveUntested;
		this.#saveHelp.hidden = this.passed || running;
		this.#save.classList.toggle("primary", this.passed);
		this.#start.classList.toggle("primary", !this.passed);
	}

	get #now(): string {
		return JSON.stringify(this.#options.form.given());
	}

	get #changed(): boolean {
		return this.#now !== this.#tested;
	}

	#tell(failed: boolean): void {
		const state = this.#state;
		const text =
			state === undefined || state.running
				? ""
				: this.#changed
					? words.changed
					: state.passed
						? words.passed
						: failed
							? words.failed
							: words.interrupted;
		this.#verdict.hidden = text === "";
		this.#verdict.className = this.passed ? "verdict good" : "verdict";
		fill(this.#verdict, icon(this.passed ? icons.check : icons.warning), element("span", {}, text));
	}

	async #run(): Promise<void> {
		const { begin, announce } = this.#options;
		this.#start.disabled = true;
		this.#save.disabled = true;
		try {
			const tested = this.#now;
			if (!(await begin())) return;
			this.#tested = tested;
			this.#state = { running: true, passed: false, steps: [] };
			announce(words.running);
			this.#follow();
		} finally {
			this.refresh();
		}
	}

	#follow(): void {
		const { client, form } = this.#options;
		this.#end?.();
		const end = repeat(async () => {
			const state = await client.test();
			if (state.dataSourceId !== undefined && form.given().dataSourceId !== state.dataSourceId) {
				// Made by the test, and tested with it.
				form.write({ dataSourceId: state.dataSourceId });
				this.#tested = this.#now;
			}
			this.#state = state;
			this.#announce();
			this.refresh();
			if (!state.running) end();
		}, lookEvery);
		this.#end = end;
	}

	/** Each step's end once, and at last the verdict. */
	#announce(): void {
		const { steps = [], running, passed } = this.#state ?? { running: false, passed: false };
		const last = [...steps].reverse().find(({ state }) => state === "done" || state === "failed");
		const parts = last === undefined ? [] : [stepLine(last)];
		if (!running)
			parts.push(passed ? words.passed : last?.state === "failed" ? words.failed : words.interrupted);
		const text = parts.join(" ");
		if (text === this.#announced) return;
		this.#announced = text;
		this.#options.announce(text);
	}

	#drawSteps(): void {
		const { goTo, form } = this.#options;
		// Nothing is drawn anew under somebody who reads it, or whose focus is on it.
		const state = JSON.stringify(this.#state?.steps ?? []);
		if (state === this.#drawn) return;
		this.#drawn = state;
		const known = new Map(this.#state?.steps.map((step) => [step.step, step]));
		const all = Object.keys(words.steps) as TestStep[];
		fill(
			this.#list,
			...all.map((step) => {
				const shown = known.get(step) ?? { step, state: "waiting" };
				const key = mends[step];
				const field = key === undefined ? undefined : form.field(key);
				const mend =
					shown.state === "failed" && field !== undefined
						? button(words.change(field.label), () => goTo(field.key), { class: "quiet small" })
						: undefined;
				return stepItem(shown, mend);
			}),
		);
	}

	async #keep(): Promise<void> {
		this.#save.disabled = true;
		this.#save.textContent = words.saving;
		try {
			await this.#options.save();
		} finally {
			this.refresh();
		}
	}
}

type Step = TestState["steps"][number];

function stepItem({ step, state, text, cure }: Step, mend: HTMLElement | undefined): HTMLElement {
	const marks = { waiting: "", running: "", done: icons.check, failed: icons.cross } as const;
	return element(
		"li",
		{ class: `step ${state}` },
		element("span", { class: "mark" }, icon(marks[state])),
		element(
			"div",
			{ class: "about" },
			element("strong", {}, words.steps[step]),
			aside(`: ${words.states[state]}`),
			text === undefined ? undefined : element("p", {}, shownText(text)),
			cure === undefined ? undefined : element("p", { class: "cure" }, cure),
			mend,
		),
	);
}

/** A time is shown as this phone would show it, beside which it is easily told whether it is right. */
function shownText(text: string): string {
	const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? new Date(text) : undefined;
	return time?.toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" }) ?? text;
}

function stepLine({ step, state, text, cure }: Step): string {
	return [`${words.steps[step]}: ${words.states[state]}.`, text && shownText(text), cure]
		.filter(Boolean)
		.join(" ");
}
