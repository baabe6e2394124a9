import { texts } from "../page/texts";
import { isJsonObject, parseJson } from "../src/common/json";
import { checkEnteredSettings } from "../src/settings/entered-settings";
import type { DefaultPins } from "../src/settings/pin-conflicts";
import { isBlank } from "../src/settings/rules";
import { checkSettings, type SettingProblem, type Settings } from "../src/settings/settings";
import { stripVersion } from "../src/settings/settings-file";
import { findJsonError } from "./json-error";

interface FileContent {
	readonly given: Readonly<Record<string, unknown>>;
	/** The key is `file` for a problem of the whole file. */
	readonly problems: readonly SettingProblem[];
}

/** Checks the text of a settings file for a board that has no settings, as its setup page does with an import. */
export function checkSettingsFile(
	text: string,
	defaultPins?: DefaultPins,
): FileContent & { readonly settings: Settings } {
	const { given, problems: ofFile } = parseSettingsFile(text);
	const { settings, problems } = checkEnteredSettings(given, checkSettings({}).settings, defaultPins);
	return { given, settings, problems: [...ofFile, ...problems, ...missingPasswords(given.networks)] };
}

/** A problem of a settings file in one line, with the name of the file. */
export function describeFileProblem(file: string, { key, problem }: SettingProblem): string {
	return key === "file" ? `${file}: ${problem}` : `${file}: ${key}: ${problem}`;
}

/** The settings in a file, unchecked; or the problem with it. Ignores a byte order mark, and zeros at the end. */
export function parseSettingsFile(text: string): FileContent {
	const content = withoutPadding(text);
	const file = parseJson(content);
	if (isJsonObject(file)) return stripVersion(file);
	const place = findJsonError(content);
	const problem =
		place === undefined
			? "This is not a settings file: it must contain one JSON object."
			: texts.transfer.typingError(...place);
	return { given: {}, problems: [{ key: "file", problem }] };
}

/** A board keeps its own password for a network without one; a new board has none, and would take the network for open. */
function missingPasswords(networks: unknown): readonly SettingProblem[] {
	if (!Array.isArray(networks)) return [];
	return networks.flatMap((network: unknown, index) =>
		isJsonObject(network) && isBlank(network.password) && network.open !== true
			? [
					{
						key: `networks.${index}.password`,
						problem: 'The password is missing: write "open": true if the network has none.',
					},
				]
			: [],
	);
}

/** Removes a leading byte order mark and trailing zeros. */
function withoutPadding(text: string): string {
	const start = text.startsWith("\ufeff") ? 1 : 0;
	const zeros = text.indexOf("\0");
	const isPadded = zeros >= 0 && text.slice(zeros).replaceAll("\0", "") === "";
	return text.slice(start, isPadded ? zeros : text.length);
}

const serviceSettings = ["server", "bucketId", "dataSourceId", "rootCertificate"] as const;

/** One sentence about the settings of a file that are for a service, if it has no key for that: they are not used then. */
export function describeUnusedService(file: string, settings: Partial<Settings>): string | undefined {
	if (settings.key !== undefined) return undefined;
	const unused = serviceSettings.filter((name) => settings[name] !== undefined);
	if (unused.length === 0) return undefined;
	return `${unused.join(", ")} of ${file}: not used, because without a key in it the board posts to the embedded Dakkio`;
}
