import type { FieldProblem } from "../src/setup/api";
import { button, element, icon, icons } from "./dom";
import { type LabelledControl, labelledControl, secretInput } from "./form-field";
import { texts } from "./texts";

const words = texts.networks;

/** A network as the radio, the board, a settings file or a draft tells of it. */
export interface KnownNetwork {
	readonly ssid: string;
	readonly password?: string;
	/** The board has a password for it. */
	readonly saved?: boolean;
	/** Whether it wants a password, where it was heard. */
	readonly secured?: boolean;
	/** Heard, but hardly. */
	readonly weak?: boolean;
}

export function isKnownNetwork(value: unknown): value is KnownNetwork {
	return typeof value === "object" && value !== null && "ssid" in value && typeof value.ssid === "string";
}

/** One of the board's networks, in its part of the page. */
export class NetworkEntry {
	readonly element: HTMLElement;
	readonly #known: KnownNetwork;
	readonly #password: HTMLInputElement;
	readonly #passwordFrame: LabelledControl;
	/** Of a hidden network: the name is typed. */
	readonly #name: HTMLInputElement | undefined;
	readonly #nameFrame: LabelledControl | undefined;
	readonly #up: HTMLButtonElement;
	readonly #remove: HTMLButtonElement;

	/** One without a name is a hidden one. */
	constructor(known: KnownNetwork, { onRemove, onUp }: { onRemove(): void; onUp(): void }) {
		const { ssid, password = "", saved = false, secured, weak = false } = known;
		const hidden = ssid === "";
		const title = hidden ? words.hiddenTitle : ssid;
		const { input, toggle } = secretInput(words.passwordOf(title));
		const help = saved ? texts.keepSecret : secured === true ? "" : words.maybeOpen;
		const open = secured === false && !saved && password === "";
		this.#known = known;
		this.#password = input;
		this.#password.value = password;
		this.#passwordFrame = labelledControl(words.password, input, { help, beside: toggle });
		this.#passwordFrame.element.hidden = open;
		if (hidden) {
			this.#name = element("input", { autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
			this.#nameFrame = labelledControl(words.name, this.#name);
		}
		this.#up = button(icon(icons.up), onUp, { class: "quiet small" });
		this.#remove = button(words.remove, onRemove, { class: "quiet small" });
		this.element = element(
			"li",
			{ class: "entry" },
			element(
				"div",
				{ class: "heading" },
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

	/** What a person calls it. */
	get title(): string {
		return this.ssid === "" ? words.hiddenTitle : this.ssid;
	}

	/** As the board takes it: without a password it keeps the one that it has. */
	get value(): object {
		const password = this.#password.value;
		return this.#known.saved === true && password === ""
			? { ssid: this.ssid }
			: { ssid: this.ssid, password };
	}

	/** For a draft, which keeps no password. */
	get known(): KnownNetwork {
		const { password: _, ...known } = this.#known;
		return { ...known, ssid: this.ssid };
	}

	/** What is missing in it; `at` is its key in the settings. */
	missing(at: string): readonly FieldProblem[] {
		if (this.ssid === "") return [{ key: `${at}.ssid`, problem: words.nameMissing }];
		const { secured, saved } = this.#known;
		if (secured === true && saved !== true && this.#password.value === "")
			return [{ key: `${at}.password`, problem: words.passwordMissing }];
		return [];
	}

	show(at: string, problems: readonly FieldProblem[]): void {
		const of = (key: string) => problems.find((problem) => problem.key === key)?.problem;
		this.#nameFrame?.show(of(`${at}.ssid`));
		const inName = this.#nameFrame === undefined ? of(`${at}.ssid`) : undefined;
		this.#passwordFrame.show(of(`${at}.password`) ?? of(at) ?? inName);
	}

	/** Where it stands among the board's networks, from 0. */
	setPosition(index: number): void {
		this.#up.hidden = index === 0;
		this.#up.setAttribute("aria-label", words.earlierOf(this.title));
		this.#remove.setAttribute("aria-label", words.removeOf(this.title));
	}

	/** To what is typed first. */
	focus(): void {
		const target = this.#name ?? (this.#passwordFrame.element.hidden ? this.#remove : this.#password);
		target.focus();
	}
}
