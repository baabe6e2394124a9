import { type HostPort, parseHostPort } from "./host-port";
import { lowerCase } from "./lower-case";
import { consistsOf, untilAnyOf } from "./text-pattern";

/** Address of a document on an HTTPS server. */
export interface HttpsUrl extends HostPort {
	/** With the query: `/esp32/index.json`. */
	readonly path: string;
}

const httpsPort = 443;
const scheme = "https://";

/**
 * Parses `https://example.com:8443/path`; `undefined` if it is invalid, or has a fragment or user name. The host is in lower
 * case.
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

/**
 * Resolves a reference in the document at `base` (RFC 3986 section 4.1); `undefined` if it is invalid. Dot segments are left
 * to the server.
 */
export function resolveHttpsUrl(reference: string, base: HttpsUrl): HttpsUrl | undefined {
	if (reference.startsWith("//")) return parseHttpsUrl(`https:${reference}`);
	// A colon before the first slash ends a scheme.
	if (reference[untilAnyOf(":/?", reference).length] === ":") return parseHttpsUrl(reference);
	if (reference === "" || !consistsOf(reference, '!"$~')) return undefined;
	const document = untilAnyOf("?", base.path);
	if (reference.startsWith("?")) return { ...base, path: document + reference };
	const folder = document.slice(0, document.lastIndexOf("/") + 1);
	return { ...base, path: reference.startsWith("/") ? reference : folder + reference };
}
