import { isRootFor, readRootCertificate } from "../boards/root-certificate";
import { parseNtpServer } from "../clock/ntp-client";
import { parseHttpsUrl } from "../common/https-url";
import { isDeepEqual } from "../common/json";
import { checkId, checkKey, keyWarning } from "../dakkio/identifiers";
import { releasedAt } from "../version";
import { conflicts, type SettingConflict } from "./conflicts";
import { checkInputs, type InputSettings } from "./input-settings";
import { decodePem, maxPemLength } from "./pem";
import { type DefaultPins, findPinConflicts } from "./pin-conflicts";
import {
	choice,
	decimalNumber,
	isBlank,
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

/** One setting. The page has its label and help: page/setting-texts.ts. */
export interface Setting<T> {
	readonly defaultValue: T;
	/** Replaces a saved value that is no longer valid, if the default would be harmful. */
	readonly fallback?: T;
	/** Of a number. */
	readonly unit?: string;
	/** Never shown, never logged, exported only on request. */
	readonly secret?: true;
	readonly rule: Rule<T>;
	/** Conflict with other settings. */
	readonly conflict?: SettingConflict;
}

/** Value of `dataSourceId` for which the board creates a data source, named after its device id. */
export const newDataSource = "create";

const derivedValues = Object.freeze(["dew_point", "absolute_humidity", "sea_level_pressure"] as const);
export type DerivedValue = (typeof derivedValues)[number];

/** Every setting, by its key in the storage and in settings files. */
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
		conflict: conflicts.rootCertificate,
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
		conflict: conflicts.sensors,
	}),
	inputs: setting<readonly InputSettings[]>({
		defaultValue: [],
		rule: checkInputs,
		conflict: conflicts.inputs,
	}),
	oneWirePin: setting<number | "none">({
		defaultValue: "none",
		rule: pinNumber("none"),
	}),
	serialPin: setting<number | "none">({
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
		rule: decimalNumber(-450, 6000, "metres"),
	}),
	statistics: setting<number | "off">({
		defaultValue: "off",
		unit: "s",
		rule: numberOrWord(1, 3600, "seconds", ["off"]),
		conflict: conflicts.statistics,
	}),
	localPage: setting<"on" | "off">({
		defaultValue: "on",
		rule: choice(["on", "off"]),
	}),
	update: setting({
		defaultValue: "off",
		rule: updateRule(),
	}),
	ntpServers: setting<readonly string[]>({
		defaultValue: ["pool.ntp.org", "time.cloudflare.com", "time.google.com"],
		rule: timeServersRule(),
	}),
});

type SettingsTable = typeof settingsTable;
export type SettingKey = keyof SettingsTable;

const table: Readonly<Record<SettingKey, Setting<unknown>>> = settingsTable;
const settingKeys = Object.freeze(Object.keys(settingsTable)) as readonly SettingKey[];

/** The settings of one board, complete and checked. */
export type Settings = { readonly [Key in SettingKey]: SettingsTable[Key]["defaultValue"] };

/** A problem with one setting. */
export interface SettingProblem {
	/** `networks.1.password` for a part of one. */
	readonly key: string;
	readonly problem: string;
}

/**
 * Checks all settings given, and fills in defaults for the rest. Returns all problems; an invalid setting gets its fallback or
 * default. Settings that conflict with each other, or have a warning, are returned as given. `defaultPins`: those of the
 * board. `now`: milliseconds of Unix time, if known.
 */
export function checkSettings(
	given: Readonly<Record<string, unknown>>,
	defaultPins: DefaultPins = {},
	now = 0,
): {
	readonly settings: Settings;
	readonly problems: readonly SettingProblem[];
	readonly warnings: readonly SettingProblem[];
} {
	const settings: Record<string, unknown> = {};
	const problems: SettingProblem[] = [];
	const warnings: SettingProblem[] = [];
	let isFor: ((host: string) => boolean) | undefined;
	for (const key of settingKeys) {
		const { defaultValue, fallback = defaultValue, rule } = table[key];
		if (!isGiven(given, key)) {
			settings[key] = defaultValue;
			continue;
		}
		const checked = rule(given[key], now);
		if ("problem" in checked) problems.push({ key, problem: checked.problem });
		else if ("problems" in checked)
			for (const { path, problem } of checked.problems) problems.push({ key: `${key}.${path}`, problem });
		else if (checked.warning !== undefined) warnings.push({ key, problem: checked.warning });
		settings[key] = "value" in checked ? checked.value : fallback;
		if ("isFor" in checked) isFor = checked.isFor;
	}
	for (const key of Object.keys(given)) {
		if (!Object.hasOwn(settingsTable, key)) problems.push({ key, problem: "There is no such setting." });
	}
	const complete = settings as Settings;
	const invalidKeys = new Set(problems.map(({ key }) => key));
	for (const { path, problem } of findPinConflicts(complete, defaultPins, invalidKeys))
		problems.push({ key: path, problem });
	for (const key of settingKeys) {
		const { conflict } = table[key];
		if (conflict === undefined || [key, ...conflict.with].some((each) => invalidKeys.has(each))) continue;
		const problem = conflict.problem(complete, isFor);
		if (problem !== undefined) (conflict.isWarning === true ? warnings : problems).push({ key, problem });
	}
	return { settings: complete, problems, warnings };
}

