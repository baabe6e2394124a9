import { element, fill, icon, icons } from "./dom";
import { texts } from "./texts";

/** What the page has to say beyond its steps. */
export class Notices {
	readonly #live = element("p", { class: "aside", role: "status" });
	readonly #connection = element("p", { class: "notice", role: "status", hidden: true });
	readonly #refusal = element("p", { class: "notice", role: "alert", hidden: true });
	/** Of the access point. */
	name: string | undefined;
	#lost = false;

	get elements(): readonly HTMLElement[] {
		return [this.#live, this.#connection, this.#refusal];
	}

	/** For a screen reader alone. */
	announce(text: string): void {
		this.#live.textContent = text;
	}

	tell(text: string): void {
		this.#refusal.hidden = false;
		fill(this.#refusal, icon(icons.warning), element("span", {}, text));
	}

	clear(): void {
		this.#refusal.hidden = true;
		fill(this.#refusal);
	}

	connection(lost: boolean): void {
		if (lost === this.#lost) return;
		this.#lost = lost;
		this.#connection.hidden = !lost;
		const text = this.name === undefined ? texts.lostFirst : texts.lost(this.name);
		fill(this.#connection, ...(lost ? [icon(icons.warning), element("span", {}, text)] : []));
		if (!lost) this.announce(texts.found);
	}
}
