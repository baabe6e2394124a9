import type { FieldProblem, ScanState } from "../src/setup/api";
import {
	button,
	element,
	heading,
	icon,
	icons,
	replaceContent,
	setDisabled,
	signalBars,
	visuallyHidden,
} from "./dom";
import { type FormField, type LabelledControl, problemNote } from "./form-field";
import { isKnownNetwork, type KnownNetwork, NetworkEntry } from "./network-entry";
import type { SettingText } from "./setting-texts";
import { signalLevel, texts } from "./texts";

const words = texts.networks;
const maxNetworks = 3;

type ScannedNetwork = ScanState["networks"][number];

interface NetworksOptions {
	readonly description: SettingText & { readonly key: string };
	onRescan(): void;
	/** Announces a text to screen readers. */
	announce(text: string): void;
}

/** The chosen networks, and those nearby. Names are untrusted: only text nodes hold them. */
export class NetworksField implements FormField {
	readonly key: string;
	readonly label: string;
	readonly element = element("fieldset", { class: "bare" });
	readonly #announce: (text: string) => void;
	readonly #note: LabelledControl = problemNote(this.element);
	readonly #chosen = element("ol", { class: "entries" });
	readonly #list = element("ul", { class: "networks" });
	readonly #status = element("p", { class: "help" });
	readonly #rescan: HTMLButtonElement;
	#entries: readonly NetworkEntry[] = [];
	#nearby: readonly ScannedNetwork[] = [];
	/** The user has tried to add one more. */
	#isFull = false;
	/** Networks whose password the board has. */
	readonly #savedSsids = new Set<string>();

