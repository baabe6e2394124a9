import { isDeepEqual } from "../common/json";
import { checkId, checkKey, keyWarning } from "../dakkio/identifiers";
import { checkInputs, type InputSettings } from "./input-settings";
import { decodePem } from "./pem";
import { type DefaultPins, findPinConflicts } from "./pin-conflicts";
import {
	type CheckResult,
	choice,
	decimalNumber,
	list,
	makeRule,
	numberOrWord,
	pinNumber,
	type Rule,
	text,
	textOrWord,
	wholeNumber,
} from "./rules";
import { type SavedNetwork, savedNetworksRule } from "./saved-networks";
import { checkSensors, type SensorSettingsByName } from "./sensor-settings";
import { parseServiceAddress } from "./service-address";

export type { SavedNetwork } from "./saved-networks";

/** One thing that can be set. Its label and its help are the page's: page/setting-texts.ts. */
export interface Setting<T> {
	readonly defaultValue: T;
	/** What stands for a kept value that is no longer valid, where the preset would do harm. */
	readonly fallback?: T;
	/** Of a number. */
	readonly unit?: string;
	/** Never shown again, never logged, exported only on request. */
	readonly secret?: true;
	readonly rule: Rule<T>;
}

/** Characters of a root certificate; the longest of the public authorities have 2,900. */
const maxCertificateLength = 4_096;

/** Stands for the id of a data source that is not there yet: the board makes it, named like itself. */
export const newDataSource = "create";

/** What can be worked out from what is measured. */
const derivedValues = Object.freeze(["dew_point", "absolute_humidity", "sea_level_pressure"] as const);
export type DerivedValue = (typeof derivedValues)[number];

/** Every setting. Its key here is its key in the storage and in an exported file. */
export const settingsTable = Object.freeze({
	networks: setting<readonly SavedNetwork[]>({
		defaultValue: [],
		secret: true,
		rule: savedNetworksRule,
	}),
	key: setting({
		defaultValue: "",
		secret: true,
		rule: apiKeyRule(),
	}),
	bucketId: setting({
		defaultValue: "",
		rule: text(24, checkId),
	}),
	dataSourceId: setting({
		defaultValue: newDataSource,
		rule: textOrWord(24, [newDataSource], checkId),
	}),
	deviceId: setting({
		defaultValue: "",
		rule: text(64),
	}),
	location: setting({ defaultValue: "", rule: text(64) }),
	interval: setting({
		defaultValue: 60,
		unit: "s",
		rule: wholeNumber(5, 86_400, "seconds"),
	}),
	uploadInterval: setting<number | "auto">({
		defaultValue: "auto",
		unit: "s",
		rule: numberOrWord(0, 86_400, "seconds", ["auto"]),
	}),
	server: setting({
		defaultValue: "https://api.dakkio.io",
		// A key for one service must not be sent to another.
		fallback: "",
		rule: text(200, (value) => {
			const server = parseServiceAddress(value);
			return "problem" in server ? server.problem : undefined;
		}),
	}),
	rootCertificate: setting({
		defaultValue: "",
		rule: certificateRule(),
	}),
	power: setting<"mains" | "battery">({
		defaultValue: "mains",
		rule: choice(["mains", "battery"]),
	}),
	batteryPin: setting<number | "none">({
		defaultValue: "none",
		rule: pinNumber("none"),
	}),
	batteryRatio: setting({
		defaultValue: 2,
		rule: decimalNumber(1, 20),
	}),
	ledPin: setting<number | "auto" | "none">({
		defaultValue: "auto",
		rule: pinNumber("auto", "none"),
	}),
	ledActive: setting<"high" | "low">({
		defaultValue: "high",
		rule: choice(["high", "low"]),
	}),
	buttonPin: setting<number | "auto" | "none">({
		defaultValue: "auto",
		rule: pinNumber("auto", "none"),
	}),
	dataPin: setting<number | "auto">({
		defaultValue: "auto",
		rule: pinNumber("auto"),
	}),
	clockPin: setting<number | "auto">({
		defaultValue: "auto",
		rule: pinNumber("auto"),
	}),
	sensors: setting<SensorSettingsByName>({
		defaultValue: {},
		rule: checkSensors,
	}),
	inputs: setting<readonly InputSettings[]>({
		defaultValue: [],
		rule: checkInputs,
	}),
	oneWirePin: setting<number | "none">({
		defaultValue: "none",
		rule: pinNumber("none"),
	}),
	derived: setting<readonly DerivedValue[]>({
		defaultValue: [],
		rule: makeRule(
			{ kind: "list", maxLength: derivedValues.length, choices: derivedValues },
			list(derivedValues.length, choice(derivedValues)),
		),
	}),
	altitude: setting({
		defaultValue: 0,
		unit: "m",
		rule: makeRule({ kind: "number", min: -450, max: 6000 }, altitudeRule),
	}),
	statistics: setting<number | "off">({
		defaultValue: "off",
		unit: "s",
		rule: numberOrWord(1, 3600, "seconds", ["off"]),
	}),
	ntpServers: setting<readonly string[]>({
		defaultValue: ["pool.ntp.org", "time.cloudflare.com", "time.google.com"],
		rule: list(
			4,
			text(100, (value) =>
				/^[A-Za-z0-9.-]+(:\d{1,5})?$/.test(value)
					? undefined
					: "This is not the name or address of a server.",
			),
		),
	}),
});

