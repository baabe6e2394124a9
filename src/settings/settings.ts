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

/** One setting: everything that the setup page, the storage and the README need. */
export interface Setting<T> {
	readonly label: string;
	readonly help: string;
	readonly defaultValue: T;
	/** Replaces a saved value that is no longer valid, where the default would do harm. */
	readonly fallback?: T;
	/** Of a number. */
	readonly unit?: string;
	/** Never shown, never logged, exported only on request. */
	readonly secret?: true;
	readonly rule: Rule<T>;
}

/** The longest roots of public authorities have 2,900 characters. */
const maxCertificateLength = 4_096;

/** In place of a data source's id: the board creates one, named after its device id. */
export const newDataSource = "create";

const derivedValues = Object.freeze(["dew_point", "absolute_humidity", "sea_level_pressure"] as const);
export type DerivedValue = (typeof derivedValues)[number];

/** Every setting, by its key in the storage and in settings files. */
export const settingsTable = Object.freeze({
	networks: setting<readonly SavedNetwork[]>({
		label: "Wi-Fi networks",
		help: "Tried in this order. 2.4 GHz only.",
		defaultValue: [],
		secret: true,
		rule: savedNetworksRule,
	}),
	key: setting({
		label: "API key",
		help: "A write key (dakkio_w_…). Use one per device.",
		defaultValue: "",
		secret: true,
		rule: apiKeyRule(),
	}),
	bucketId: setting({
		label: "Bucket",
		help: "Id of the bucket that the key belongs to.",
		defaultValue: "",
		rule: text(24, checkId),
	}),
	dataSourceId: setting({
		label: "Data source",
		help: "Id of this device's data source in the bucket. create: the board creates one, named after its device id.",
		defaultValue: newDataSource,
		rule: textOrWord(24, [newDataSource], checkId),
	}),
	deviceId: setting({
		label: "Device id",
		help: "Sent with every point. Empty: ESP32- and the last six digits of the MAC address.",
		defaultValue: "",
		rule: text(64),
	}),
	location: setting({ label: "Location", help: "Sent with every point.", defaultValue: "", rule: text(64) }),
	interval: setting({
		label: "Sampling interval",
		help: "Time between two readings.",
		defaultValue: 60,
		unit: "s",
		rule: wholeNumber(5, 86_400, "seconds"),
	}),
	uploadInterval: setting<number | "auto">({
		label: "Upload interval",
		help: "Time between two uploads. Automatic: as short as the plan's calls allow; one hour on battery.",
		defaultValue: "auto",
		unit: "s",
		rule: numberOrWord(0, 86_400, "seconds", ["auto"]),
	}),
	server: setting({
		label: "Address of the service",
		help: "https:// and a host name; with a port unless it is 443.",
		defaultValue: "https://api.dakkio.io",
		// A key for one service must not be sent to another.
		fallback: "",
		rule: text(200, (value) => {
			const server = parseServiceAddress(value);
			return "problem" in server ? server.problem : undefined;
		}),
	}),
	rootCertificate: setting({
		label: "Own root certificate",
		help: "PEM. Only for a service whose certificate is not signed by a public authority.",
		defaultValue: "",
		rule: certificateRule(),
	}),
	power: setting<"mains" | "battery">({
		label: "Power",
		help: "On battery, the board sleeps between samples and joins the network only for uploads.",
		defaultValue: "mains",
		rule: choice(["mains", "battery"]),
	}),
	batteryPin: setting<number | "none">({
		label: "Battery pin",
		help: "Analog pin connected to the battery through a voltage divider.",
		defaultValue: "none",
		rule: pinNumber("none"),
	}),
	batteryRatio: setting({
		label: "Battery divider",
		help: "Battery voltage divided by the voltage at the pin: 2 for two equal resistors.",
		defaultValue: 2,
		rule: decimalNumber(1, 20),
	}),
	ledPin: setting<number | "auto" | "none">({
		label: "Pin of the status light",
		help: "Automatic: the light that common boards with this chip have, if any.",
		defaultValue: "auto",
		rule: pinNumber("auto", "none"),
	}),
	ledActive: setting<"high" | "low">({
		label: "Light is on when its pin is",
		help: "Choose the other level if the light is on when it should be off.",
		defaultValue: "high",
		rule: choice(["high", "low"]),
	}),
	buttonPin: setting<number | "auto" | "none">({
		label: "Pin of the button",
		help: "The button connects the pin to ground. Automatic: the BOOT button of most boards.",
		defaultValue: "auto",
		rule: pinNumber("auto", "none"),
	}),
	dataPin: setting<number | "auto">({
		label: "I²C data pin (SDA)",
		help: "Automatic: the usual pin of the chip.",
		defaultValue: "auto",
		rule: pinNumber("auto"),
	}),
	clockPin: setting<number | "auto">({
		label: "I²C clock pin (SCL)",
		help: "Automatic: the usual pin of the chip.",
		defaultValue: "auto",
		rule: pinNumber("auto"),
	}),
	sensors: setting<SensorSettingsByName>({
		label: "Sensors",
		help: "Renames, switches off or calibrates sensors and their fields. Format: docs/sensors.md.",
		defaultValue: {},
		rule: checkSensors,
	}),
	inputs: setting<readonly InputSettings[]>({
		label: "Inputs",
		help: "Voltages, contacts and pulses at single pins. Format: docs/sensors.md.",
		defaultValue: [],
		rule: checkInputs,
	}),
	oneWirePin: setting<number | "none">({
		label: "1-Wire pin",
		help: "Data pin of DS18B20 thermometers.",
		defaultValue: "none",
		rule: pinNumber("none"),
	}),
	derived: setting<readonly DerivedValue[]>({
		label: "Derived values",
		help: "Calculated when the values they need are measured.",
		defaultValue: [],
		rule: makeRule(
			{ kind: "list", maxLength: derivedValues.length, choices: derivedValues },
			list(derivedValues.length, choice(derivedValues)),
		),
	}),
	altitude: setting({
		label: "Altitude",
		help: "Height above sea level, for sea_level_pressure.",
		defaultValue: 0,
		unit: "m",
		rule: decimalNumber(-450, 6000, "metres"),
	}),
	statistics: setting<number | "off">({
		label: "Statistics",
		help: "Samples at this interval within the sampling interval, and stores mean, minimum and maximum. Off: one sample. Not on battery.",
		defaultValue: "off",
		unit: "s",
		rule: numberOrWord(1, 3600, "seconds", ["off"]),
	}),
	ntpServers: setting<readonly string[]>({
		label: "Time servers",
		help: "NTP servers: host names or addresses, with a port unless it is 123.",
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

/** A problem with one setting. */
export interface SettingProblem {
	/** `networks.1.password` for a part of one. */
	readonly key: string;
	readonly problem: string;
}

/**
 * Checks all settings given, and fills in defaults for the rest. Returns all problems; a setting with a problem has its
 * default, or its fallback. Settings that only conflict with each other are returned as given: one of them can be used.
 * Settings with a warning are returned as given. `defaultPins`: those of the board.
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

/** The settings that differ from their defaults: only these are saved, so that a later version's defaults apply. */
export function withoutDefaults(settings: Settings): Readonly<Partial<Settings>> {
	const own = Object.entries(settings).filter(([key, value]) => !isDeepEqual(value, defaultOf(key)));
	return Object.fromEntries(own);
}

function defaultOf(key: string): unknown {
	const table: Readonly<Record<string, Setting<unknown>>> = settingsTable;
	return table[key]?.defaultValue;
}

/** Sent with each point, and the name of a data source that the board creates. */
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

function certificateRule(): Rule<string> {
	return makeRule({ kind: "long text", maxLength: maxCertificateLength }, (raw) => {
		if (typeof raw !== "string") return { problem: "This must be text." };
		const value = raw.trim();
		if (value === "") return { value };
		if (value.length > maxCertificateLength)
			return { problem: "This is longer than a root certificate can be (4,096 characters)." };
		const decoded = decodePem(value);
		return "problem" in decoded ? decoded : { value };
	});
}
