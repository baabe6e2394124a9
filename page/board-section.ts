import type { InputSettings } from "../src/settings/input-settings";
import { pinUses } from "../src/settings/pin-conflicts";
import type { SettingKey } from "../src/settings/settings";
import type { MeasureState, SetupState } from "../src/setup/api";
import { estimateCalls } from "./call-estimate";
import { button, element, fact, heading, replaceContent } from "./dom";
import { type FormField, settingField } from "./form-field";
import { InputsField, OneWireField } from "./inputs-field";
import { pinCare } from "./pins";
import { SensorsField } from "./sensors-field";
import { type SettingRow, settingTexts, withTexts } from "./setting-texts";
import type { SettingsForm } from "./settings-form";
import { texts } from "./texts";

const words = texts.board;

/** Further settings by topic. The rest of the table follows in a last group. */
const groups: readonly (readonly [title: string, keys: readonly string[]])[] = [
	[words.groups.service, ["server", "rootCertificate", "ntpServers"]],
	[words.groups.battery, ["batteryPin", "batteryRatio"]],
	[words.groups.panel, ["ledPin", "ledActive", "buttonPin"]],
	[words.groups.bus, ["dataPin", "clockPin", "statistics"]],
];

/** Settings that decide what a pin is used for. */
const pinKeys = [
	"batteryPin",
	"ledPin",
	"buttonPin",
	"dataPin",
	"clockPin",
	"oneWirePin",
	"serialPin",
	"power",
] as const;

interface BoardSectionOptions {
	readonly state: SetupState;
	readonly form: SettingsForm;
	/** Keys of settings in other steps. */
	readonly placed: readonly string[];
	/** Further parts, closed at first. */
	readonly parts: readonly HTMLElement[];
	/** Announces a text to screen readers. */
	announce(text: string): void;
	onScan(forget: boolean): void;
}

/** The step "Board": facts, sensors, inputs, intervals, and all other settings. */
export class BoardSection {
	readonly elements: readonly HTMLElement[];
	readonly #options: BoardSectionOptions;
	readonly #facts = element("dl", { class: "facts" });
	readonly #sensors: SensorsField;
	readonly #inputs: InputsField;
	readonly #oneWire: OneWireField;
	readonly #forgetButton: HTMLButtonElement;
	readonly #plan = element("div", { class: "card plan" });
	#planCalls: SetupState["plan"];

