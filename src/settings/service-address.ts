import { type HostPort, parseHostPort } from "../common/host-port";
import { lowerCase } from "../common/lower-case";

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
	return (
		(isSecure ? parseHostPort(lowerCase(authority), httpsPort) : undefined) ?? {
			problem:
				"This is not an address: enter https:// and a host name or an IPv4 address, with a port (1 to 65535) unless it is 443.",
		}
	);
}
