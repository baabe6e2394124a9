import type { FieldProblem, ScanState, SettingDescription } from "../api";
import { aside, bars, button, disable, element, fill, icon, icons } from "./dom";
import { type Field, type Frame, problemNote } from "./field";
import { isKnown, type Known, NetworkEntry } from "./network-entry";
import { texts } from "./texts";

const words = texts.networks;
/** As many as a board keeps. */
const most = 3;

type Heard = ScanState["networks"][number];

interface NetworksOptions {
	readonly description: SettingDescription;
	onRescan(): void;
	/** For a screen reader. */
	announce(text: string): void;
}

/** The board's networks, and those that it hears: their names came over the air, and are text. */
export class NetworksField implements Field {
	readonly key: string;
	readonly label: string;
	readonly element = element("fieldset", { class: "bare" });
	readonly #announce: (text: string) => void;
	readonly #note: Frame = problemNote(this.element);
	readonly #chosen = element("ol", { class: "entries" });
	readonly #list = element("ul", { class: "networks" });
	readonly #status = element("p", { class: "help" });
	readonly #rescan: HTMLButtonElement;
	#entries: readonly NetworkEntry[] = [];
	#around: readonly Heard[] = [];
	/** Names of the networks for which the board has a password. */
	readonly #saved = new Set<string>();

	constructor({ description: { key, label }, onRescan, announce }: NetworksOptions) {
		this.key = key;
		this.label = label;
		this.#announce = announce;
		this.#rescan = button(words.rescan, onRescan, { class: "quiet small" });
		this.element.append(
			element("legend", { class: "aside" }, label),
			this.#note.element,
			this.#chosen,
			element("div", { class: "heading" }, element("h3", {}, words.nearby), this.#rescan),
			this.#status,
			this.#list,
			button(words.hidden, () => this.#add({ ssid: "" }), { class: "quiet wide" }),
			element("p", { class: "help" }, words.missing),
		);
	}

	read(): unknown {
		return this.#entries.map(({ given }) => given);
	}

	/** For a draft. */
	readWithoutSecrets(): readonly Known[] {
		return this.#entries.map(({ known }) => known);
	}

	write(value: unknown): void {
		const known = Array.isArray(value) ? value.filter(isKnown).slice(0, most) : [];
		for (const { ssid, saved } of known) if (saved === true) this.#saved.add(ssid);
		this.#entries = known.map((one) => this.#makeEntry(this.#completed(one)));
		this.#draw();
	}

	/** A file without secrets tells a network's name alone: it is open only if it was heard to be. */
	#completed(known: Known): Known {
		if (known.password !== undefined || known.saved !== undefined) return known;
		const heard = this.#around.find(({ ssid }) => ssid === known.ssid);
		return { ...known, saved: this.#saved.has(known.ssid), secured: heard?.secured ?? true };
	}

	missing(): readonly FieldProblem[] {
		if (this.#entries.length === 0) return [{ key: this.key, problem: words.first }];
		return this.#entries.flatMap((entry, index) => entry.missing(`${this.key}.${index}`));
	}

	show(problems: readonly FieldProblem[]): void {
		this.#note.show(problems.find(({ key }) => key === this.key)?.problem);
		for (const [index, entry] of this.#entries.entries()) entry.show(`${this.key}.${index}`, problems);
	}

	focus(): void {
		const wrong = this.element.querySelector<HTMLElement>("input[aria-invalid]");
		if (wrong !== null) wrong.focus();
		else if (this.#entries[0] !== undefined) this.#entries[0].focus();
		else (this.#list.querySelector("button") ?? this.#rescan).focus();
	}

	/** Shows what the radio hears. */
	heard({ scanning, networks }: ScanState): void {
		disable(this.#rescan, scanning);
		// What was heard before stays while the radio listens.
		if (!scanning || networks.length > 0) this.#around = networks;
		const status = scanning ? words.scanning : this.#around.length === 0 ? words.none : "";
		this.#status.textContent = status;
		this.#status.hidden = status === "";
		this.#status.classList.toggle("busy", scanning);
		this.#drawAround();
	}

	#choose({ ssid, secured, strength }: Heard): void {
		const known = this.#entries.find((entry) => entry.ssid === ssid);
		if (known === undefined) this.#add({ ssid, secured, weak: levelOf(strength) === 0 });
		else known.focus();
	}

	#add(known: Known): void {
		if (this.#entries.length === most) {
			this.#note.show(words.full);
			this.#announce(words.full);
			return;
		}
		const entry = this.#makeEntry(known);
		this.#entries = [...this.#entries, entry];
		this.#changed();
		entry.focus();
	}

	#makeEntry(known: Known): NetworkEntry {
		const entry: NetworkEntry = new NetworkEntry(known, {
			onRemove: () => {
				this.#entries = this.#entries.filter((one) => one !== entry);
				this.#changed();
				this.#announce(words.removed(entry.title));
				(this.#list.querySelector("button") ?? this.#rescan).focus();
			},
			onUp: () => {
				const index = this.#entries.indexOf(entry);
				const others = this.#entries.filter((one) => one !== entry);
				this.#entries = [...others.slice(0, index - 1), entry, ...others.slice(index - 1)];
				this.#changed();
				this.#announce(words.moved(entry.title, index));
				entry.focus();
			},
		});
		return entry;
	}

	/** The board's networks have become others, or are in another order. */
	#changed(): void {
		this.#note.show(undefined);
		this.#draw();
		// As typing does: what is not complete yet is no problem yet.
		this.element.dispatchEvent(new Event("input", { bubbles: true }));
	}

	#draw(): void {
		this.#chosen.hidden = this.#entries.length === 0;
		fill(this.#chosen, ...this.#entries.map((entry) => entry.element));
		for (const [index, entry] of this.#entries.entries()) entry.place(index);
		this.#drawAround();
	}

	/** Drawn anew, without taking the focus away. */
	#drawAround(): void {
		const buttons = () => [...this.#list.querySelectorAll("button")];
		const at = buttons().findIndex((one) => one.matches(":focus"));
		const chosen = new Set(this.#entries.map(({ ssid }) => ssid));
		fill(
			this.#list,
			...this.#around.map((heard) => row(heard, chosen.has(heard.ssid), () => this.#choose(heard))),
		);
		if (at >= 0) buttons()[at]?.focus();
	}
}

function row({ ssid, strength, secured }: Heard, chosen: boolean, choose: () => void): HTMLElement {
	const level = levelOf(strength);
	const security = secured ? words.secured : words.unsecured;
	const about = [words.strength[level], security, ...(chosen ? [words.isChosen] : [])].join(", ");
	const openTag = () => element("span", { class: "tag", "aria-hidden": "true" }, words.unsecured);
	const control = button(bars(level), choose, { class: chosen ? "network chosen" : "network" });
	control.append(
		element("bdi", { class: "name" }, ssid),
		aside(`, ${about}`),
		chosen ? icon(icons.check, "good") : secured ? icon(icons.lock) : openTag(),
	);
	return element("li", {}, control);
}

/** 0 … 4 bars of a strength in dBm: from where a link hardly holds to where it is as fast as it can be. */
export function levelOf(strength: number): 0 | 1 | 2 | 3 | 4 {
	if (strength >= -55) return 4;
	if (strength >= -67) return 3;
	if (strength >= -75) return 2;
	return strength >= -85 ? 1 : 0;
}
