import type { SensorDescription } from "../api";
import { element, fill, icon, icons } from "./dom";
import { texts } from "./texts";

const words = texts.board;

/** The sensors with what they measure right now. */
export class SensorList {
	readonly element = element("div", { class: "sensors" });
	#shown = "";

	show(sensors: readonly SensorDescription[]): void {
		const now = JSON.stringify(sensors);
		// Nothing is drawn anew under somebody who reads it.
		if (now === this.#shown) return;
		this.#shown = now;
		if (sensors.length === 0)
			fill(
				this.element,
				element("p", { class: "warning" }, icon(icons.warning), element("span", {}, words.noSensors)),
			);
		else fill(this.element, ...sensors.map(sensorCard));
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
	return unit === "" ? String(value) : `${value} ${texts.units[unit] ?? unit}`;
}