/** Checked settings, with defaults for the rest. */
export function completeSettings(given: Readonly<Record<string, unknown>>): Settings {
	const settings: Record<string, unknown> = {};
	for (const key of settingKeys)
		settings[key] = Object.hasOwn(given, key) ? given[key] : table[key].defaultValue;
	return settings as Settings;
}

/** Whether a setting was entered; a blank secret was not. */
export function isGiven(given: Readonly<Record<string, unknown>>, key: string): boolean {
	return Object.hasOwn(given, key) && !(isSecret(key) && isBlank(given[key]));
}

/** Whether it must never be shown. */
export function isSecret(key: string): boolean {
	const table: Readonly<Record<string, Setting<unknown>>> = settingsTable;
	return Object.hasOwn(table, key) && table[key]?.secret === true;
}

/** The settings that differ from their defaults: only these are saved, so that later versions can change defaults. */
export function withoutDefaults(settings: Settings): Readonly<Partial<Settings>> {
	const own: Record<string, unknown> = {};
	for (const key of settingKeys)
		if (!isDeepEqual(settings[key], table[key].defaultValue)) own[key] = settings[key];
	return own;
}

/** The device id: sent with each point, and the name of a created data source. */
export function deviceIdOf(
	{ deviceId }: Pick<Settings, "deviceId">,
	{ serial }: { readonly serial: string },
): string {
	return deviceId === "" ? `ESP32-${serial}` : deviceId;
}

/** What prevents uploads, as phrases for the log. */
export function missingForUpload(settings: Settings): readonly string[] {
	const missing: string[] = [];
	if (settings.server === "") missing.push("the service address is not valid");
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

/** The address of a release index; blank means `off`. */
function updateRule(): Rule<string> {
	const address = textOrWord(200, ["off"], (value) =>
		parseHttpsUrl(value) === undefined
			? "This is not the address of a release index: enter https://, a host name, a port (1 to 65535) unless it is 443, and the path of the file, without user name and #; or off."
			: undefined,
	);
	return makeRule({ kind: "text", maxLength: 200, choices: ["off"] }, (raw) =>
		isBlank(raw) ? { value: "off" } : address(raw),
	);
}

function timeServersRule(): Rule<readonly string[]> {
	const servers = list(
		4,
		text(100, (value) =>
			parseNtpServer(value) === undefined
				? "This is not a server: enter a host name or an IPv4 address, with a port (1 to 65535) unless it is 123."
				: undefined,
		),
	);
	return makeRule({ kind: "list", maxLength: 4 }, (raw) => {
		const checked = servers(raw);
		return "value" in checked && checked.value.length === 0
			? { problem: "Enter a time server: a board that does not know the time sends nothing." }
			: checked;
	});
}

function certificateRule(): Rule<string> {
	return makeRule({ kind: "long text", maxLength: maxPemLength }, (raw, now) => {
		if (typeof raw !== "string") return { problem: "This must be text." };
		if (isBlank(raw)) return { value: "" };
		const decoded = decodePem(raw);
		if ("problem" in decoded) return decoded;
		const { text: value, certificates } = decoded;
		// Parsed one at a time, and again for each host name: what is read of a certificate takes more memory than its bytes.
		let number = 0;
		for (const certificate of certificates) {
			number++;
			const root = readRootCertificate(certificate, now, releasedAt);
			if (typeof root !== "string") continue;
			const which = certificates.length > 1 ? `Certificate ${number}` : "This";
			return { problem: `${which} cannot be used as a root certificate: ${root}.` };
		}
		const isFor = (host: string) =>
			certificates.some((root) => isRootFor(readRootCertificate(root, now, releasedAt), host));
		return { value, isFor };
	});
}