	constructor({ description: { key, label }, onRescan, announce }: NetworksOptions) {
		this.key = key;
		this.label = label;
		this.#announce = announce;
		this.#rescan = button(words.rescan, onRescan, { class: "quiet small" });
		this.element.append(
			element("legend", { class: "aside" }, label),
			this.#note.element,
			this.#chosen,
			heading(element("h3", {}, words.nearby), this.#rescan),
			this.#status,
			this.#list,
			button(words.hidden, () => this.#add({ ssid: "" }), { class: "quiet wide" }),
			element("p", { class: "help" }, words.missing),
		);
		this.element.addEventListener("input", () => this.#showNearby());
	}

	read(): unknown {
		return this.#entries.map(({ value }) => value);
	}

	/** For a draft. */
	readWithoutSecrets(): readonly KnownNetwork[] {
		return this.#entries.map(({ known }) => known);
	}

	write(value: unknown): void {
		const known = Array.isArray(value) ? value.filter(isKnownNetwork).slice(0, maxNetworks) : [];
		for (const { ssid, saved } of known) if (saved === true) this.#savedSsids.add(ssid);
		this.#entries = known.map((one) => this.#makeEntry(this.#withSavedState(one)));
		this.#draw();
	}

	/** A settings file without secrets has only names: a network is open only if the file or the scan says so. */
	#withSavedState(known: KnownNetwork): KnownNetwork {
		if (known.open === true) return { ...known, saved: false, secured: false };
		if (known.password !== undefined || known.saved !== undefined) return known;
		const found = this.#nearby.find(({ ssid }) => ssid === known.ssid);
		return { ...known, saved: this.#savedSsids.has(known.ssid), secured: found?.secured ?? true };
	}

	missing(): readonly FieldProblem[] {
		if (this.#entries.length === 0) return [{ key: this.key, problem: words.first }];
		return this.#entries.flatMap((entry, index) => entry.missing(`${this.key}.${index}`));
	}

	show(problems: readonly FieldProblem[]): void {
		this.#showNote(problems.find(({ key }) => key === this.key)?.problem);
		for (const [index, entry] of this.#entries.entries()) entry.show(`${this.key}.${index}`, problems);
	}

	focus(): void {
		const wrong = this.element.querySelector<HTMLElement>("input[aria-invalid]");
		if (wrong !== null) wrong.focus();
		else if (this.#entries[0] !== undefined) this.#entries[0].focus();
		else (this.#list.querySelector("button") ?? this.#rescan).focus();
	}

	/** Shows a scan. */
	showScan({ scanning, networks }: ScanState): void {
		setDisabled(this.#rescan, scanning);
		// During a scan the earlier results stay.
		if (!scanning || networks.length > 0) this.#nearby = networks;
		const status = scanning ? words.scanning : this.#nearby.length === 0 ? words.none : "";
		this.#status.textContent = status;
		this.#status.hidden = status === "";
		this.#status.classList.toggle("busy", scanning);
		this.#drawNearby();
		this.#showNearby();
	}

	#showNote(problem?: string): void {
		this.#note.show(problem, this.#isFull ? words.full : undefined);
	}

	#choose({ ssid, secured, strength }: ScannedNetwork): void {
		const known = this.#entries.find((entry) => entry.ssid === ssid);
		if (known === undefined) this.#add({ ssid, secured, weak: signalLevel(strength) === 0 });
		else known.focus();
	}

	#add(known: KnownNetwork): void {
		if (this.#entries.length === maxNetworks) {
			this.#isFull = true;
			this.#showNote();
			this.#note.element.scrollIntoView({ block: "nearest" });
			this.#announce(words.full);
			return;
		}
		const entry = this.#makeEntry(known);
		this.#entries = [...this.#entries, entry];
		this.#onEntriesChange();
		entry.focus();
	}

	#makeEntry(known: KnownNetwork): NetworkEntry {
		const entry: NetworkEntry = new NetworkEntry(known, {
			onRemove: () => {
				this.#entries = this.#entries.filter((one) => one !== entry);
				this.#onEntriesChange();
				this.#announce(words.removed(entry.title));
				(this.#list.querySelector("button") ?? this.#rescan).focus();
			},
			onUp: () => {
				const index = this.#entries.indexOf(entry);
				const others = this.#entries.filter((one) => one !== entry);
				this.#entries = [...others.slice(0, index - 1), entry, ...others.slice(index - 1)];
				this.#onEntriesChange();
				this.#announce(words.moved(entry.title, index));
				entry.focus();
			},
		});
		return entry;
	}

	/** Entries were added, removed or moved. */
	#onEntriesChange(): void {
		this.#isFull = false;
		this.#showNote();
		this.#draw();
		// Not `change`: an incomplete entry is not a problem yet.
		this.element.dispatchEvent(new Event("input", { bubbles: true }));
	}

	#draw(): void {
		this.#chosen.hidden = this.#entries.length === 0;
		replaceContent(this.#chosen, ...this.#entries.map((entry) => entry.element));
		for (const [index, entry] of this.#entries.entries()) entry.setPosition(index);
		this.#drawNearby();
		this.#showNearby();
	}

	/** The board joins only a network with exactly this name, and would take one that it does not know for an open one. */
	#showNearby(): void {
		const known = [...this.#savedSsids, ...this.#nearby.map(({ ssid }) => ssid)];
		for (const entry of this.#entries) {
			const letters = lettersOf(entry.ssid);
			const similar = known.find((ssid) => letters !== "" && lettersOf(ssid) === letters);
			const { secured } = this.#nearby.find(({ ssid }) => ssid === entry.ssid) ?? {};
			entry.showNearby(secured, known.includes(entry.ssid) ? undefined : similar);
		}
	}

	/** Redraws the list and keeps the focus. */
	#drawNearby(): void {
		const buttons = () => [...this.#list.querySelectorAll("button")];
		const at = buttons().findIndex((one) => one.matches(":focus"));
		const chosen = new Set(this.#entries.map(({ ssid }) => ssid));
		replaceContent(
			this.#list,
			...this.#nearby.map((network) =>
				networkRow(network, chosen.has(network.ssid), () => this.#choose(network)),
			),
		);
		if (at >= 0) buttons()[at]?.focus();
	}
}

/** A name without what is easily confused: case, accents, spaces, hyphens. */
function lettersOf(ssid: string): string {
	return ssid
		.normalize("NFKD")
		.replace(/[^\p{L}\p{N}]/gu, "")
		.toLowerCase();
}

function networkRow(
	{ ssid, strength, secured, joinable }: ScannedNetwork,
	chosen: boolean,
	choose: () => void,
): HTMLElement {
	const level = signalLevel(strength);
	if (joinable === false)
		return element(
			"li",
			{ class: "network" },
			signalBars(level),
			element("bdi", { class: "name" }, ssid),
			element("span", { class: "tag" }, words.notJoinable),
		);
	const security = secured ? words.secured : words.unsecured;
	const about = [words.strength[level], security, ...(chosen ? [words.chosen] : [])].join(", ");
	const openTag = () => element("span", { class: "tag", "aria-hidden": "true" }, words.unsecured);
	const control = button(signalBars(level), choose, { class: chosen ? "network chosen" : "network" });
	control.append(
		element("bdi", { class: "name" }, ssid),
		visuallyHidden(`, ${about}`),
		chosen ? icon(icons.check, "good") : secured ? icon(icons.lock) : openTag(),
	);
	return element("li", {}, control);
}
