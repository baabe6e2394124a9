import { hasControlCharacters, toPrintable } from "../common/control-characters";
import { isJsonObject } from "../common/json";
import { consistsOf, hexDigits, printableAscii } from "../common/text-pattern";
import { utf8Bytes } from "../common/utf8";
import { type CheckResult, isBlank, makeRule, type PartProblem, type Rule } from "./rules";

/** A saved Wi-Fi network. */
export interface SavedNetwork {
	readonly ssid: string;
	/** Empty for an open network. */
	readonly password: string;
}

const maxNetworks = 3;
/** IEEE 802.11 section 9.4.2.2. */
const maxSsidBytes = 32;

/** Wi-Fi networks; problems name the SSID or password of each one. */
export const savedNetworksRule: Rule<readonly SavedNetwork[]> = makeRule(
	{ kind: "networks", maxLength: maxNetworks },
	(raw) => {
		if (!Array.isArray(raw)) return { problem: "This must be a list of networks." };
		if (raw.length > maxNetworks) return { problem: `At most ${maxNetworks} networks can be saved.` };
		const networks: SavedNetwork[] = [];
		const problems: PartProblem[] = [];
		for (const [index, entry] of raw.entries()) {
			const checked = checkNetwork(entry);
			if ("problems" in checked)
				for (const { path, problem } of checked.problems)
					problems.push({ path: `${index}.${path}`, problem });
			else networks.push(checked.value);
		}
		for (const [index, { ssid }] of networks.entries())
			if (networks.findIndex((other) => other.ssid === ssid) < index)
				problems.push({ path: `${index}.ssid`, problem: "This network is in the list twice." });
		return problems.length > 0 ? { problems } : { value: networks };
	},
);

function checkNetwork(raw: unknown): Exclude<CheckResult<SavedNetwork>, { readonly problem: string }> {
	const network = isJsonObject(raw) ? raw : {};
	const { ssid, password: entered } = network;
	const password = isBlank(entered) ? "" : entered;
	const problems: PartProblem[] = [];
	const name = checkSsid(ssid);
	if (name !== undefined) problems.push({ path: "ssid", problem: name });
	const secret = checkPassword(password);
	if (secret !== undefined) problems.push({ path: "password", problem: secret });
	for (const [key, value] of Object.entries(network)) {
		const isFlag = ["open", "saved"].includes(key);
		// A misspelt `password` would make it an open network.
		if (!isFlag && !["ssid", "password"].includes(key))
			problems.push({
				path: "password",
				problem: `There is no ${toPrintable(key)} here; there is ssid, password, open.`,
			});
		else if (isFlag && typeof value !== "boolean")
			problems.push({ path: "password", problem: `${key} must be true or false.` });
	}
	if (problems.length > 0 || typeof ssid !== "string" || typeof password !== "string") return { problems };
	return { value: { ssid, password } };
}

/** What is wrong with a name, as a sentence; `undefined`: it is valid. */
export function checkSsid(ssid: unknown): string | undefined {
	if (typeof ssid !== "string" || ssid === "") return "A network needs its name (SSID).";
	const length = utf8Bytes(ssid);
	if (length > maxSsidBytes)
		return `A network name has at most ${maxSsidBytes} bytes; this one has ${length}. Accented letters and emoji take several bytes.`;
	// A scan shows this character for invalid UTF-8.
	if (ssid.includes("\ufffd"))
		return "This name is not text (UTF-8): a network with it cannot be joined here.";
	if (hasControlCharacters(ssid)) return "This name has characters that cannot be shown; type it again.";
	return undefined;
}

/** Checks a WPA passphrase, or 256-bit key in hexadecimal (IEEE 802.11 annex J.4). */
function checkPassword(password: unknown): string | undefined {
	if (typeof password !== "string") return "The password must be text.";
	if (
		password === "" ||
		consistsOf(password, printableAscii, 8, 63) ||
		consistsOf(password, hexDigits, 64, 64)
	)
		return undefined;
	if (!consistsOf(password, printableAscii))
		return "A Wi-Fi password has only letters, digits and punctuation of the English keyboard.";
	return password.length < 8
		? `A Wi-Fi password has at least 8 characters, this one has ${password.length}; leave it empty for an open network.`
		: `A Wi-Fi password has at most 63 characters, this one has ${password.length}, or is a key of 64 hexadecimal digits.`;
}

/**
 * Fills in the saved password of each entered network that has none and is not marked `open`. The result is not checked.
 */
export function withSavedPasswords(entered: unknown, saved: readonly SavedNetwork[]): unknown {
	if (!Array.isArray(entered)) return entered;
	return entered.map((entry: unknown) => {
		if (!isJsonObject(entry) || !isBlank(entry.password) || entry.open === true) return entry;
		const { ssid } = entry;
		return { ...entry, password: saved.find((network) => network.ssid === ssid)?.password };
	});
}