	constructor(options: BoardSectionOptions) {
		const { state, form, placed, parts, announce, onScan } = options;
		const { chip } = state.board;
		this.#options = options;
		this.#planCalls = state.plan;
		const labelled = (key: SettingKey) => ({ key, ...settingTexts[key], announce, chip });
		this.#sensors = new SensorsField(labelled("sensors"));
		this.#oneWire = new OneWireField(labelled("oneWirePin"));
		this.#inputs = new InputsField({
			...labelled("inputs"),
			sensorNames: () => this.#sensors.names,
			onOneWire: () => this.#oneWire.add(),
		});
		this.#forgetButton = button(words.forgetMissing, () => onScan(true), {
			class: "quiet wide",
			hidden: true,
		});
		const table = new Map<string, SettingRow>(state.table.map((row) => [row.key, withTexts(row)]));
		const field = (key: string) => {
			const description = table.get(key);
			table.delete(key);
			return description === undefined ? undefined : form.add(fieldOf(description, state));
		};
		for (const key of [...placed, "sensors", "inputs", "oneWirePin"]) table.delete(key);
		const measured = [form.add(this.#sensors), form.add(this.#inputs), form.add(this.#oneWire)] as const;
		const calculated = ["derived", "altitude"].map(field);
		const usual = ["deviceId", "location", "interval", "uploadInterval", "power"].map(field);
		const further = groups.map(([title, keys]) => group(title, keys.map(field)));
		const more = [...table.keys()].map(field);
		if (more.length > 0) further.push(group(words.groups.more, more));
		const [sensors, inputs, oneWire] = measured;
		this.elements = [
			this.#facts,
			element("p", { class: "help" }, words.names),
			heading(
				element("h3", {}, words.sensors),
				button(words.scanAgain, () => onScan(false), { class: "quiet small" }),
			),
			element("p", { class: "help" }, settingTexts.sensors.help),
			sensors,
			this.#forgetButton,
			element("h3", {}, words.inputs),
			element("p", { class: "help" }, settingTexts.inputs.help),
			oneWire,
			inputs,
			...calculated.filter((one) => one !== undefined),
			element("h3", {}, words.measuring),
			...usual.filter((one) => one !== undefined),
			this.#plan,
			element("h3", {}, words.more),
			element("div", { class: "groups" }, ...further, ...parts),
		];
		this.show(state);
	}

	/** Shows a new state of the board. */
	show({ board, sensors, waiting, plan }: SetupState): void {
		this.#planCalls = plan;
		this.#showFacts([
			[words.chip, board.chip],
			[words.firmware, board.firmwareVersion],
			[words.name, board.name],
			[words.deviceId, board.deviceId],
			...(waiting > 0 ? [[words.pending, words.readings(waiting)] as const] : []),
		]);
		this.showLive({ sensors, probed: [], waiting });
		this.refresh();
	}

	/** Shows the present values. */
	showLive({ sensors, probed }: MeasureState): void {
		const all = [...sensors, ...probed];
		const thermometers = all.filter(({ name }) => name.startsWith("DS18B20"));
		this.#sensors.showLive(all.filter(({ input }) => input === undefined));
		this.#inputs.showLive(all);
		this.#oneWire.showLive(thermometers.length);
		this.#forgetButton.hidden = !sensors.some(({ missing }) => missing === true);
	}

	/** Inputs and pins for a live measurement. */
	readForProbe(): Readonly<Record<string, unknown>> {
		const values = this.#options.form.values();
		const pins = Object.fromEntries(pinKeys.map((key) => [key, values[key]]));
		return { ...pins, inputs: this.#inputs.readForProbe() };
	}

	/** After a change of the form: estimates the calls, and offers the pins that are free now. */
	refresh(): void {
		const values = this.#options.form.values();
		const pin = (key: string) => {
			const value = values[key];
			return typeof value === "number" || value === "auto" ? value : "none";
		};
		const known = (key: string) => {
			const value = pin(key);
			return value === "none" ? "auto" : value;
		};
		const uses = pinUses(
			{
				...{ batteryPin: batteryPin(pin("batteryPin")), ledPin: pin("ledPin"), buttonPin: pin("buttonPin") },
				...{ dataPin: known("dataPin"), clockPin: known("clockPin") },
				...{ oneWirePin: batteryPin(pin("oneWirePin")), serialPin: batteryPin(pin("serialPin")) },
				inputs: Array.isArray(values.inputs) ? values.inputs.map(asInput) : [],
			},
			this.#options.state.board.pins,
		);
		this.#inputs.showPinUses(uses);
		this.#oneWire.showPinUses(uses);
		this.#showPlan();
	}

	#showPlan(): void {
		const { limit, remaining } = this.#planCalls;
		const plan = estimateCalls(this.#options.form.values(), limit);
		const over = plan !== undefined && plan.calls > limit;
		const share = plan === undefined ? 0 : Math.min(1, plan.calls / limit);
		const part = element("span", { class: "part" });
		// Not as an attribute: the content security policy blocks inline styles.
		part.style.width = `${100 * share}%`;
		const bar = element("span", { class: "bar", "aria-hidden": "true" }, part);
		this.#plan.classList.toggle("over", over);
		replaceContent(
			this.#plan,
			element("h4", {}, texts.plan.title),
			element("p", {}, plan === undefined ? texts.plan.unknown : texts.plan.needs(plan)),
			plan === undefined ? undefined : bar,
			element("p", { class: "help" }, (over ? texts.plan.over : texts.plan.fits)(limit, remaining)),
		);
	}

	#showFacts(facts: readonly (readonly [name: string, text: string])[]): void {
		replaceContent(this.#facts, ...facts.map(([name, text]) => fact(name, text)));
	}
}

function batteryPin(value: number | "auto" | "none"): number | "none" {
	return value === "auto" ? "none" : value;
}

/** What an input means for its pin. */
function asInput({ kind, pin, name }: { kind: unknown; pin: unknown; name: unknown }): InputSettings {
	const use = { pin: typeof pin === "number" ? pin : -1, name: String(name) };
	return kind === "analog" ? { kind, ...use } : { kind: "state", ...use };
}

/** Secrets are in other steps. */
function fieldOf(description: SettingRow, { board }: SetupState) {
	const field = settingField(description);
	if (description.key === "deviceId")
		field.element.querySelector("input")?.setAttribute("placeholder", board.deviceId);
	return description.key.endsWith("Pin") ? withPinCare(field, board.chip) : field;
}

/** Also shows why the chosen pin needs care. */
function withPinCare(field: FormField, chip: string): FormField {
	return {
		...field,
		show(problems, warnings) {
			const pin = field.read();
			// Only the button needs a pull-up inside.
			const care = typeof pin === "number" ? pinCare(chip, pin, field.key !== "buttonPin") : undefined;
			const own = care && { key: field.key, problem: `GPIO ${pin} – ${texts.pins.care[care]}.` };
			field.show(problems, own === undefined ? warnings : [own, ...warnings]);
		},
	};
}

function group(title: string, fields: readonly (HTMLElement | undefined)[]): HTMLElement {
	return element("details", {}, element("summary", {}, title), element("div", { class: "stack" }, ...fields));
}
