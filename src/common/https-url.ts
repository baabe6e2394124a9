import { type HostPort, parseHostPort } from "./host-port";
import { lowerCase } from "./lower-case";
import { consistsOf, untilAnyOf } from "./text-pattern";

/** Where a document is, over TLS. */
export interface HttpsUrl extends HostPort {
	/** With the query: `/esp32/index.json`. */
	readonly path: string;
}

const httpsPort = 443;
const scheme = "https://";

/**
 * Parses `https://example.com:8443/path`; `undefined` unless it can be requested as it stands. A fragment and a user name
 * are none of it. The host is in lower case.
 */
export function parseHttpsUrl(text: string): HttpsUrl | undefined {
	if (lowerCase(text.slice(0, scheme.length)) !== scheme) return undefined;
	const rest = text.slice(scheme.length);
	const authority = untilAnyOf("/?#", rest);
	const server = parseHostPort(lowerCase(authority), httpsPort);
	const path = rest.slice(authority.length);
	// Visible ASCII without `#`.
	if (server === undefined || (path !== "" && !(path.startsWith("/") && consistsOf(path, '!"$~'))))
		return undefined;
	return { ...server, path: path === "" ? "/" : path };
}
