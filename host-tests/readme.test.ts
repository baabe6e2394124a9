import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settingTexts } from "../page/setting-texts";
import { startHelp } from "../simulator/start-options";
import { type Setting, type SettingKey, settingsTable } from "../src/settings/settings";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

function settingRow([key, { defaultValue, unit, rule }]: [string, Setting<unknown>]): string {
	const { label, help } = settingTexts[key as SettingKey];
	const shown = Array.isArray(defaultValue)
		? defaultValue.join(", ")
		: typeof defaultValue === "object"
			? ""
			: String(defaultValue);
	const measured = typeof defaultValue === "number" && unit !== undefined ? ` ${unit}` : "";
	return `| \`${key}\` | ${label} | ${valuesOf(rule, unit)} | ${shown}${measured} | ${help} |`;
}

/** The valid values, as written in a settings file. */
function valuesOf({ inputType }: Setting<unknown>["rule"], unit = ""): string {
	if (inputType === undefined) return "JSON";
	const { kind, choices = [], min = 0, max = 0, maxLength = 0 } = inputType;
	const range = `${min} – ${max}${unit === "" ? "" : ` ${unit}`}`;
	switch (kind) {
		case "number":
			return range;
		case "number or word":
			return [...choices, range].join(", ");
		case "choice":
			return choices.join(", ");
		case "list":
			return choices.length > 0 ? choices.join(", ") : `up to ${maxLength}`;
		case "networks":
			return `up to ${maxLength}`;
		default:
			return [...choices, `up to ${maxLength} characters`].join(", ");
	}
}

test("the README's table of settings is the firmware's", () => {
	const rows = Object.entries<Setting<unknown>>(settingsTable).map(settingRow);
	expect(readme).toContain(
		["| setting | | values | default | |", "|---|---|---|---|---|", ...rows].join("\n"),
	);
});

test("the README names every script and no other", () => {
	const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const named = [...readme.matchAll(/npm run ([a-z0-9:-]+)|npm (start|test)\b/g)].map(
		([, run, short]) => run ?? short,
	);
	expect([...new Set(named)].sort()).toEqual(Object.keys(scripts).sort());
});

test("the help names every option that the README shows", () => {
	for (const [option] of readme.matchAll(/--(?:interval|sensors|speed|fresh|url|key|bucket|source)\b/g))
		expect(startHelp).toContain(option);
});
