import { countCharacters } from "../src/common/characters";
import type { FieldProblem } from "../src/setup/api";
import { button, type Child, element, icons, iconText, replaceContent, setAttributes, uniqueId } from "./dom";
import { parseDecimal } from "./numbers";
import type { SettingRow } from "./setting-texts";
import { texts } from "./texts";

/** A setting on the page. */
export interface FormField {
	readonly key: string;
	readonly label: string;
	readonly element: HTMLElement;
	/** The value for the board; `undefined` omits the setting. */
	read(): unknown;
	write(value: unknown): void;
	/** Problems of missing values. */
	missing(): readonly FieldProblem[];
	/** Shows problems and warnings; empty lists clear them. */
	show(problems: readonly FieldProblem[], warnings: readonly FieldProblem[]): void;
	/** Focuses its first problem, or its first control. */
	focus(): void;
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** A control with label, help and problem, linked for screen readers. */
export interface LabelledControl {
	readonly element: HTMLElement;
	show(problem: string | undefined, warning?: string): void;
}

export function labelledControl(
	label: Child,
	control: Control,
	{ help = "", beside, maxLength }: ControlOptions = {},
): LabelledControl {
	const id = uniqueId();
	control.id = id;
	const note = problemNote(control, help === "" ? undefined : `${id}-help`);
	return {
		element: element(
			"div",
			{ class: "field" },
			element("label", { for: id }, label),
			maxLength === undefined ? undefined : counter(control, maxLength),
			beside === undefined ? control : element("div", { class: "joined" }, control, beside),
			note.element,
			help === "" ? undefined : element("p", { class: "help", id: `${id}-help` }, help),
		),
		show: note.show,
	};
}

interface ControlOptions {
	readonly help?: string;
	readonly beside?: Child;
	/** Maximum length of a text, as the board counts it; a counter is shown. */
	readonly maxLength?: number | undefined;
}

/** How long a text is. The problem of one that is too long says so to screen readers. */
function counter(control: Control, maxLength: number): HTMLElement {
	const shown = element("span", { class: "help count", "aria-hidden": "true" });
	for (const event of ["focus", "input"])
		control.addEventListener(event, () => {
			const length = countCharacters(control.value.trim());
			shown.textContent = texts.lengthOf(length, maxLength);
			shown.classList.toggle("problem", length > maxLength);
		});
	return shown;
}

/** Controls by the member of a setting that they enter. */
export type MemberControls = Map<string, LabelledControl>;

/** Shows a problem that begins with the name of a member at its control; others at the first control. */
export function showMemberProblem(controls: MemberControls, problem: string | undefined): void {
	const [, member = "", text = problem] = /^(\w+): (.*)$/s.exec(problem ?? "") ?? [];
	const own = controls.get(member) ?? [...controls.values()][0];
	for (const control of controls.values())
		control.show(control !== own ? undefined : controls.has(member) ? text : problem);
}

/** Shows a problem below a control or a group of controls. */
export function problemNote(control: HTMLElement, helpId?: string): LabelledControl {
	const id = uniqueId();
	const note = element("p", { class: "problem", id, hidden: true });
	setAttributes(control, { "aria-describedby": helpId });
	return {
		element: note,
		show(problem, warning) {
			const wrong = problem !== undefined;
			// The board's sentences have ASCII minus signs.
			const text = (problem ?? warning)?.replace(/ -(?=\d)/g, " −");
			const kind = wrong ? texts.problem : texts.warning;
			note.hidden = text === undefined;
			note.className = wrong ? "problem" : "warning";
			replaceContent(note, ...iconText(icons.warning, element("b", { class: "aside" }, `${kind} `), text));
			setAttributes(control, {
				"aria-invalid": wrong ? "true" : undefined,
				"aria-describedby": [text === undefined ? "" : id, helpId].filter(Boolean).join(" ") || undefined,
			});
		},
	};
}

/** A password field with a button that shows the password. */
export function secretInput(label: string): {
	readonly input: HTMLInputElement;
	readonly toggle: HTMLButtonElement;
} {
	const input = element("input", { ...plainAttributes, type: "password" });
	const toggle = button(
		texts.show,
		() => {
			const shown = input.type === "text";
			input.type = shown ? "password" : "text";
			toggle.textContent = shown ? texts.show : texts.hide;
			toggle.setAttribute("aria-pressed", String(!shown));
		},
		{ class: "toggle", "aria-label": texts.showOf(label), "aria-pressed": "false" },
	);
	return { input, toggle };
}

/** Reads and writes the value of a kind of control. */
interface ControlBinding {
	readonly control: Control;
	read(): unknown;
	write(value: unknown): void;
	readonly beside?: Child;
}

/**
 * `required`: the problem of an empty field; `set`: the board has a value, which a secret does not show; `unsaved`: from the
 * last test only.
 */
export function settingField(
	description: SettingRow,
	options: {
		readonly required?: string;
		readonly set?: boolean;
		readonly unsaved?: boolean | undefined;
	} = {},
): FormField {
	const { key, label, kind } = description;
	const { choices = [] } = description;
	if (kind === "choice" && choices.length <= 3) return choiceField(description);
	if (kind === "list" && choices.length > 0) return choiceField(description);
	if (kind === "number or word" || (kind === "number" && description.unit === "s"))
		return pickField(description);
	const access = description.secret === true ? secretBinding(label) : bindingFor(description);
	const framed = labelledControl(withUnit(label, description.unit), access.control, {
		help: helpOf(description, options),
		beside: access.beside,
		maxLength: kind === "text" && description.secret !== true ? description.maxLength : undefined,
	});
	return {
		key,
		label,
		element: framed.element,
		read: access.read,
		write: access.write,
		missing: () =>
			options.required !== undefined && (access.read() ?? (options.set === true ? "-" : "")) === ""
				? [{ key, problem: options.required }]
				: [],
		show: (problems, warnings) => framed.show(problems[0]?.problem, warnings[0]?.problem),
		focus: () => access.control.focus(),
	};
}

function helpOf(
	{ help, kind, secret }: SettingRow,
	{ set, unsaved }: { readonly set?: boolean; readonly unsaved?: boolean | undefined },
): string {
	if (secret === true && set === true) return `${help} ${texts.keepSecret(unsaved)}`;
	return kind === "list" ? `${help} ${texts.board.onePerLine}` : help;
}

function withUnit(label: string, unit: string | undefined): string {
	return unit === undefined || unit === "" ? label : `${label} (${texts.units[unit] ?? unit})`;
}

function secretBinding(label: string): ControlBinding {
	const { input, toggle } = secretInput(label);
	return {
		control: input,
		beside: toggle,
		read: () => (input.value.trim() === "" ? undefined : input.value),
		write: (value) => {
			input.value = typeof value === "string" ? value : "";
		},
	};
}

/** Attributes of a text field that is not prose. */
export const plainAttributes = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };

