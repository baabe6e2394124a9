import { errorMessage } from "../src/common/error-message";
import {
	checkSettings,
	newDataSource,
	type SettingProblem,
	type Settings,
	settingsTable,
	withoutDefaults,
} from "../src/settings/settings";
import { chipCatalogue } from "./chips/chip-catalogue";
import { type Command, flag, type ParsedOptions, parseOptions, text } from "./command-line";
import { problemOf } from "./hardware/pins";
import {
	defaultSensors,
	faultNames,
	parseSensors,
	sensorPins,
	type WiredChip,
} from "./hardware/simulated-sensors";
import { checkSettingsFile, describeFileProblem, describeUnusedService } from "./settings-file";
import { defaultPins } from "./virtual-board";

/** The command line of `npm start`. */
export type StartCommand = Command<StartOptions>;

export interface StartOptions {
	/** Sampling interval, seconds. */
	readonly interval: number;
	/** It is from the command line, so it replaces one that was saved on the setup page. */
	readonly isIntervalGiven?: true;
	/** Speed of the board's clock: 1 is real time. */
	readonly speed: number;
	/** Sensors connected to the board. */
	readonly sensors: readonly WiredChip[];
	/** Erase the board's flash and settings first. */
	readonly fresh: boolean;
	/** The service to post to; omitted: the embedded server. */
	readonly target?: Pick<Settings, "server" | "key" | "bucketId" | "dataSourceId">;
	/** From the settings file. */
	readonly settings?: Readonly<Partial<Settings>>;
	/** What is not used of the settings file, and why, in one sentence. */
	readonly unused?: string;
	/** The folder for the state; omitted: `.state`. */
	readonly directory?: string;
}

export const startHelp = `A virtual board on this computer: the firmware with simulated sensors and flash, and a Dakkio server.

npm start -- [options]

  --interval SECONDS   sampling interval, 5 to 86400 (default 10)
  --sensors LIST       sensors connected to the board, such as bme280,sht41@0x45,ds18b20 (default bme280; or none):
${columns([...Object.keys(chipCatalogue), "ds18b20"])}
                       A fault after a colon occurs every other minute, as in sht41@0x45:silent:
${columns(faultNames)}
  --speed FACTOR       speed of the board's clock, 1 (real time, the default) to 10000; slower while a connection is
                       open, and where the computer is too slow
  --fresh              erase the board's flash and settings, and open its setup page
  --state FOLDER       save the board's state and the points there (default .state)
  --settings FILE      use a settings file, as exported by the setup page
  --url URL            post to this Dakkio service instead of the embedded one (default https://api.dakkio.io)
  --key KEY            its write key (dakkio_w_…); other users of this computer can see it, so set DAKKIO_KEY instead
  --bucket ID          its bucket, 24 hexadecimal digits
  --source ID          its data source, 24 hexadecimal digits
  --help               this text

The environment variable DAKKIO_KEY, or --key, and --bucket and --source must be given together. With them, or with a
key in the settings file, the clock runs in real time. A settings file without a key is for the embedded service. With
--settings or --bucket, --fresh does not open the setup page. What was saved on the setup page is used by each later
start without them, until --fresh. The board joins a simulated Wi-Fi, unless "networks" is [] in the settings file.
Ctrl-C stops the board.
`;

/** Parses the command line and reads the settings file. */
export function parseStartCommand(
	args: readonly string[],
	read: (file: string) => string,
	environment: Readonly<Record<string, string | undefined>> = {},
): StartCommand {
	const parsed = parseOptions(args, optionTypes, "npm start");
	if (typeof parsed === "string") return { kind: "problem", problem: parsed };
	if (parsed.help === true) return { kind: "help" };
	const speed = parseNumber(parsed.speed ?? "1", 1, 10_000);
	if (speed === undefined) return optionProblem("--speed", "a number from 1 to 10000", parsed.speed);
	const sensors = parseSensors(parsed.sensors ?? defaultSensors);
	if ("problem" in sensors) return { kind: "problem", problem: `--sensors: ${sensors.problem}` };
	const file = parsed.settings === undefined ? {} : readSettings(parsed.settings, read);
	if (typeof file === "string") return { kind: "problem", problem: file };
	const target = readTarget(parsed, file, environment.DAKKIO_KEY) ?? targetOf(file);
	if (typeof target === "string") return { kind: "problem", problem: target };
	if (target !== undefined && speed !== 1)
		return {
			kind: "problem",
			problem: "--speed works with the embedded server only: a real service needs true times.",
		};
	const interval = parsed.interval ?? file.interval ?? "10";
	const { settings, problems } = checkSettings({ ...target, interval });
	const { server, key, bucketId, dataSourceId } = settings;
	const [first] = problems;
	if (first !== undefined) return { kind: "problem", problem: describeProblem(first, parsed) };
	const unused = target === undefined ? describeUnusedService(parsed.settings ?? "", file) : undefined;
	const run = {
		interval: settings.interval,
		...(parsed.interval !== undefined && { isIntervalGiven: true as const }),
		speed,
		sensors,
		fresh: parsed.fresh === true,
		...(parsed.settings !== undefined && { settings: file }),
		...(unused !== undefined && { unused }),
		...(target !== undefined && { target: { server, key, bucketId, dataSourceId } }),
		...(parsed.state !== undefined && { directory: parsed.state }),
	};
	return { kind: "run", run };
}

