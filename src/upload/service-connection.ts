import type { Board } from "../boards/board";
import { rateLimitHeaders } from "../dakkio/rate-limits";
import { HttpConnection } from "../http/http-connection";
import { decodeCertificates } from "../settings/pem";
import { parseServiceAddress } from "../settings/service-address";
import type { Settings } from "../settings/settings";

/**
 * A connection to the service in the settings. `onVerified` is called with the issuer of its certificate. Throws for an
 * invalid address; `missingForUpload` reports it before.
 */
export function connectService(
	{ network, time }: Pick<Board, "network" | "time">,
	{ server, rootCertificate, key }: Pick<Settings, "server" | "rootCertificate" | "key">,
	onVerified: (issuer: string) => void = () => {},
): HttpConnection {
	const origin = parseServiceAddress(server);
	if ("problem" in origin) throw new Error(origin.problem);
	return new HttpConnection({
		network,
		time,
		...origin,
		secure: true,
		ca: decodeCertificates(rootCertificate),
		secret: key,
		responseHeaders: rateLimitHeaders,
		onVerified,
	});
}

/** Headers of each request to the service. */
export function serviceHeaders(userAgent: string, key: string): readonly (readonly [string, string])[] {
	return [
		["User-Agent", userAgent],
		["X-API-Key", key],
	];
}

export const jsonContentType: readonly [string, string] = Object.freeze([
	"Content-Type",
	"application/json",
] as const);
