import { isJsonObject } from "../src/common/json";
import { maxFieldNameLength } from "../src/dakkio/identifiers";
import type { FieldProblem, SensorDescription, ValueDescription } from "../src/setup/api";
import { CalibrationControls } from "./calibration-controls";
import { element, heading, icons, iconText, labelledCheck, replaceContent, setAttributes } from "./dom";
import {
	type FormField,
	labelledControl,
	type MemberControls,
	numberInput,
	plainAttributes,
	problemNote,
	showMemberProblem,
} from "./form-field";
import { decimalText, parseDecimal, valueText } from "./numbers";
import { texts } from "./texts";

const words = texts.sensors;

/** The settings of a field, as entered. */
interface FieldDraft {
	name?: unknown;
	off?: unknown;
	scale?: unknown;
	offset?: unknown;
}

/** The settings of a sensor, as entered; those without a control here are kept. */
interface SensorDraft {
	off?: unknown;
	fields?: Record<string, FieldDraft>;
	[option: string]: unknown;
}

/** Settings of a kind of sensor in addition to its fields, by the first word of its name. */
const sensorOptions: Readonly<Record<string, readonly (keyof typeof words.options)[]>> = {
	INA219: ["shunt"],
	INA226: ["shunt"],
	INA228: ["shunt"],
	ADS1115: ["range"],
	SCD4x: ["temperatureOffset", "recalibrate", "selfCalibration"],
};

interface SensorsOptions {
	readonly key: string;
	readonly label: string;
	/** Announces a text to screen readers. */
	announce(text: string): void;
}

/** A card for each sensor: its live values, and for each value its name, whether it is stored, and its calibration. */
export class SensorsField implements FormField {
	readonly key: string;
	readonly label: string;
	readonly element = element("div", { class: "cards" });
	readonly #note = problemNote(this.element);
	readonly #announce: (text: string) => void;
	readonly #cards = new Map<string, SensorCard>();
	readonly #empty = element("p", { class: "warning" }, ...iconText(icons.warning, words.none));
	#draft: Record<string, SensorDraft> = {};
	#live: readonly SensorDescription[] = [];

	constructor({ key, label, announce }: SensorsOptions) {
		this.key = key;
		this.label = label;
		this.#announce = announce;
		this.element.setAttribute("role", "group");
		this.element.setAttribute("aria-label", label);
	}

	read(): unknown {
		const used = Object.entries(this.#draft).map(
			([name, draft]) => [name, withoutDefaultFields(draft)] as const,
		);
		return Object.fromEntries(used.filter(([, draft]) => Object.keys(draft).length > 0));
	}

