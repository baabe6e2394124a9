import { isJsonObject } from "../src/common/json";
import { maxFieldNameLength, maxUnitLength } from "../src/dakkio/identifiers";
import type { InputSettings } from "../src/settings/input-settings";
import type { PinUse } from "../src/settings/pin-conflicts";
import type { FieldProblem, SensorDescription } from "../src/setup/api";
import { CalibrationControls } from "./calibration-controls";
import { button, element, heading, replaceContent } from "./dom";
import {
	type FormField,
	type LabelledControl,
	labelledControl,
	type MemberControls,
	numberInput,
	plainAttributes,
	problemNote,
	showMemberProblem,
} from "./form-field";
import { decimalText, parseDecimal, valueText } from "./numbers";
import { PinSelect } from "./pin-select";
import { setText, withoutDefaults } from "./sensors-field";
import { texts } from "./texts";

const words = texts.inputs;
const kinds = ["analog", "state", "pulses"] as const;
type InputKind = (typeof kinds)[number];

/** The settings of an input, as entered. */
interface InputDraft {
	kind: InputKind;
	pin?: unknown;
	name?: unknown;
	unit?: unknown;
	decimals?: unknown;
	scale?: unknown;
	offset?: unknown;
	pull?: unknown;
	active?: unknown;
	report?: unknown;
	debounce?: unknown;
}

interface InputsOptions {
	readonly key: string;
	readonly label: string;
	/** The board's chip. */
	readonly chip: string;
	/** Announces a text to screen readers. */
	announce(text: string): void;
	/** Names of the sensors' values. */
	sensorNames(): readonly string[];
	/** Adds thermometers on a 1-Wire bus, which are sensors. */
	onOneWire(): void;
}

/** A card for each input, with its live value, and a button for each kind of input that can be added. */
export class InputsField implements FormField {
	readonly key: string;
	readonly label: string;
	readonly element = element("div", { class: "cards", role: "group" });
	readonly #options: InputsOptions;
	readonly #note = problemNote(this.element);
	readonly #list = element("div", { class: "cards" });
	#cards: readonly InputCard[] = [];
	#uses: readonly PinUse[] = [];

	constructor(options: InputsOptions) {
		this.key = options.key;
		this.label = options.label;
		this.#options = options;
		this.element.setAttribute("aria-label", options.label);
		const adder = (kind: InputKind | "oneWire", add: () => void) =>
			button(words.kinds[kind], add, { "aria-label": words.add(words.kinds[kind]) });
		this.element.append(
			this.#note.element,
			this.#list,
			element("h4", {}, words.addTitle),
			element(
				"div",
				{ class: "pair" },
				...kinds.map((kind) => adder(kind, () => this.#add(kind))),
				adder("oneWire", () => options.onOneWire()),
			),
		);
	}

	read(): unknown {
		return this.#cards.map((card) => card.read());
	}

	write(value: unknown): void {
		const drafts = Array.isArray(value) ? value.filter(isInputDraft) : [];
		this.#cards = drafts.map((draft) => this.#makeCard({ ...draft }));
		this.#draw();
	}

	missing(): readonly FieldProblem[] {
		const taken = this.#options.sensorNames();
		return this.#cards.flatMap((card, index) => {
			const problem = !card.hasPin
				? words.pinMissing
				: taken.some((name) => name === card.name)
					? `name: ${texts.sensors.nameTaken(String(card.name))}`
					: undefined;
			return problem === undefined ? [] : [{ key: this.key, problem: words.numbered(index, problem) }];
		});
	}

