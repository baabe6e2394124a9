import type { TestState, TestStep } from "../api";
import { type Client, repeat } from "./client";
import { aside, button, disable, element, fill, icon, icons } from "./dom";
import type { Form } from "./form";
import { levelOf } from "./networks";
import { texts } from "./texts";

const words = texts.test;

/** Between two looks at a test that runs, milliseconds. */
const lookEvery = 500;

/** The setting that mends what a step found. */
const mends: Readonly<Partial<Record<TestStep, string>>> = {
	join: "networks",
	name: "server",
	time: "ntpServers",
	certificate: "rootCertificate",
	key: "key",
	source: "dataSourceId",
};

type Values = Readonly<Record<string, unknown>>;

interface TestingOptions {
	readonly client: Client;
	readonly form: Form;
	announce(text: string): void;
	/** To a setting, wherever it is on the page. */
	goTo(key: string): void;
	/** Begins a test with what the form has; resolves with its number, or with nothing when it has not begun. */
	begin(): Promise<number | undefined>;
	/** The test has gone on. */
	onState(): void;
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
	/** Of the test that is followed. */
	#number = 0;
	/** What was tested, to tell whether it was changed since. */
	#tested: Values = {};
	#announced = "";
	#drawn = "";
	#end: (() => void) | undefined;

	constructor(options: TestingOptions) {
		this.#options = options;
		this.#start = button(words.start, () => void this.#run(), { class: "wide" });
		this.#save = button(words.saveUntested, () => void this.#keep(), { class: "wide" });
		this.elements = [
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
		const text = this.passed ? this.#state?.steps.find((one) => one.step === step)?.text : undefined;
		return text && shownText(text);
	}

	/** All went well, with these settings. */
	get passed(): boolean {
		return this.#state?.passed === true && !this.#changed;
	}

	/** A test that was begun before this page was loaded goes on; `tested`: what the board has. */
	resume(state: TestState, tested: Values): void {
		if (!state.running && state.steps.every((step) => step.state === "waiting")) return;
		this.#tested = tested;
		this.#number = state.number;
		this.#take(state);
		if (state.running) this.#follow();
	}

	/** The settings may have been changed. */
	refresh(): void {
		const state = this.#state;
		const running = state?.running === true;
		this.#drawSteps();
		const failed = state?.steps.some((step) => step.state === "failed") === true;
		this.#tell(failed);
		disable(this.#start, running);
		this.#start.textContent = running ? words.running : state === undefined ? words.start : words.again;
		disable(this.#save, running);
		this.#save.textContent = this.passed ? words.save : failed ? words.saveAnyway : words.saveUntested;
		this.#saveHelp.hidden = this.passed || running;
		this.#save.classList.toggle("primary", this.passed);
		this.#start.classList.toggle("primary", !this.passed);
	}

	get #changed(): boolean {
		return JSON.stringify(this.#options.form.given()) !== JSON.stringify(this.#tested);
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
							: this.#interruption;
		this.#verdict.hidden = text === "";
		this.#verdict.className = this.passed ? "verdict good" : "verdict";
		fill(this.#verdict, icon(this.passed ? icons.check : icons.warning), element("span", {}, text));
	}

	/** Why a test has neither passed nor failed. */
	get #interruption(): string {
		return this.#state?.number === 0 ? words.interrupted : words.another;
	}

	async #run(): Promise<void> {
		const { begin, announce, form } = this.#options;
		const before = this.#state;
		const tested = form.given();
		// From the first moment on, so that nothing of an earlier test is taken for this one's.
		this.#state = { number: 0, running: true, passed: false, steps: [] };
		this.refresh();
		let begun: number | undefined;
		try {
			begun = await begin();
		} finally {
			if (begun === undefined) this.#state = before;
			this.refresh();
		}
		if (begun === undefined) return;
		this.#number = begun;
		this.#tested = tested;
		announce(words.running);
		this.#follow();
	}

	#follow(): void {
		this.#end?.();
		const end = repeat(async () => {
			const state = await this.#options.client.test();
			// One that another phone has begun says nothing of what was filled in here.
			const own = state.number === this.#number || state.number === 0;
			this.#take(own ? state : { number: state.number, running: false, passed: false, steps: [] });
			this.#announce();
			if (own && state.running) return;
			end();
			this.#showEnd();
		}, lookEvery);
		this.#end = end;
	}

	#take(state: TestState): void {
		this.#state = state;
		const { dataSourceId } = state;
		// Made by the test, and tested with it.
		if (dataSourceId !== undefined && this.#tested.dataSourceId !== dataSourceId) {
			this.#tested = { ...this.#tested, dataSourceId };
			this.#options.form.write({ dataSourceId });
		}
		this.#options.onState();
	}

	/** The list has grown meanwhile: what comes next is not to be looked for. */
	#showEnd(): void {
		const failed = this.#list.querySelector(".failed");
		(failed ?? this.#save).scrollIntoView({ block: "nearest" });
	}

	/** Each step's end once, and at last the verdict. */
	#announce(): void {
		const { steps = [], running, passed } = this.#state ?? { running: false, passed: false };
		const last = [...steps].reverse().find(({ state }) => state === "done" || state === "failed");
		const parts = last === undefined ? [] : [stepLine(last)];
		if (!running)
			parts.push(passed ? words.passed : last?.state === "failed" ? words.failed : this.#interruption);
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
		disable(this.#save, true);
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

/**
 * A time is shown as this phone would show it, beside which it is easily told whether it is right; a signal's strength in
 * words, too.
 */
function shownText(text: string): string {
	const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? new Date(text) : undefined;
	return (
		time?.toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" }) ??
		text.replace(/(-\d+) dBm$/, (_, power) =>
			words.signal(texts.networks.strength[levelOf(Number(power))] ?? "", power),
		)
	);
}

function stepLine({ step, state, text, cure }: Step): string {
	return [`${words.steps[step]}: ${words.states[state]}.`, text && shownText(text), cure]
		.filter(Boolean)
		.join(" ");
}
