import type { StepState, TestState, TestStep } from "../src/setup/api";
import { type BoardClient, poll } from "./board-client";
import { button, element, icon, icons, iconText, replaceContent, setDisabled, visuallyHidden } from "./dom";
import { failureSetting, failureText } from "./failure-texts";
import type { SettingsForm } from "./settings-form";
import { texts } from "./texts";

const words = texts.test;

const pollIntervalMs = 500;

type Values = Readonly<Record<string, unknown>>;

interface TestSectionOptions {
	readonly client: BoardClient;
	readonly form: SettingsForm;
	announce(text: string): void;
	/** Shows and focuses a setting. */
	goTo(key: string): void;
	/** Tests the form's values; resolves with the test's number, or `undefined` if they have problems. */
	startTest(): Promise<number | undefined>;
	onStateChange(): void;
	/** The test has ended. */
	onEnd(): void;
	save(): Promise<void>;
}

/** The step "Test": the test's progress and result, and saving. */
export class TestSection {
	readonly elements: readonly HTMLElement[];
	readonly #options: TestSectionOptions;
	readonly #list = element("ol", { class: "test" });
	readonly #summary = element("p", { class: "verdict", hidden: true });
	readonly #start: HTMLButtonElement;
	readonly #save: HTMLButtonElement;
	readonly #saveHelp = element("p", { class: "help", hidden: true }, words.anywayHelp);
	#state: TestState | undefined;
	/** Of the test that this page polls. */
	#testNumber = 0;
	/** The values of the last test, to detect changes since. */
	#testedValues: Values = {};
	#lastAnnouncement = "";
	#drawnJson = "";
	#stopPolling: (() => void) | undefined;

	constructor(options: TestSectionOptions) {
		this.#options = options;
		this.#start = button(words.start, () => void this.#run(), { class: "wide" });
		this.#save = button(words.saveUntested, () => void this.#saveSettings(), { class: "wide" });
		this.elements = [
			element("p", { class: "help" }, words.channel),
			this.#list,
			this.#summary,
			this.#start,
			this.#save,
			this.#saveHelp,
		];
		this.refresh();
	}

	/** What the last test found, for the last page. */
	resultOf(step: TestStep): string | undefined {
		const state = this.#detailsOf(step);
		return state && resultTexts(state)[0];
	}

	/** Name and id of the data source. */
	get source(): string | undefined {
		const { deviceId } = this.#detailsOf("source")?.details ?? {};
		const id = this.passed ? this.#state?.dataSourceId : undefined;
		return deviceId !== undefined && id !== undefined ? words.source(deviceId, id) : id;
	}