	/** Problems begin with the number of their input. */
	show(problems: readonly FieldProblem[], warnings: readonly FieldProblem[]): void {
		let general: string | undefined;
		const of = new Map<number, string>();
		for (const { problem } of problems) {
			const [, number, text = ""] = /^Number (\d+): (.*)$/s.exec(problem) ?? [];
			const card = this.#cards[Number(number) - 1];
			if (card === undefined) general ??= problem;
			// A new input is incomplete; {@link missing} reports it later.
			else if (!card.hasPin && text !== words.pinMissing) continue;
			else if (!of.has(Number(number))) of.set(Number(number), text);
		}
		for (const [index, card] of this.#cards.entries()) card.showProblem(of.get(index + 1));
		this.#note.show(general, warnings[0]?.problem);
	}

	focus(): void {
		const wrong = this.#cards.find(({ hasProblem }) => hasProblem) ?? this.#cards[0];
		if (wrong !== undefined) wrong.focus();
		else this.element.querySelector("button")?.focus();
	}

	/** `uses`: of pins, by the settings in the form. */
	showPinUses(uses: readonly PinUse[]): void {
		this.#uses = uses;
		for (const [index, card] of this.#cards.entries())
			card.drawPins(uses.filter(({ inputNumber }) => inputNumber !== index + 1));
	}

	/** Shows the present values. */
	showLive(sensors: readonly SensorDescription[]): void {
		for (const card of this.#cards) card.showLive(sensors.find(({ input }) => input?.pin === card.pin));
	}

	/** Inputs for a live measurement: only what affects the pin, with valid placeholder names. */
	readForProbe(): readonly unknown[] {
		return this.#cards.flatMap(({ probed }) => (probed === undefined ? [] : [probed]));
	}

	#add(kind: InputKind): void {
		const names = this.#cards.map((card) => card.name);
		const usual = words.names[kind];
		let name: string = usual;
		for (let number = 2; names.includes(name); number++) name = `${usual}_${number}`;
		const card = this.#makeCard({ kind, name });
		this.#cards = [...this.#cards, card];
		this.#draw();
		this.#onChange();
		card.focus();
	}

	#makeCard(draft: InputDraft): InputCard {
		const { chip, announce } = this.#options;
		const card: InputCard = new InputCard(draft, {
			chip,
			announce,
			onChange: () => this.#onChange("change"),
			onRemove: () => {
				this.#cards = this.#cards.filter((one) => one !== card);
				this.#draw();
				this.#onChange("change");
				announce(words.removed(card.title));
				this.element.querySelector<HTMLElement>(":scope > .pair button")?.focus();
			},
		});
		return card;
	}

	/** `input` does not check the form: an input that was just added is incomplete. */
	#onChange(type: "input" | "change" = "input"): void {
		this.element.dispatchEvent(new Event(type, { bubbles: true }));
	}

	#draw(): void {
		this.#list.hidden = this.#cards.length === 0;
		replaceContent(this.#list, ...this.#cards.map((card) => card.element));
		this.showPinUses(this.#uses);
	}
}

interface CardOptions {
	readonly chip: string;
	announce(text: string): void;
	/** After a change that is not an event of a control. */
	onChange(): void;
	onRemove(): void;
}

/** How a contact is wired: pull resistor and active level. */
const wirings = ["up low", "up high", "down high", "down low", "none high", "none low"] as const;

class InputCard {
	readonly element = element("section", { class: "card" });
	readonly #draft: InputDraft;
	readonly #pins: PinSelect;
	readonly #controls: MemberControls = new Map();
	readonly #title = element("h4", {});
	readonly #value = element("b", { class: "live" });
	readonly #calibration: CalibrationControls | undefined;

