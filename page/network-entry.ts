import { isJsonObject } from "../src/common/json";
import type { FieldProblem } from "../src/setup/api";
import { button, element, heading, icon, icons } from "./dom";
import { type LabelledControl, labelledControl, plainAttributes, secretInput } from "./form-field";
import { texts } from "./texts";

const words = texts.networks;

/** A network from a scan, the board, a settings file or a draft. */
export interface KnownNetwork {
	readonly ssid: string;
	readonly password?: string;
	/** In a settings file: it has no password. */
	readonly open?: boolean;
	/** The board has its password. */
	readonly saved?: boolean;
	/** It has it from the last test only. */
	readonly unsaved?: boolean;
	/** Requires a password; known from a scan. */
	readonly secured?: boolean;
	/** Its signal is very weak. */
	readonly weak?: boolean;
}

export function isKnownNetwork(value: unknown): value is KnownNetwork {
	return isJsonObject(value) && typeof value.ssid === "string";
}

/** One of the chosen networks. */
export class NetworkEntry {
	readonly element: HTMLElement;
	readonly #known: KnownNetwork;
	readonly #password: HTMLInputElement;
	readonly #passwordFrame: LabelledControl;
	/** Only for a hidden network. */
	readonly #name: HTMLInputElement | undefined;
	readonly #nameFrame: LabelledControl | undefined;
	readonly #up: HTMLButtonElement;
	readonly #remove: HTMLButtonElement;
	#isSecured: boolean | undefined;
	/** A network nearby with a similar name. */
	#similar: string | undefined;
	#problems: readonly (string | undefined)[] = [];

	/** A network without a name is a hidden one. */
	constructor(known: KnownNetwork, { onRemove, onUp }: { onRemove(): void; onUp(): void }) {
		const { ssid, password = "", saved = false, unsaved, secured, weak = false } = known;
		const hidden = ssid === "";
		const title = hidden ? words.hiddenTitle : ssid;
		const { input, toggle } = secretInput(words.passwordOf(title));
		const help = saved ? texts.keepSecret(unsaved) : secured === true ? "" : words.maybeOpen;
		const open = secured === false && !saved && password === "";
		this.#known = known;
		this.#isSecured = secured;
		this.#password = input;
		this.#password.value = password;
		this.#passwordFrame = labelledControl(words.password, input, { help, beside: toggle });
		this.#passwordFrame.element.hidden = open;
		if (hidden) {
			this.#name = element("input", plainAttributes);
			this.#nameFrame = labelledControl(words.name, this.#name);
		}
		this.#up = button(icon(icons.up), onUp, { class: "quiet small" });
		this.#remove = button(words.remove, onRemove, { class: "quiet small" });
		this.element = element(
			"li",
			{ class: "entry" },
			heading(
				element("h3", {}, element("bdi", {}, title)),
				element("span", { class: "actions" }, this.#up, this.#remove),
			),
			this.#nameFrame?.element,
			this.#passwordFrame.element,
			open ? element("p", { class: "help" }, words.open) : undefined,
			weak ? element("p", { class: "help" }, words.tooWeak) : undefined,
		);
	}

	get ssid(): string {
		return this.#name?.value ?? this.#known.ssid;
	}

	/** Its name, or words for a hidden network without one yet. */
	get title(): string {
		return this.ssid === "" ? words.hiddenTitle : this.ssid;
	}

	/** The value for the board, which keeps its own password if there is none and it is not marked as open. */
	get value(): object {
		const password = this.#password.value;
		if (password.trim() !== "") return { ssid: this.ssid, password };
		return this.#known.saved === true ? { ssid: this.ssid } : { ssid: this.ssid, open: true };
	}

	/** For a draft: without the password. */
	get known(): KnownNetwork {
		const { password: _, ...known } = this.#known;
		return { ...known, ssid: this.ssid };
	}

	/** Problems of missing values; `at`: its key in the settings. */
	missing(at: string): readonly FieldProblem[] {
		if (this.ssid === "") return [{ key: `${at}.ssid`, problem: words.nameMissing }];
		if (this.#isSecured === true && this.#known.saved !== true && this.#password.value.trim() === "")
			return [{ key: `${at}.password`, problem: words.passwordMissing }];
		return [];
	}

	show(at: string, problems: readonly FieldProblem[]): void {
		const of = (key: string) => problems.find((problem) => problem.key === key)?.problem;
		this.#problems = [of(`${at}.ssid`), of(`${at}.password`) ?? of(at)];
		this.#showNotes();
	}

	/** Shows the last scan: `secured`: of the network with this name; `ssid`: a network with a similar name. */
	showNearby(secured: boolean | undefined, ssid: string | undefined): void {
		this.#isSecured = this.#known.secured ?? secured;
		if (ssid === this.#similar) return;
		this.#similar = ssid;
		this.#showNotes();
	}

	#showNotes(): void {
		const [name, password] = this.#problems;
		const hint = this.#similar === undefined ? undefined : words.similar(this.#similar);
		this.#nameFrame?.show(name, hint);
		if (this.#nameFrame === undefined) this.#passwordFrame.show(password ?? name, hint);
		else this.#passwordFrame.show(password);
	}

	/** Its position among the chosen networks, from 0. */
	setPosition(index: number): void {
		this.#up.hidden = index === 0;
		this.#up.setAttribute("aria-label", words.earlierOf(this.title));
		this.#remove.setAttribute("aria-label", words.removeOf(this.title));
	}

	/** Focuses the first input. */
	focus(): void {
		const target = this.#name ?? (this.#passwordFrame.element.hidden ? this.#remove : this.#password);
		target.focus();
	}
}
