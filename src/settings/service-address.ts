/** Of the service; always with TLS. */
export interface ServiceAddress {
	readonly host: string;
	readonly port: number;
}

/** Parses `https://api.example.com:8443`, or returns the problem with it. */
export function parseServiceAddress(address: string): ServiceAddress | { readonly problem: string } {
	if (/^http:/i.test(address))
		return { problem: "Only https is possible: an API key must not be sent unencrypted." };
	const match = /^https:\/\/([a-z0-9]([a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?\/?$/i.exec(address);
	const port = Number(match?.[3] ?? 443);
	if (match?.[1] === undefined || port < 1 || port > 65_535)
		return {
			problem: "This is not an address: enter https:// and a host name, with a port unless it is 443.",
		};
	return { host: match[1].toLowerCase(), port };
}
