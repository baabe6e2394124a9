import { element, icons, iconText, replaceContent } from "./dom";
import { texts } from "./texts";

/** Messages outside the steps. */
export class Notices {
	readonly #live = element("p", { class: "aside", role: "status" });
	readonly #connectionNotice = element("p", { class: "notice", role: "status", hidden: true });
	readonly #error = element("p", { class: "notice", role: "alert", hidden: true });
	/** Of the access point. */
	name: string | undefined;
	#problem: string | undefined;

	get elements(): readonly HTMLElement[] {
		return [this.#live, this.#connectionNotice, this.#error];
	}

	/** Only to screen readers. */
	announce(text: string): void {
		this.#live.textContent = text;
	}

	showError(text: string): void {
		this.#error.hidden = false;
		replaceContent(this.#error, ...iconText(icons.warning, text));
	}

	clearError(): void {
		this.#error.hidden = true;
		replaceContent(this.#error);
	}

	/** `problem`: why there is none. */
	showConnection(problem: string | undefined): void {
		if (problem === this.#problem) return;
		this.#problem = problem;
		this.#connectionNotice.hidden = problem === undefined;
		replaceContent(this.#connectionNotice, ...(problem ? iconText(icons.warning, problem) : []));
		if (problem === undefined) this.announce(texts.found);
	}
}