type SettingsTable = typeof settingsTable;
export type SettingKey = keyof SettingsTable;

/** The settings of one board, complete and checked. */
export type Settings = { readonly [Key in SettingKey]: SettingsTable[Key]["defaultValue"] };

/** What is wrong with one setting. */
export interface SettingProblem {
	/** `networks.1.password` for a part of one. */
	readonly key: string;
	readonly problem: string;
}

/**
 * Checks all that is given and fills in presets for the rest. Every problem is told at once; a setting with a
 * problem has its preset, or nothing where that would do harm. Settings that only clash with each other stay as they
 * are: one of them can be used. `usual`: the board's pins. Warnings are of what is kept all the same.
 */
export function checkSettings(
	given: Readonly<Record<string, unknown>>,
	defaultPins: DefaultPins = {},
): {
	readonly settings: Settings;
	readonly problems: readonly SettingProblem[];
	readonly warnings: readonly SettingProblem[];
} {
	const settings: Record<string, unknown> = {};
	const problems: SettingProblem[] = [];
	const warnings: SettingProblem[] = [];
	for (const [key, { defaultValue, fallback = defaultValue, rule }] of Object.entries<Setting<unknown>>(
		settingsTable,
	)) {
		const checked: CheckResult<unknown> = Object.hasOwn(given, key)
			? rule(given[key])
			: { value: defaultValue };
		if ("problem" in checked) problems.push({ key, problem: checked.problem });
		else if ("problems" in checked)
			for (const { path, problem } of checked.problems) problems.push({ key: `${key}.${path}`, problem });
		else if (checked.warning !== undefined) warnings.push({ key, problem: checked.warning });
		settings[key] = "value" in checked ? checked.value : fallback;
	}
	for (const key of Object.keys(given)) {
		if (!Object.hasOwn(settingsTable, key)) problems.push({ key, problem: "There is no such setting." });
	}
	const complete = settings as Settings;
	const invalidKeys = new Set(problems.map(({ key }) => key));
	for (const { path, problem } of findPinConflicts(complete, defaultPins, invalidKeys))
		problems.push({ key: path, problem });
	return { settings: complete, problems, warnings };
}

/** Without those that have their preset, so that a later version's presets hold. */
export function withoutDefaults(settings: Settings): Readonly<Partial<Settings>> {
	const own = Object.entries(settings).filter(([key, value]) => !isDeepEqual(value, defaultOf(key)));
	return Object.fromEntries(own);
}

function defaultOf(key: string): unknown {
	const table: Readonly<Record<string, Setting<unknown>>> = settingsTable;
	return table[key]?.defaultValue;
}

/** What is still missing before a reading can be sent, as sentences; empty when nothing is. */
export function missingForUpload(settings: Settings): readonly string[] {
	const missing: string[] = [];
	if (settings.server === "") missing.push("the address of the service is not usable");
	if (settings.key === "") missing.push("the API key is not set");
	if (settings.bucketId === "") missing.push("the bucket is not set");
	if (settings.dataSourceId === "") missing.push("the data source is not set");
	return missing;
}

function setting<T>(definition: Setting<T>): Setting<T> {
	return definition;
}

function apiKeyRule(): Rule<string> {
	const checked = text(130, checkKey);
	return makeRule({ kind: "text", maxLength: 130 }, (raw) => {
		const outcome = checked(raw);
		const warning = "value" in outcome ? keyWarning(outcome.value) : undefined;
		return warning === undefined ? outcome : { ...outcome, warning };
	});
}

function certificateRule(): Rule<string> {
	return makeRule({ kind: "long text", maxLength: maxCertificateLength }, (raw) => {
		if (typeof raw !== "string") return { problem: "This must be a text." };
		const value = raw.trim();
		if (value === "") return { value };
		if (value.length > maxCertificateLength)
			return { problem: "This is longer than a root certificate can be (4,096 characters)." };
		const decoded = decodePem(value);
		return "problem" in decoded ? decoded : { value };
	});
}

/** Metres above the sea, also as text; the lowest and the highest place that anybody lives at lie between. */
function altitudeRule(raw: unknown): CheckResult<number> {
	const value =
		typeof raw === "string" && /^\s*[-−]?\d+([.,]\d+)?\s*$/.test(raw)
			? Number(raw.replace("−", "-").replace(",", "."))
			: raw;
	if (typeof value === "number" && value >= -450 && value <= 6000) return { value };
	return { problem: "This must be a number from -450 to 6000 metres." };
}