function bindingFor({ kind, choices = [], min = 0 }: SettingRow): ControlBinding {
	if (kind === "choice") {
		const control = element("select", {}, ...choices.map((word) => new Option(choiceLabel(word), word)));
		return textBinding(control);
	}
	if (kind === "list") {
		const control = element("textarea", { ...plainAttributes, rows: 3 });
		return {
			control,
			read: () => control.value.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()])),
			write: (value) => {
				control.value = Array.isArray(value) ? value.join("\n") : "";
			},
		};
	}
	if (kind === "long text")
		return textBinding(element("textarea", { ...plainAttributes, rows: 5, class: "code" }));
	if (kind === "number") {
		const control = numberInput(min < 0);
		return { ...textBinding(control), read: () => parseDecimal(control.value) ?? "" };
	}
	return textBinding(element("input", plainAttributes));
}

/** An input for a number with decimals. `signed`: may be negative: phones' number keyboards have no minus. */
export function numberInput(signed = false): HTMLInputElement {
	return element("input", { ...plainAttributes, inputmode: signed ? undefined : "decimal" });
}

function textBinding(control: Control): ControlBinding {
	return {
		control,
		read: () => control.value.trim(),
		write: (value) => {
			control.value = value === undefined ? "" : String(value);
		},
	};
}

