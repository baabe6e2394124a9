import type { SensorDescription } from "../src/setup/api";
import { button, element, icon, icons, replaceContent } from "./dom";
import { texts } from "./texts";

const words = texts.board;

/** The sensors with their current values. */
export class SensorList {
	readonly element = element("div", {});
	readonly #list = element("div", { class: "sensors" });
	readonly #forgetButton: HTMLButtonElement;
	#shownJson = "";

	/** `forget`: forget missing sensors before the scan. */
	constructor(onScan: (forget: boolean) => void) {
		const scan = button(words.scanAgain, () => onScan(false), { class: "quiet small" });
		this.#forgetButton = button(words.forgetMissing, () => onScan(true), { class: "quiet wide" });
		replaceContent(
			this.element,
			element("div", { class: "heading" }, element("h3", {}, words.sensors), scan),
			this.#list,
			this.#forgetButton,
		);
	}

	show(sensors: readonly SensorDescription[]): void {
		const now = JSON.stringify(sensors);
		// Redrawing unchanged content would disturb a reader.
		if (now === this.#shownJson) return;
		this.#shownJson = now;
		this.#forgetButton.hidden = !sensors.some(({ missing }) => missing === true);
		if (sensors.length === 0)
			replaceContent(
				this.#list,
				element("p", { class: "warning" }, icon(icons.warning), element("span", {}, words.noSensors)),
			);
		else replaceContent(this.#list, ...sensors.map(sensorCard));
	}
}

function sensorCard({ name, problem, values }: SensorDescription): HTMLElement {
	return element(
		"div",
		{ class: "card" },
		element("h4", {}, name),
		problem === undefined
			? undefined
			: element("p", { class: "warning" }, icon(icons.warning), element("span", {}, problem)),
		element(
			"dl",
			{ class: "values" },
			...values.map(({ name: field, unit, value }) =>
				element("div", {}, element("dt", {}, fieldText(field)), element("dd", {}, valueText(value, unit))),
			),
		),
	);
}

/** Of `dew_point`: `dew point`. */
function fieldText(name: string): string {
	return texts.fields[name] ?? name.replace(/_/g, " ");
}

function valueText(value: number | boolean | string | undefined, unit: string): string {
	if (value === undefined) return words.noValue;
	const text = typeof value === "number" ? String(value).replace("-", "−") : String(value);
	return unit === "" ? text : `${text} ${texts.units[unit] ?? unit}`;
}
