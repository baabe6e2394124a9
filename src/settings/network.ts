import { hasControl } from "../text/control";
import { byteLength } from "../text/utf8";
import { type Checked, type PartProblem, type Rule, rule } from "./rules";

/** A saved Wi-Fi network. */
export interface SavedNetwork {
	readonly ssid: string;
	/** Empty for an open network. */
	readonly password: string;
}

/** How many are kept. */
const most = 3;
/** Bytes of a network's name (IEEE 802.11, 9.4.2.2). */
const longestName = 32;

/** Wi-Fi networks; what is wrong is told at each one's name or password. */
export const savedNetworks: Rule<readonly SavedNetwork[]> = rule(
	{ kind: "networks", longest: most },
	(raw) => {
		if (!Array.isArray(raw)) return { problem: "This must be a list of networks." };
		if (raw.length > most) return { problem: `At most ${most} networks can be kept.` };
		const networks: SavedNetwork[] = [];
		const problems: PartProblem[] = [];
		for (const [index, entry] of raw.entries()) {
			const checked = savedNetwork(entry);
			if ("problems" in checked)
				for (const { at, problem } of checked.problems) problems.push({ at: `${index}.${at}`, problem });
			else networks.push(checked.value);
		}
		for (const [index, { ssid }] of networks.entries())
			if (networks.findIndex((other) => other.ssid === ssid) < index)
				problems.push({ at: `${index}.ssid`, problem: "This network is in the list twice." });
		return problems.length > 0 ? { problems } : { value: networks };
	},
);

function savedNetwork(raw: unknown): Exclude<Checked<SavedNetwork>, { readonly problem: string }> {
	const { ssid, password = "" } = isObject(raw) ? raw : {};
	const problems: PartProblem[] = [];
	const name = checkName(ssid);
	if (name !== undefined) problems.push({ at: "ssid", problem: name });
	const secret = checkPassword(password);
	if (secret !== undefined) problems.push({ at: "password", problem: secret });
	if (problems.length > 0 || typeof ssid !== "string" || typeof password !== "string") return { problems };
	return { value: { ssid, password } };
}

function checkName(ssid: unknown): string | undefined {
	if (typeof ssid !== "string" || ssid === "") return "A network needs its name (SSID).";
	const length = byteLength(ssid);
	if (length > longestName)
		return `The name of a network has at most ${longestName} bytes; this one has ${length}. Letters with accents and emoji take several.`;
	if (hasControl(ssid)) return "This name has characters that cannot be shown; type it again.";
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