/** Radio buttons, or check boxes for a list. */
function choiceField({ key, label, help, kind, choices = [] }: SettingRow): FormField {
	const name = uniqueId();
	const several = kind === "list";
	const type = several ? "checkbox" : "radio";
	const inputs = choices.map((word) => element("input", { type, name, value: word }));
	const chosen = () => inputs.filter(({ checked }) => checked).map(({ value }) => value);
	const helpId = uniqueId();
	const group = element("fieldset", { class: "field" });
	const note = problemNote(group, helpId);
	group.append(
		element("legend", {}, label),
		element(
			"div",
			{ class: "choices" },
			...inputs.map((input) => element("label", {}, input, element("span", {}, choiceLabel(input.value)))),
		),
		note.element,
		element("p", { class: "help", id: helpId }, help),
	);
	return {
		key,
		label,
		element: group,
		read: () => (several ? chosen() : chosen()[0]),
		write: (value) => {
			for (const input of inputs) input.checked = [value].flat().includes(input.value);
		},
		missing: () => [],
		show: (problems, warnings) => note.show(problems[0]?.problem, warnings[0]?.problem),
		focus: () => (inputs.find(({ checked }) => checked) ?? inputs[0])?.focus(),
	};
}

const otherChoice = "other";
const commonIntervalsS = [0, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400];

/** Words, common intervals, and an entry for any other number. */
function pickList({ unit, choices = [], min = 0, max = Number.POSITIVE_INFINITY }: SettingRow) {
	const seconds = unit === "s";
	const numbers = seconds ? commonIntervalsS.filter((value) => value >= min && value <= max) : [];
	return element(
		"select",
		{},
		...choices.map((word) => new Option(choiceLabel(word), word)),
		...numbers.map((value) => new Option(intervalLabel(value), String(value))),
		new Option(seconds ? texts.board.other : texts.board.number, otherChoice),
	);
}

/** A number or a word, chosen from a list or typed. */
function pickField(description: SettingRow): FormField {
	const { key, label, help, unit, choices = [] } = description;
	const seconds = unit === "s";
	const control = pickList(description);
	const typed = element("input", {
		inputmode: "numeric",
		autocomplete: "off",
		"aria-label": (seconds ? texts.board.secondsOf : texts.board.numberOf)(label),
	});
	const unitShown = seconds ? element("span", { class: "unit" }, texts.board.seconds) : undefined;
	const more = element("span", { class: "typed" }, typed, unitShown);
	const framed = labelledControl(label, control, { help, beside: more });
	const refresh = () => {
		more.hidden = control.value !== otherChoice;
	};
	control.addEventListener("change", () => {
		refresh();
		if (control.value === otherChoice) typed.focus();
	});
	const listed = () => findWord(choices, control.value) ?? Number(control.value);
	return {
		key,
		label,
		element: framed.element,
		read: () => (control.value === otherChoice ? parseNumber(typed.value) : listed()),
		write: (value) => {
			const text = String(value);
			const isListed = text !== otherChoice && [...control.options].some((option) => option.value === text);
			control.value = isListed ? text : otherChoice;
			typed.value = isListed ? "" : text;
			refresh();
		},
		missing: () => [],
		show: (problems, warnings) => {
			// The board's sentences name words as settings files do.
			const problem = problems[0]?.problem.replace(/\bor ([a-z]+)/g, (_, word) => `or ${choiceLabel(word)}`);
			framed.show(problem, warnings[0]?.problem);
			setAttributes(typed, { "aria-invalid": problems.length > 0 ? "true" : undefined });
		},
		focus: () => (control.value === otherChoice ? typed : control).focus(),
	};
}

function findWord(choices: readonly string[], text: string): string | undefined {
	return choices.find((word) => word === text);
}

/** Other text stays text: the board reports the problem. */
function parseNumber(text: string): number | string {
	return /^\s*\d+\s*$/.test(text) ? Number(text) : text;
}

function intervalLabel(value: number): string {
	return value === 0 ? texts.board.eachReading : texts.duration(value);
}

export function choiceLabel(word: string): string {
	return texts.board.words[word] ?? (word.charAt(0).toUpperCase() + word.slice(1)).replace(/_/g, " ");
}
