import { element, icons, iconText, replaceContent } from "./dom";
import { texts } from "./texts";

/** Messages outside the steps. */
export class Notices {
	readonly #live = element("p", { class: "aside", role: "status" });
	readonly #connectionNotice = element("p", { class: "notice", role: "status", hidden: true });
	readonly #error = element("p", { class: "notice", role: "alert", hidden: true });
	/** Of the access point. */
	name: string | undefined;
	#lost = false;

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

	showConnection(lost: boolean): void {
		if (lost === this.#lost) return;
		this.#lost = lost;
		this.#connectionNotice.hidden = !lost;
		replaceContent(this.#connectionNotice, ...(lost ? iconText(icons.warning, texts.lost(this.name)) : []));
		if (!lost) this.announce(texts.found);
	}
}