	#detailsOf(step: TestStep): StepState | undefined {
		return this.passed ? this.#state?.steps.find((one) => one.step === step) : undefined;
	}

	/** Passed, with the form's present values. */
	get passed(): boolean {
		return this.#state?.passed === true && !this.#hasChanged;
	}

	/** Continues with a test from before this page was loaded; `tested`: its values. */
	resume(state: TestState, tested: Values): void {
		if (!state.running && state.steps.every((step) => step.state === "waiting")) return;
		this.#testedValues = tested;
		this.#testNumber = state.number;
		this.#applyState(state);
		if (state.running) this.#pollTest();
	}

	/** After a change of the settings or the test. */
	refresh(): void {
		const state = this.#state;
		const running = state?.running === true;
		this.#drawSteps();
		const failed = state?.steps.some((step) => step.state === "failed") === true;
		this.#showSummary(failed);
		setDisabled(this.#start, running);
		this.#start.textContent = running ? words.running : state === undefined ? words.start : words.again;
		setDisabled(this.#save, running);
		this.#save.textContent = this.passed ? words.save : failed ? words.saveAnyway : words.saveUntested;
		this.#saveHelp.hidden = this.passed || running;
		this.#save.classList.toggle("primary", this.passed);
		this.#start.classList.toggle("primary", !this.passed);
		// The next thing to do comes first. Only the button that does not have the focus is moved.
		if (this.passed) this.#start.before(this.#save);
		else if (this.#start.nextSibling !== this.#save) this.#start.after(this.#save);
	}

	get #hasChanged(): boolean {
		return JSON.stringify(this.#options.form.values()) !== JSON.stringify(this.#testedValues);
	}

	#showSummary(failed: boolean): void {
		const state = this.#state;
		const text =
			state === undefined || state.running
				? ""
				: this.#hasChanged
					? words.changed
					: state.passed
						? words.passed
						: failed
							? words.failed
							: this.#interruptionText;
		this.#summary.hidden = text === "";
		this.#summary.className = this.passed ? "verdict good" : "verdict";
		replaceContent(this.#summary, ...iconText(this.passed ? icons.check : icons.warning, text));
	}

	/** Why a test neither passed nor failed. */
	get #interruptionText(): string {
		return this.#state?.number === 0 ? words.interrupted : words.another;
	}

	async #run(): Promise<void> {
		const { startTest, announce, form } = this.#options;
		const before = this.#state;
		const tested = form.values();
		// At once, so that an earlier test's result is not taken for this one's.
		this.#state = { number: 0, running: true, passed: false, steps: [] };
		this.refresh();
		let started: number | undefined;
		try {
			started = await startTest();
		} finally {
			if (started === undefined) this.#state = before;
			this.refresh();
		}
		if (started === undefined) return;
		this.#testNumber = started;
		this.#testedValues = tested;
		announce(words.running);
		this.#pollTest();
	}

	#pollTest(): void {
		this.#stopPolling?.();
		const end = poll(async () => {
			const state = await this.#options.client.test();
			// A test started by another phone has other values.
			const own = state.number === this.#testNumber || state.number === 0;
			this.#applyState(own ? state : { number: state.number, running: false, passed: false, steps: [] });
			this.#announce();
			if (own && state.running) return;
			end();
			this.#scrollToResult();
			this.#options.onEnd();
		}, pollIntervalMs);
		this.#stopPolling = end;
	}

	#applyState(state: TestState): void {
		this.#state = state;
		const { dataSourceId } = state;
		// Created by the test.
		if (dataSourceId !== undefined && this.#testedValues.dataSourceId !== dataSourceId) {
			this.#testedValues = { ...this.#testedValues, dataSourceId };
			this.#options.form.write({ dataSourceId });
		}
		this.#options.onStateChange();
	}

	/** The list may have grown beyond the screen. */
	#scrollToResult(): void {
		const failed = this.#list.querySelector(".failed");
		(failed ?? this.#save).scrollIntoView({ block: "nearest" });
	}

	/** Announces the end of each step once, and the result. */
	#announce(): void {
		const { steps = [], running, passed } = this.#state ?? { running: false, passed: false };
		const last = [...steps].reverse().find(({ state }) => state === "done" || state === "failed");
		const parts = last === undefined ? [] : [stepText(last)];
		if (!running)
			parts.push(passed ? words.passed : last?.state === "failed" ? words.failed : this.#interruptionText);
		const text = parts.join(" ");
		if (text === this.#lastAnnouncement) return;
		this.#lastAnnouncement = text;
		this.#options.announce(text);
	}

	#drawSteps(): void {
		const { goTo, form } = this.#options;
		// Redrawing unchanged content would disturb a reader and take the focus.
		const state = JSON.stringify(this.#state?.steps ?? []);
		if (state === this.#drawnJson) return;
		this.#drawnJson = state;
		const known = new Map(this.#state?.steps.map((step) => [step.step, step]));
		const all = Object.keys(words.steps) as TestStep[];
		replaceContent(
			this.#list,
			...all.map((step) => {
				const shown = known.get(step) ?? { step, state: "waiting" };
				const key = failureSetting(shown);
				const field = key === undefined ? undefined : form.field(key);
				const fix =
					field !== undefined
						? button(words.change(field.label), () => goTo(field.key), { class: "quiet small" })
						: undefined;
				return stepItem(shown, fix);
			}),
		);
	}

	async #saveSettings(): Promise<void> {
		setDisabled(this.#save, true);
		this.#save.textContent = words.saving;
		try {
			await this.#options.save();
		} finally {
			this.refresh();
		}
	}
}

function stepItem(step: StepState, fix: HTMLElement | undefined): HTMLElement {
	const marks = { waiting: "", running: "", done: icons.check, failed: icons.cross } as const;
	const [text, remedy] = resultTexts(step);
	return element(
		"li",
		{ class: `step ${step.state}` },
		element("span", { class: "mark" }, icon(marks[step.state])),
		element(
			"div",
			{ class: "about" },
			element("strong", {}, words.steps[step.step]),
			visuallyHidden(`: ${words.states[step.state]}`),
			text === undefined ? undefined : element("p", {}, text),
			remedy === undefined ? undefined : element("p", { class: "remedy" }, remedy),
			fix,
		),
	);
}

/** What a step found, or the cause of its failure and the remedy. */
function resultTexts({
	step,
	state,
	code,
	details = {},
}: StepState): readonly [text?: string, remedy?: string] {
	if (code !== undefined) return failureText(step, code, details);
	return state === "done" ? [words.found[step](details)] : [];
}

function stepText(step: StepState): string {
	return [`${words.steps[step.step]}: ${words.states[step.state]}.`, ...resultTexts(step)].join(" ");
}
