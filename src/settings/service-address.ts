import { type HostPort, parseHostPort } from "../common/host-port";
import { lowerCase } from "../common/lower-case";
import { untilAnyOf } from "../common/text-pattern";

const httpsPort = 443;
const scheme = "https://";

/**
 * Parses `https://api.example.com:8443`, or returns the problem with it. The service is always connected to with TLS; the
 * host is in lower case.
 */
export function parseServiceAddress(address: string): HostPort | { readonly problem: string } {
	if (lowerCase(address.slice(0, 5)) === "http:")
		return { problem: "Only https is possible: an API key must not be sent unencrypted." };
	const isSecure = lowerCase(address.slice(0, scheme.length)) === scheme;
	const authority = address.slice(scheme.length, address.endsWith("/") ? -1 : address.length);
	const parsed = isSecure ? parseHostPort(lowerCase(authority), httpsPort) : undefined;
	if (parsed !== undefined) return parsed;
	const excess = authority.includes("@")
		? "user name"
		: isSecure && untilAnyOf("/?#", authority) !== authority
			? "path"
			: undefined;
	return {
		problem: `${excess === undefined ? "This is not an address" : `Leave out the ${excess}`}: enter https:// and a host name or an IPv4 address, with a port (1 to 65535) unless it is 443.`,
	};
}
