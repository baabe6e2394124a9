import { hasControlCharacters } from "../common/control-characters";
import { utf8Bytes } from "../common/utf8";
import { type CheckResult, makeRule, type PartProblem, type Rule } from "./rules";

/** A saved Wi-Fi network. */
export interface SavedNetwork {
	readonly ssid: string;
	/** Empty for an open network. */
	readonly password: string;
}

/** How many are kept. */
const maxNetworks = 3;
/** Bytes of a network's name (IEEE 802.11, 9.4.2.2). */
const maxSsidBytes = 32;

/** Wi-Fi networks; what is wrong is told at each one's name or password. */
export const savedNetworksRule: Rule<readonly SavedNetwork[]> = makeRule(
	{ kind: "networks", maxLength: maxNetworks },
	(raw) => {
		if (!Array.isArray(raw)) return { problem: "This must be a list of networks." };
		if (raw.length > maxNetworks) return { problem: `At most ${maxNetworks} networks can be kept.` };
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
	const { ssid, password = "" } = isObject(raw) ? raw : {};
	const problems: PartProblem[] = [];
	const name = checkSsid(ssid);
	if (name !== undefined) problems.push({ path: "ssid", problem: name });
	const secret = checkPassword(password);
	if (secret !== undefined) problems.push({ path: "password", problem: secret });
	if (problems.length > 0 || typeof ssid !== "string" || typeof password !== "string") return { problems };
	return { value: { ssid, password } };
}

function checkSsid(ssid: unknown): string | undefined {
	if (typeof ssid !== "string" || ssid === "") return "A network needs its name (SSID).";
	const length = utf8Bytes(ssid);
	if (length > maxSsidBytes)
		return `The name of a network has at most ${maxSsidBytes} bytes; this one has ${length}. Letters with accents and emoji take several.`;
	if (hasControlCharacters(ssid)) return "This name has characters that cannot be shown; type it again.";
	return undefined;
}

/** WPA: a passphrase, or the 256-bit key itself (IEEE 802.11, J.4). */
function checkPassword(password: unknown): string | undefined {
	if (typeof password !== "string") return "The password must be a text.";
	if (password === "" || /^[ -~]{8,63}$/.test(password) || /^[0-9a-fA-F]{64}$/.test(password))
		return undefined;
	if (!/^[ -~]*$/.test(password))
		return "A Wi-Fi password has letters, digits and signs of the English keyboard only.";
	return password.length < 8
		? "A Wi-Fi password has at least 8 characters; leave it empty for an open network."
		: "A Wi-Fi password has at most 63 characters, or is a key of 64 hexadecimal digits.";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null;
}