	constructor(draft: InputDraft, options: CardOptions) {
		const { chip, onRemove } = options;
		const { kind } = draft;
		this.#draft = draft;
		this.#pins = new PinSelect({ chip, analog: kind === "analog" });
		this.#pins.control.addEventListener("input", () => {
			draft.pin = this.#pins.value;
			this.#refreshTitle();
		});
		const removeButton = button(words.remove, onRemove, { class: "quiet small" });
		const pin = this.#add("pin", words.pin, this.#pins.control);
		if (kind === "analog")
			this.#calibration = new CalibrationControls({
				draft,
				measuredUnit: "volt",
				controls: this.#controls,
				onChange: options.onChange,
				announce: options.announce,
			});
		this.element.append(
			heading(this.#title, removeButton),
			element("p", {}, words.now, " ", this.#value),
			element("div", { class: "pair" }, pin, this.#text("name")),
			...this.#kindControls(),
			...(this.#calibration === undefined ? [] : [this.#calibration.element]),
		);
		this.#refreshTitle();
		this.showLive(undefined);
	}

	get pin(): number | undefined {
		return typeof this.#draft.pin === "number" ? this.#draft.pin : undefined;
	}

	get hasPin(): boolean {
		return this.#draft.pin !== undefined;
	}

	get name(): unknown {
		return this.#draft.name;
	}

	get title(): string {
		return this.#title.textContent ?? "";
	}

	get hasProblem(): boolean {
		return this.element.querySelector("[aria-invalid]") !== null;
	}

	/** As entered, without members that are absent or have their defaults. */
	read(): Readonly<Record<string, unknown>> {
		return withoutDefaults(this.#draft);
	}

	get probed(): unknown {
		const { kind, pull, active, debounce } = this.#draft;
		const { pin } = this;
		return pin === undefined
			? undefined
			: { kind, pin, name: `pin${pin}`, pull, active, ...(kind === "pulses" ? { debounce } : {}) };
	}

	showProblem(text: string | undefined): void {
		showMemberProblem(this.#controls, text);
	}

	focus(): void {
		const wrong = this.element.querySelector<HTMLElement>("[aria-invalid]");
		(wrong ?? this.#pins.control).focus();
	}

	drawPins(uses: readonly PinUse[]): void {
		this.#pins.draw(uses, this.pin);
	}

	showLive(sensor: SensorDescription | undefined): void {
		setText(this.#value, this.#liveText(sensor));
	}

	#liveText(sensor: SensorDescription | undefined): string {
		const { unit, decimals, scale = 1, offset = 0, active } = this.#draft;
		if (this.pin === undefined) return words.choosePin;
		if (sensor?.input === undefined) return words.measuring;
		if (sensor.problem !== undefined) return sensor.problem;
		const { input } = sensor;
		const value = sensor.values[0]?.value;
		if (!isSameAtPin(input, this.#draft)) return words.later;
		if (input.kind === "analog") {
			const scaled = sensor.values[0]?.measured;
			const volts = scaled === undefined ? undefined : (scaled - (input.offset ?? 0)) / (input.scale ?? 1);
			this.#calibration?.show(volts);
			if (volts === undefined || typeof scale !== "number" || typeof offset !== "number")
				return valueText(undefined, "");
			const own = valueText(
				volts * scale + offset,
				typeof unit === "string" ? unit : "volt",
				typeof decimals === "number" ? Math.min(6, Math.max(0, decimals)) : 3,
			);
			return unit === undefined && scale === 1 && offset === 0
				? own
				: words.of(own, valueText(volts, "volt", 3));
		}
		if (input.kind === "state") {
			const flipped = (active ?? "low") !== (input.active ?? "low");
			return valueText(typeof value === "boolean" ? value !== flipped : undefined, "");
		}
		return typeof value === "number" ? words.pulses(value / (input.scale ?? 1)) : valueText(undefined, "");
	}

	#kindControls(): readonly HTMLElement[] {
		const pair = (...controls: readonly HTMLElement[]) => element("div", { class: "pair" }, ...controls);
		switch (this.#draft.kind) {
			case "analog":
				return [pair(this.#text("unit"), this.#number("decimals"))];
			case "state":
				return [this.#wiring()];
			case "pulses":
				return [
					this.#wiring(),
					this.#report(),
					pair(this.#number("scale"), this.#text("unit")),
					this.#number("debounce"),
				];
		}
	}

	#add(
		key: string,
		label: string,
		control: HTMLInputElement | HTMLSelectElement,
		maxLength?: number,
	): HTMLElement {
		const labelled = labelledControl(label, control, { maxLength });
		this.#controls.set(key, labelled);
		return labelled.element;
	}

	#refreshTitle(): void {
		const { pin } = this;
		setText(
			this.#title,
			pin === undefined ? words.kinds[this.#draft.kind] : words.title(words.kinds[this.#draft.kind], pin),
		);
	}

	#text(key: "name" | "unit"): HTMLElement {
		const control = element("input", plainAttributes);
		control.value = this.#draft[key] === undefined ? "" : String(this.#draft[key]);
		if (key === "unit" && this.#draft.kind === "analog") control.placeholder = "volt";
		control.addEventListener("input", () => {
			const text = control.value.trim();
			this.#draft[key] = text === "" && key === "unit" ? undefined : text;
		});
		return this.#add(key, words.members[key], control, key === "name" ? maxFieldNameLength : maxUnitLength);
	}

	#number(key: "decimals" | "scale" | "debounce"): HTMLElement {
		const control = numberInput();
		const usual = { decimals: 3, scale: 1, debounce: 10 }[key];
		control.value = this.#draft[key] === undefined ? "" : decimalText(this.#draft[key]);
		control.placeholder = String(usual);
		control.addEventListener("input", () => {
			this.#draft[key] = parseDecimal(control.value);
		});
		return this.#add(key, words.members[key], control);
	}

	#wiring(): HTMLElement {
		const { pull = "up", active = "low" } = this.#draft;
		const control = element(
			"select",
			{},
			...wirings.map((wiring) => new Option(words.wirings[wiring], wiring)),
		);
		control.value = `${pull} ${active}`;
		control.addEventListener("input", () => {
			const [chosenPull, chosenActive] = control.value.split(" ");
			this.#draft.pull = chosenPull === "up" ? undefined : chosenPull;
			this.#draft.active = chosenActive === "low" ? undefined : chosenActive;
		});
		return labelledControl(words.members.wiring, control).element;
	}

	#report(): HTMLElement {
		const reports = Object.entries(words.reports);
		const control = element("select", {}, ...reports.map(([report, label]) => new Option(label, report)));
		control.value = String(this.#draft.report ?? "count");
		control.addEventListener("input", () => {
			this.#draft.report = control.value === "count" ? undefined : control.value;
		});
		return labelledControl(words.members.report, control).element;
	}
}

/** Whether an input is measured at its pin as these settings say. */
function isSameAtPin(measured: InputSettings, draft: InputDraft): boolean {
	const pullOf = ({ pull = "up" }: { readonly pull?: unknown }) => pull;
	return measured.kind === draft.kind && (measured.kind === "analog" || pullOf(measured) === pullOf(draft));
}

function isInputDraft(value: unknown): value is InputDraft {
	return isJsonObject(value) && kinds.some((kind) => kind === value.kind);
}

interface OneWireOptions {
	readonly key: string;
	readonly label: string;
	readonly help: string;
	readonly chip: string;
}

/** The card of the 1-Wire pin, shown while one is set. */
export class OneWireField implements FormField {
	readonly key: string;
	readonly label: string;
	readonly element: HTMLElement;
	readonly #pins: PinSelect;
	readonly #frame: LabelledControl;
	readonly #found = element("b", { class: "live" });
	#pin: number | undefined;
	#isShown = false;

	constructor({ key, label, help, chip }: OneWireOptions) {
		this.key = key;
		this.label = label;
		this.#pins = new PinSelect({ chip, analog: false });
		this.#pins.control.addEventListener("input", () => {
			this.#pin = this.#pins.value;
		});
		this.#frame = labelledControl(label, this.#pins.control, { help });
		const remove = () => {
			this.write("none");
			this.element.dispatchEvent(new Event("change", { bubbles: true }));
		};
		this.element = element(
			"section",
			{ class: "card" },
			heading(element("h4", {}, words.kinds.oneWire), button(words.remove, remove, { class: "quiet small" })),
			element("p", {}, words.now, " ", this.#found),
			this.#frame.element,
		);
		this.write("none");
	}

	/** Shows the card without a pin. */
	add(): void {
		this.#isShown = true;
		this.#refresh();
		this.focus();
	}

	read(): unknown {
		return this.#pin ?? "none";
	}

	write(value: unknown): void {
		this.#pin = typeof value === "number" ? value : undefined;
		this.#isShown = this.#pin !== undefined;
		this.#refresh();
	}

	missing(): readonly FieldProblem[] {
		return this.#isShown && this.#pin === undefined ? [{ key: this.key, problem: words.pinMissing }] : [];
	}

	show(problems: readonly FieldProblem[]): void {
		this.#frame.show(problems[0]?.problem);
	}

	focus(): void {
		this.#pins.control.focus();
	}

	showPinUses(uses: readonly PinUse[]): void {
		this.#pins.draw(
			uses.filter(({ key }) => key !== this.key),
			this.#pin,
		);
	}

	/** `count`: number of responding thermometers. */
	showLive(count: number): void {
		setText(this.#found, this.#pin === undefined ? words.choosePin : words.thermometers(count));
	}

	#refresh(): void {
		this.element.hidden = !this.#isShown;
		this.showPinUses([]);
		this.showLive(0);
	}
}
