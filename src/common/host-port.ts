/** Where a server is. */
export interface HostPort {
	/** A host name (RFC 1123 section 2.1) or a dotted IPv4 address. */
	readonly host: string;
	readonly port: number;
}

/** Parses `host` or `host:port`; `undefined` if it cannot be resolved or connected to. IPv6 addresses are not supported. */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
	const [, host = "", digits] = /^([^:]+)(?::([1-9]\d{0,4}))?$/.exec(text) ?? [];
	const port = digits === undefined ? defaultPort : Number(digits);
	return isHost(host) && port <= 65_535 ? { host, port } : undefined;
}

function isHost(host: string): boolean {
	const labels = host.split(".");
	// A name that ends in a number is an address, or nothing: resolvers differ (WHATWG URL, "ends in a number").
	if (/^(\d+|0x[\da-f]*)$/i.test(labels[labels.length - 1] ?? "")) return isUnicastAddress(labels);
	return host.length <= 253 && labels.every((label) => /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(label));
}

/** Four decimal bytes without leading zeros; neither "this network", nor multicast, nor reserved. */
function isUnicastAddress(parts: readonly string[]): boolean {
	const first = Number(parts[0]);
	return (
		parts.length === 4 &&
		parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255) &&
		first > 0 &&
		first < 224
	);
}
