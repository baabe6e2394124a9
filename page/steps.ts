import { element, icon, icons, replaceContent } from "./dom";
import { texts } from "./texts";

export const stepNames = ["wifi", "dakkio", "board", "test"] as const;
export type StepName = (typeof stepNames)[number];

interface StepOptions {
	readonly title: string;
	readonly lead?: string;
	readonly content: readonly HTMLElement[];
	/** Not of the last step. */
	onNext?(next: StepName): void;
}

/** The steps, one of them visible: that in the address, so that the browser's back button works. */
export class Steps {
	readonly element = element("main");
	readonly navigation: HTMLElement;
	readonly #steps = new Map<StepName, { readonly form: HTMLElement; readonly link: HTMLElement }>();
	readonly #shownSteps = new Set<StepName>();
	readonly #onShow: () => void;
	readonly #onHashChange = () => this.#show();
	/** Sets the focus in the next step, in place of its title. */
	#pendingFocus: (() => void) | undefined;
	#current: StepName = stepNames[0];

	constructor(onShow: () => void) {
		this.#onShow = onShow;
		this.navigation = element("nav", { "aria-label": texts.stepsName }, element("ol"));
	}

	get current(): StepName {
		return this.#current;
	}

	/** Steps that were shown. */
	get shown(): ReadonlySet<StepName> {
		return this.#shownSteps;
	}

	add(name: StepName, { title, lead, content, onNext }: StepOptions): void {
		const index = stepNames.indexOf(name);
		const before = stepNames[index - 1];
		const after = stepNames[index + 1];
		const form = element(
			"form",
			{
				id: name,
				"aria-labelledby": `${name}-title`,
				hidden: true,
				novalidate: true,
				onsubmit: (event) => {
					event.preventDefault();
					if (after !== undefined) onNext?.(after);
				},
			},
			element("h2", { id: `${name}-title`, tabindex: -1 }, title),
			lead === undefined ? undefined : element("p", { class: "lead" }, lead),
			...content,
			element(
				"div",
				{ class: "row ends" },
				before === undefined ? undefined : element("a", { class: "button", href: `#${before}` }, texts.back),
				after === undefined ? undefined : element("button", { class: "primary" }, texts.next),
			),
		);
		const mark = element("span", { class: "number" }, String(index + 1));
		const link = element("a", { href: `#${name}` }, mark, texts.steps[name]);
		this.#steps.set(name, { form, link });
		this.element.append(form);
		this.navigation.firstElementChild?.append(element("li", {}, link));
	}

	/** Shows the step in the address, and follows it. */
	start(): void {
		addEventListener("hashchange", this.#onHashChange);
		this.#show(false);
	}

	/** Replaces all steps by the last page. */
	replaceWith(page: HTMLElement): void {
		removeEventListener("hashchange", this.#onHashChange);
		this.navigation.remove();
		replaceContent(this.element, page);
	}

	/** Shows a step; `focus` sets the focus there, in place of its title. */
	go(name: StepName, focus?: () => void): void {
		this.#pendingFocus = focus;
		if (location.hash === `#${name}`) this.#show();
		else location.hash = name;
	}

	form(name: StepName): HTMLElement {
		return this.#steps.get(name)?.form ?? this.element;
	}

	/** The step that contains an element. */
	stepOf(part: Element): StepName {
		return stepNames.find((name) => this.form(name).contains(part)) ?? this.#current;
	}

	markComplete(name: StepName, whole: boolean): void {
		const link = this.#steps.get(name)?.link;
		const mark = link?.querySelector(".number");
		if (link === undefined || !mark || link.classList.contains("whole") === whole) return;
		link.classList.toggle("whole", whole);
		replaceContent(mark, whole ? icon(icons.check) : String(stepNames.indexOf(name) + 1));
		if (whole) link.append(element("span", { class: "aside" }, `, ${texts.stepDone}`));
		else link.querySelector(".aside")?.remove();
	}

	#show(moved = true): void {
		this.#current = stepNames.find((name) => location.hash === `#${name}`) ?? stepNames[0];
		this.#shownSteps.add(this.#current);
		for (const [name, { form, link }] of this.#steps) {
			form.hidden = name !== this.#current;
			if (form.hidden) link.removeAttribute("aria-current");
			else link.setAttribute("aria-current", "step");
		}
		document.title = `${texts.steps[this.#current]} – ${texts.title}`;
		this.#onShow();
		const focus = this.#pendingFocus;
		this.#pendingFocus = undefined;
		if (!moved) return;
		scrollTo(0, 0);
		if (focus !== undefined) focus();
		else document.getElementById(`${this.#current}-title`)?.focus({ preventScroll: true });
	}
}
