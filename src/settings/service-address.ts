import { type HostPort, parseHostPort } from "../common/host-port";

const httpsPort = 443;

/**
 * Parses `https://api.example.com:8443`, or returns the problem with it. The service is always connected to with TLS; the
 * host is in lower case.
 */
export function parseServiceAddress(address: string): HostPort | { readonly problem: string } {
	if (/^http:/i.test(address))
		return { problem: "Only https is possible: an API key must not be sent unencrypted." };
	const [, authority = ""] = /^https:\/\/([^/]*)\/?$/i.exec(address) ?? [];
	return (
		parseHostPort(authority.toLowerCase(), httpsPort) ?? {
			problem:
				"This is not an address: enter https:// and a host name or an IPv4 address, with a port (1 to 65535) unless it is 443.",
		}
	);
}