	write(value: unknown): void {
		this.#draft = isJsonObject(value) ? structuredCopy(value) : {};
		this.#cards.clear();
		this.showLive(this.#live);
	}

	/** Reports duplicate names: the board would omit the second value. */
	missing(): readonly FieldProblem[] {
		const seen = new Set<string>();
		for (const [sensor, card] of this.#cards)
			for (const [field, name] of card.names) {
				if (seen.has(name))
					return [{ key: this.key, problem: `${sensor}: fields: ${field}: name: ${words.nameTaken(name)}` }];
				seen.add(name);
			}
		return [];
	}

	/** Of all values that are stored. */
	get names(): readonly string[] {
		return [...this.#cards.values()].flatMap((card) => card.names.map(([, name]) => name));
	}

	/** A problem names its sensor first. */
	show(problems: readonly FieldProblem[], warnings: readonly FieldProblem[]): void {
		let text = problems[0]?.problem;
		for (const [name, card] of this.#cards) {
			const own = text?.startsWith(`${name}: `) === true;
			card.showProblem(own ? text?.slice(name.length + 2) : undefined);
			if (own) text = undefined;
		}
		this.#note.show(text, warnings[0]?.problem);
	}

	focus(): void {
		const find = (what: string) => this.element.querySelector<HTMLElement>(what);
		(find("input[aria-invalid]") ?? find("summary"))?.focus();
	}

	/** Shows the present values. */
	showLive(sensors: readonly SensorDescription[]): void {
		this.#live = sensors;
		// Those that are switched off are not measured.
		const off = Object.keys(this.#draft).filter(
			(name) => this.#draft[name]?.off === true && !sensors.some((one) => one.name === name),
		);
		const shown = [...sensors, ...off.map((name): SensorDescription => ({ name, values: [] }))];
		for (const name of this.#cards.keys())
			if (!shown.some((sensor) => sensor.name === name)) this.#cards.delete(name);
		for (const sensor of shown) this.#card(sensor.name).show(sensor);
		const elements = [
			this.#note.element,
			...(shown.length === 0 ? [this.#empty] : []),
			...shown.map(({ name }) => this.#card(name).element),
		];
		// A redraw would take the focus.
		if (
			elements.some((one, index) => this.element.children[index] !== one) ||
			elements.length !== this.element.children.length
		)
			replaceContent(this.element, ...elements);
	}

	#card(name: string): SensorCard {
		const known = this.#cards.get(name);
		if (known !== undefined) return known;
		this.#draft[name] ??= {};
		const card = new SensorCard(name, this.#draft[name], {
			announce: this.#announce,
			onChange: () => this.element.dispatchEvent(new Event("change", { bubbles: true })),
		});
		this.#cards.set(name, card);
		return card;
	}
}

interface CardOptions {
	announce(text: string): void;
	/** After a change that is not an event of a control. */
	onChange(): void;
}

class SensorCard {
	readonly element = element("section", { class: "card" });
	readonly #draft: SensorDraft;
	readonly #options: CardOptions;
	readonly #problem = element("p", { class: "warning", hidden: true });
	readonly #values = element("div", { class: "values" });
	readonly #rows = new Map<string, ValueRow>();
	readonly #controls: MemberControls = new Map();
	readonly #note = problemNote(this.element);

	constructor(name: string, draft: SensorDraft, options: CardOptions) {
		this.#draft = draft;
		this.#options = options;
		const use = element("input", { type: "checkbox", "aria-label": words.useOf(name) });
		use.checked = draft.off !== true;
		const refresh = () => {
			this.#values.hidden = !use.checked;
		};
		use.addEventListener("input", () => {
			draft.off = !use.checked;
			refresh();
		});
		refresh();
		const title = element("h4", {}, name);
		setAttributes(this.element, { "aria-label": name });
		this.element.append(
			heading(title, labelledCheck(use, words.use)),
			this.#problem,
			this.#note.element,
			this.#values,
			...this.#optionControls(name),
		);
	}

	show({ problem, values }: SensorDescription): void {
		this.#problem.hidden = problem === undefined;
		if (problem !== undefined && this.#problem.textContent !== problem)
			replaceContent(this.#problem, ...iconText(icons.warning, problem));
		for (const value of values) this.#row(value.field).show(value);
		// Fields that are off have no live value.
		for (const [field, { off }] of Object.entries(this.#draft.fields ?? {}))
			if (off === true && !values.some((value) => value.field === field)) this.#row(field).show(undefined);
	}

	/** Of the values that are stored, by field. */
	get names(): readonly (readonly [field: string, name: string])[] {
		if (this.#draft.off === true) return [];
		return [...this.#rows].flatMap(([field, { storedName }]) =>
			storedName === undefined ? [] : [[field, storedName] as const],
		);
	}

	/** A problem names the field, or its member, first. */
	showProblem(text: string | undefined): void {
		const [, field = "", ofField] = /^fields: (\w+): (.*)$/s.exec(text ?? "") ?? [];
		for (const [key, row] of this.#rows) row.showProblem(key === field ? ofField : undefined);
		const own = this.#rows.has(field) ? undefined : text;
		const hasControl = this.#controls.size > 0;
		if (hasControl) showMemberProblem(this.#controls, own);
		this.#note.show(hasControl ? undefined : own);
	}

	#row(field: string): ValueRow {
		const known = this.#rows.get(field);
		if (known !== undefined) return known;
		this.#draft.fields ??= {};
		this.#draft.fields[field] ??= {};
		const row = new ValueRow(field, this.#draft.fields[field], this.#options);
		this.#rows.set(field, row);
		this.#values.append(row.element);
		return row;
	}

	#optionControls(name: string): readonly HTMLElement[] {
		const keys = sensorOptions[name.split(" ", 1)[0] ?? ""] ?? [];
		const controls = keys.map((key) => {
			const { label, help, isOn } = words.options[key];
			const input = isOn === true ? element("input", { type: "checkbox" }) : numberInput();
			const entered = this.#draft[key];
			input.checked = entered !== false;
			input.value = entered === undefined ? "" : decimalText(entered);
			input.addEventListener("input", () => {
				// Absent: on.
				this.#draft[key] = isOn === true ? (input.checked ? undefined : false) : parseDecimal(input.value);
			});
			if (isOn === true) return labelledCheck(input, label);
			const control = labelledControl(label, input, { help });
			this.#controls.set(key, control);
			return control.element;
		});
		const more = () =>
			element(
				"details",
				{ class: "value" },
				element("summary", {}, element("span", { class: "name" }, words.more)),
				element("div", { class: "stack" }, ...controls),
			);
		return controls.length === 0 ? [] : [more()];
	}
}

/** A value, with settings that can be opened. */
class ValueRow {
	readonly element: HTMLDetailsElement;
	readonly #field: string;
	readonly #draft: FieldDraft;
	readonly #options: CardOptions;
	readonly #name = element("input", plainAttributes);
	readonly #shownName = element("span", { class: "name" });
	readonly #shownValue = element("b", {});
	readonly #settings = element("div", { class: "stack" });
	readonly #controls: MemberControls = new Map();
	#calibration: CalibrationControls | undefined;
	#live: ValueDescription | undefined;
	/** All names that the user has given it, and the board's own name, if known. */
	readonly #userNames = new Set<unknown>();
	#assignedName: string | undefined;

	constructor(field: string, draft: FieldDraft, options: CardOptions) {
		this.#field = field;
		this.#draft = draft;
		this.#options = options;
		const stored = element("input", { type: "checkbox" });
		stored.checked = draft.off !== true;
		stored.addEventListener("input", () => {
			draft.off = !stored.checked;
			this.#refresh();
		});
		this.#name.value = draft.name === undefined ? "" : String(draft.name);
		this.#userNames.add(draft.name);
		this.#name.addEventListener("input", () => {
			const text = this.#name.value.trim();
			draft.name = text === "" ? undefined : text;
			this.#userNames.add(draft.name);
			this.#refresh();
		});
		const name = labelledControl(words.name, this.#name, { maxLength: maxFieldNameLength });
		this.#controls.set("name", name);
		this.#settings.append(name.element, labelledCheck(stored, words.store));
		this.element = element(
			"details",
			{ class: "value" },
			element("summary", {}, this.#shownName, this.#shownValue),
			this.#settings,
		);
		this.#refresh();
	}

	/** `undefined`: it is off, so it has no live value. */
	show(live: ValueDescription | undefined): void {
		this.#live = live;
		if (live !== undefined && !this.#userNames.has(live.name)) this.#assignedName = live.name;
		if (live?.measured !== undefined && this.#calibration === undefined) {
			this.#calibration = new CalibrationControls({
				draft: this.#draft,
				measuredUnit: live.unit,
				controls: this.#controls,
				onChange: () => {
					this.#refresh();
					this.#options.onChange();
				},
				announce: this.#options.announce,
			});
			this.#settings.append(this.#calibration.element);
		}
		this.#calibration?.show(live?.measured);
		this.#refresh();
	}

	/** `undefined` if it is not stored, or its name is not known. */
	get storedName(): string | undefined {
		const { name = this.#assignedName, off } = this.#draft;
		return off === true || name === undefined ? undefined : String(name);
	}

	showProblem(text: string | undefined): void {
		showMemberProblem(this.#controls, text);
		if (text !== undefined) this.element.open = true;
	}

	#refresh(): void {
		const { name, off, scale = 1, offset = 0 } = this.#draft;
		const live = this.#live;
		const assigned = this.#assignedName ?? this.#field;
		this.#name.placeholder = assigned;
		setText(this.#shownName, fieldText(String(name ?? assigned)));
		// With the calibration in the form, before it is saved.
		const value =
			live?.measured !== undefined && typeof scale === "number" && typeof offset === "number"
				? live.measured * scale + offset
				: live?.value;
		setText(this.#shownValue, off === true ? words.off : valueText(value, live?.unit ?? "", live?.decimals));
	}
}

/** Does not touch unchanged text: a screen reader may be reading it. */
export function setText(target: HTMLElement, text: string): void {
	if (target.textContent !== text) target.textContent = text;
}

/** `dew_point` as `dew point`. */
export function fieldText(name: string): string {
	return texts.fields[name] ?? name.replace(/_/g, " ");
}

function withoutDefaultFields({ fields = {}, ...draft }: SensorDraft): SensorDraft {
	const used = Object.entries(fields).map(([field, one]) => [field, withoutDefaults(one)] as const);
	const kept = Object.fromEntries(used.filter(([, one]) => Object.keys(one).length > 0));
	return { ...withoutDefaults(draft), ...(Object.keys(kept).length > 0 ? { fields: kept } : {}) };
}

/** Removes members that are absent or have no effect. */
export function withoutDefaults<T extends object>(draft: T): Partial<T> {
	const unused = (key: string, value: unknown) =>
		value === undefined ||
		(key === "off" && value === false) ||
		(key === "scale" && value === 1) ||
		(key === "offset" && value === 0);
	const used = Object.entries(draft).filter(([key, value]) => !unused(key, value));
	return Object.fromEntries(used) as Partial<T>;
}

/** Only entries that can be settings of a sensor; the board reports the others when they are imported. */
function structuredCopy(value: Readonly<Record<string, unknown>>): Record<string, SensorDraft> {
	const copy: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(value));
	return Object.fromEntries(
		Object.entries(copy).filter((entry): entry is [string, SensorDraft] => isJsonObject(entry[1])),
	);
}
