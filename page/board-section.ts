import type { SetupState } from "../src/setup/api";
import { estimateCalls } from "./call-estimate";
import { element, replaceContent } from "./dom";
import { settingField } from "./form-field";
import { SensorList } from "./sensor-list";
import { type SettingRow, withTexts } from "./setting-texts";
import type { SettingsForm } from "./settings-form";
import { texts } from "./texts";

const words = texts.board;

/** Advanced settings by topic. Others of the table follow in a last group. */
const groups: readonly (readonly [title: string, keys: readonly string[]])[] = [
	[words.groups.service, ["server", "rootCertificate", "ntpServers"]],
	[words.groups.battery, ["batteryPin", "batteryRatio"]],
	[words.groups.panel, ["ledPin", "ledActive", "buttonPin"]],
	[
		words.groups.bus,
		["dataPin", "clockPin", "oneWirePin", "sensors", "inputs", "derived", "altitude", "statistics"],
	],
];

/** The step "Board": facts, sensors, intervals, and all other settings. */
export class BoardSection {
	readonly elements: readonly HTMLElement[];
	readonly #facts = element("dl", { class: "facts" });
	readonly #sensors: SensorList;
	readonly #plan = element("div", { class: "card plan" });
	readonly #form: SettingsForm;
	#planCalls: SetupState["plan"];

	/** `placed`: keys of settings in other steps. */
	constructor(
		state: SetupState,
		form: SettingsForm,
		placed: readonly string[],
		onScan: (forget: boolean) => void,
	) {
		this.#sensors = new SensorList(onScan);
		this.#form = form;
		this.#planCalls = state.plan;
		const table = new Map<string, SettingRow>(state.table.map((row) => [row.key, withTexts(row)]));
		const field = (key: string) => {
			const description = table.get(key);
			table.delete(key);
			return description === undefined ? undefined : form.add(fieldOf(description, state));
		};
		for (const key of placed) table.delete(key);
		const usual = ["deviceId", "location", "interval", "uploadInterval", "power"].map(field);
		const advanced = groups.map(([title, keys]) => group(title, keys.map(field)));
		const more = [...table.keys()].map(field);
		if (more.length > 0) advanced.push(group(words.groups.more, more));
		this.elements = [
			this.#facts,
			this.#sensors.element,
			element("h3", {}, words.measuring),
			...usual.filter((one) => one !== undefined),
			this.#plan,
			element("details", {}, element("summary", {}, words.advanced), ...advanced),
		];
		this.show(state);
	}

	/** Shows a new state of the board. */
	show({ board, sensors, waiting, plan }: SetupState): void {
		const facts = [
			[words.name, board.name],
			[words.chip, board.chip],
			[words.firmware, board.firmwareVersion],
			...(waiting > 0 ? [[words.pending, words.readings(waiting)]] : []),
		];
		replaceContent(
			this.#facts,
			...facts.map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, text))),
		);
		this.#sensors.show(sensors);
		this.#planCalls = plan;
		this.showPlan();
	}

	/** Estimates the calls for the intervals in the form. */
	showPlan(): void {
		const { limit, remaining } = this.#planCalls;
		const plan = estimateCalls(this.#form.values(), limit);
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
}

function fieldOf(description: SettingRow, { board, secretsSet, tested }: SetupState) {
	const field = settingField(description, {
		set: (tested ?? { secretsSet }).secretsSet.includes(description.key),
	});
	if (description.key === "deviceId")
		field.element.querySelector("input")?.setAttribute("placeholder", board.deviceId);
	return field;
}

function group(title: string, fields: readonly (HTMLElement | undefined)[]): HTMLElement {
	return element("section", { class: "group" }, element("h4", {}, title), ...fields);
}
