import { lowerCase } from "./lower-case";
import { consistsOf, hexDigits, isDigits, lettersAndDigits } from "./text-pattern";

/** Address of a server. */
export interface HostPort {
	/** A host name (RFC 1123 section 2.1) or a dotted IPv4 address. */
	readonly host: string;
	readonly port: number;
}

/** Parses `host` or `host:port`; `undefined` if it cannot be resolved or connected to. IPv6 addresses are not supported. */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
	const [host = "", digits = String(defaultPort), ...rest] = text.split(":");
	const port = isDigits(digits, 5) && !digits.startsWith("0") ? Number(digits) : 0;
	return rest.length === 0 && isHost(host) && port > 0 && port <= 65_535 ? { host, port } : undefined;
}

function isHost(host: string): boolean {
	const labels = host.split(".");
	// A name that ends in a number must be an address: resolvers differ on it (WHATWG URL, "ends in a number").
	if (isNumber(labels[labels.length - 1] ?? "")) return isUnicastAddress(labels);
	return host.length <= 253 && labels.every(isLabel);
}

/** Decimal, or hexadecimal with `0x`. */
function isNumber(text: string): boolean {
	return isDigits(text) || (lowerCase(text.slice(0, 2)) === "0x" && consistsOf(text.slice(2), hexDigits, 0));
}

/** Letters, digits, and hyphens inside. */
function isLabel(text: string): boolean {
	const ends = text.charAt(0) + text.charAt(text.length - 1);
	return consistsOf(text, `${lettersAndDigits}--`, 1, 63) && consistsOf(ends, lettersAndDigits);
}

/** Four decimal bytes without leading zeros; neither "this network", nor multicast, nor reserved. */
function isUnicastAddress(parts: readonly string[]): boolean {
	const first = Number(parts[0]);
	return (
		parts.length === 4 &&
		parts.every((part) => isDigits(part, 3) && String(Number(part)) === part && Number(part) <= 255) &&
		first > 0 &&
		first < 224
	);
}