/** Returns the settings, or an error in one sentence. */
function readSettings(file: string, read: (file: string) => string): Partial<Settings> | string {
	let text: string;
	try {
		text = read(file);
	} catch (error) {
		return `${file} cannot be read: ${errorMessage(error)}`;
	}
	const pins = { ...defaultPins, ...sensorPins, problemOf };
	const { given, settings, problems } = checkSettingsFile(text, pins);
	const [first] = problems;
	if (first !== undefined) return describeFileProblem(file, first);
	// No network, as the file says: that is the default of a board, but not here.
	const none = Array.isArray(given.networks) && given.networks.length === 0 ? { networks: [] } : {};
	return { ...withoutDefaults(settings), ...none };
}

/** A settings file that contains a key is for its own service. */
function targetOf({ server, key, bucketId, dataSourceId }: Partial<Settings>) {
	if (key === undefined) return undefined;
	return {
		server: server ?? settingsTable.server.defaultValue,
		key,
		bucketId: bucketId ?? "",
		dataSourceId: dataSourceId ?? newDataSource,
	};
}

const optionTypes = {
	...{ interval: text, sensors: text, speed: text, settings: text, state: text },
	...{ url: text, key: text, bucket: text, source: text },
	...{ fresh: flag, help: { ...flag, short: "h" } },
} as const;

type Parsed = ParsedOptions<typeof optionTypes>;

/** `checkSettings` validates the values. A key in the environment does nothing by itself. */
function readTarget(parsed: Parsed, file: Partial<Settings>, environmentKey: string | undefined) {
	const { url, bucket, source } = parsed;
	if (url === undefined && parsed.key === undefined && bucket === undefined && source === undefined)
		return undefined;
	const key = parsed.key ?? environmentKey;
	if (key === undefined || key === "" || bucket === undefined || source === undefined)
		return "DAKKIO_KEY (or --key), --bucket and --source must be given together: a real Dakkio service needs all three.";
	const server = url ?? file.server ?? settingsTable.server.defaultValue;
	return { server, key, bucketId: bucket, dataSourceId: source };
}

const optionOf: Readonly<Record<string, string>> = {
	interval: "--interval",
	server: "--url",
	key: "--key",
	bucketId: "--bucket",
	dataSourceId: "--source",
};

/** Does not repeat the value, which may be a secret. */
function describeProblem({ key, problem }: SettingProblem, parsed: Parsed): string {
	const option = key === "key" && parsed.key === undefined ? "DAKKIO_KEY" : (optionOf[key] ?? key);
	return `${option}: ${problem}`;
}

function optionProblem(option: string, expected: string, given: string | undefined): StartCommand {
	return { kind: "problem", problem: `${option} takes ${expected}, not "${given ?? ""}".` };
}

function parseNumber(text: string, min: number, max: number): number | undefined {
	const value = text.trim() === "" ? Number.NaN : Number(text);
	return value >= min && value <= max ? value : undefined;
}

/** Wraps a list of words to the column of the option texts. */
function columns(words: readonly string[]): string {
	const lines: string[] = [""];
	for (const word of words) {
		const line = lines.at(-1) ?? "";
		if (line.length + word.length > 80) lines.push(word);
		else lines[lines.length - 1] = line === "" ? word : `${line}, ${word}`;
	}
	return lines.map((line) => `${" ".repeat(23)}${line}`).join(",\n");
}
