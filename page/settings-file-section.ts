import { isJsonObject } from "../src/common/json";
import type { BoardClient } from "./board-client";
import { button, element, icon, icons, labelledCheck, replaceContent, uniqueId } from "./dom";
import { rootKey, type SettingsForm } from "./settings-form";
import { decodeTextFile } from "./text-file";
import { texts } from "./texts";

const words = texts.transfer;

/** Format version of a settings file, which the board checks. */
const versionKey = "version";

/** Characters: twice what the board takes in a request, as a file may be indented. */
const maxFileLength = 16 * 1024;

/** Unique to a board: imported from another one, both would send as the same device. */
const ownKeys = ["deviceId", "dataSourceId"];

interface SettingsFileOptions {
	readonly client: BoardClient;
	readonly form: SettingsForm;
	/** Of the board, for the file's name. */
	readonly name: string;
	/** Of all settings: a file leaves them out. */
	readonly defaults: Readonly<Record<string, unknown>>;
	announce(text: string): void;
}

/** Imports settings from a file into the form, and exports the saved ones. */
export function settingsFileSection(options: SettingsFileOptions): HTMLElement {
	return element(
		"details",
		{},
		element("summary", {}, words.title),
		element("p", { class: "help" }, words.lead),
		importGroup(options),
		exportGroup(options),
	);
}

function importGroup({ client, form, defaults, announce }: SettingsFileOptions): HTMLElement {
	const file = element("input", { type: "file", accept: ".json,application/json", id: uniqueId() });
	const text = element("textarea", { rows: 4, class: "code", spellcheck: "false", id: uniqueId() });
	const mine = element("input", { type: "checkbox" });
	const result = element("p", { class: "result", tabindex: -1, hidden: true });
	const report = (...lines: readonly string[]) => {
		result.hidden = false;
		replaceContent(result, ...lines.flatMap((line) => [line, element("br")]).slice(0, -1));
		announce(lines.join(" "));
	};
	const importSettings = async () => {
		const [chosen] = file.files ?? [];
		if ((chosen?.size ?? text.value.length) > maxFileLength) return report(words.tooLarge);
		const content =
			chosen === undefined ? text.value : decodeTextFile(new Uint8Array(await chosen.arrayBuffer()));
		if (content.trim() === "") return report(words.nothing);
		const given = parseSettings(content);
		if (typeof given === "string") return report(given);
		// A key is for the service that it was made for, and not for the one of this board.
		const { server, rootCertificate } = defaults;
		const hasKey = typeof given.key === "string" && given.key.trim() !== "";
		const settings = hasKey ? { server, rootCertificate, ...given } : given;
		const left = mine.checked ? [] : ownKeys;
		const before = form.values();
		const { problems } = await client.check(settings);
		const refused = problems.find(({ key }) => key === versionKey);
		if (refused !== undefined) return report(refused.problem);
		const names = Object.keys(settings).filter((key) => key !== versionKey && !left.includes(key));
		const known = names.filter((key) => form.field(key) !== undefined);
		const own = known.filter((key) => Object.hasOwn(given, key));
		const invalid = own.filter((key) => problems.some((one) => rootKey(one.key) === key));
		const unknown = names.filter((key) => !known.includes(key));
		form.write(Object.fromEntries(known.map((key) => [key, settings[key]])));
		form.markTouched(known);
		file.value = "";
		text.value = "";
		// Some problems do not show in a field, such as a list in place of a number.
		const wrong = problems.flatMap(({ key, problem }) => {
			const field = form.field(rootKey(key));
			return field === undefined ? [] : [words.wrong(field.label, problem)];
		});
		const kept = Object.keys(before).filter(
			(key) =>
				![...names, ...left].includes(key) && JSON.stringify(before[key]) !== JSON.stringify(defaults[key]),
		);
		report(
			words.imported(own.length - invalid.length, invalid.length),
			...wrong,
			...(hasKey && !own.includes("server") ? [words.reset] : []),
			...(kept.length > 0 ? [words.kept(kept.map((key) => form.field(key)?.label).join(", "))] : []),
			...(unknown.length > 0 ? [words.unknown(unknown.join(", "))] : []),
		);
		await form.check();
	};
	return element(
		"section",
		{ class: "group" },
		element("h4", {}, words.import),
		element("div", { class: "field" }, element("label", { for: file.id }, words.file), file),
		element("div", { class: "field" }, element("label", { for: text.id }, words.paste), text),
		labelledCheck(mine, words.own),
		button(words.start, () => void importSettings(), { class: "wide" }),
		result,
	);
}

/** The problem if it is not a JSON object. */
function parseSettings(content: string): Readonly<Record<string, unknown>> | string {
	const text = content.replace(/^\ufeff|\0+$/g, "");
	try {
		const value: unknown = JSON.parse(text);
		return isJsonObject(value) ? value : words.notJson;
	} catch (error) {
		// Chromium and Firefox name the place, but also quote the text around it, which may be a password.
		const [, line, column] = /line (\d+) column (\d+)/.exec(String(error)) ?? [];
		return line === undefined ? words.notJson : words.typingError(line, column);
	}
}

function exportGroup({ client, name, announce }: SettingsFileOptions): HTMLElement {
	const secrets = element("input", { type: "checkbox", "aria-describedby": uniqueId() });
	const shown = element("div", { class: "stack", hidden: true });
	const close = () => {
		shown.hidden = true;
		replaceContent(shown);
	};
	const make = async () => {
		const content = await client.export(secrets.checked);
		replaceContent(shown, ...exportResult(content, words.fileName(name), { announce, close }));
		shown.hidden = false;
		shown.querySelector("textarea")?.focus();
	};
	return element(
		"section",
		{ class: "group" },
		element("h4", {}, words.export),
		element("p", { class: "help" }, words.saved),
		labelledCheck(secrets, words.secrets),
		element("p", { class: "help", id: secrets.getAttribute("aria-describedby") ?? "" }, words.secretsHelp),
		button(words.make, () => void make(), { class: "wide" }),
		shown,
	);
}

/** The file, and its text: a captive portal window saves no files. */
function exportResult(
	content: string,
	fileName: string,
	{ announce, close }: { announce(text: string): void; close(): void },
): readonly HTMLElement[] {
	const id = uniqueId();
	const text = element("textarea", { id, rows: 8, class: "code", readonly: true, spellcheck: "false" });
	text.value = content;
	const link = element(
		"a",
		{
			class: "button",
			download: fileName,
			href: URL.createObjectURL(new Blob([content], { type: "application/json" })),
		},
		words.download,
	);
	const copy = button(words.copy, () => {
		text.select();
		// navigator.clipboard requires a secure context; the board has plain HTTP.
		if (document.execCommand("copy")) {
			replaceContent(copy, icon(icons.check), words.copied);
			announce(words.copied);
		}
	});
	const end = () => {
		URL.revokeObjectURL(link.href);
		close();
	};
	return [
		element("div", { class: "field" }, element("label", { for: id }, words.made), text),
		element("div", { class: "row" }, link, copy, button(words.close, end)),
	];
}
