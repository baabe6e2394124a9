import { element, setAttributes, uniqueId } from "./dom";
import { type FormField, labelledControl, plainAttributes } from "./form-field";
import type { SettingRow } from "./setting-texts";
import { texts } from "./texts";

const words = texts.dakkio;

/** The data source: an id, or the word `create`, with which the board creates one. */
export function sourceField({ key, label, maxLength, choices = [] }: SettingRow): FormField {
	const [make = ""] = choices;
	const name = uniqueId();
	const create = element("input", { type: "radio", name });
	const existing = element("input", { type: "radio", name });
	const id = element("input", plainAttributes);
	const framed = labelledControl(words.sourceId, id, { maxLength });
	const helpId = uniqueId();
	const help = element("p", { class: "help", id: helpId }, words.createHelp);
	setAttributes(create, { "aria-describedby": helpId });
	const refresh = () => {
		framed.element.hidden = !existing.checked;
		help.hidden = existing.checked;
	};
	existing.addEventListener("change", () => {
		refresh();
		id.focus();
	});
	create.addEventListener("change", refresh);
	const read = () => (existing.checked ? id.value.trim() : make);
	return {
		key,
		label,
		element: element(
			"fieldset",
			{ class: "field" },
			element("legend", {}, label),
			element(
				"div",
				{ class: "choices" },
				element("label", {}, create, element("span", {}, words.create)),
				element("label", {}, existing, element("span", {}, words.existing)),
			),
			help,
			framed.element,
		),
		read,
		write(value) {
			const text = typeof value === "string" && value !== make ? value : "";
			create.checked = text === "";
			existing.checked = text !== "";
			id.value = text;
			refresh();
		},
		missing: () => (existing.checked && read() === "" ? [{ key, problem: words.sourceMissing }] : []),
		show: (problems, warnings) => framed.show(problems[0]?.problem, warnings[0]?.problem),
		focus: () => (existing.checked ? id : create).focus(),
	};
}
