import type { Board } from "../boards/board";
import { randomHex } from "../boards/random";
import { lowerCase } from "../common/lower-case";
import { untilAnyOf } from "../common/text-pattern";
import { isRedirect } from "../http/exchange-result";
import { HttpConnection } from "../http/http-connection";
import type { ExchangeTimeoutsMs } from "../http/timeouts";

export interface CaptivePortalOptions {
	readonly board: Pick<Board, "network" | "time" | "fillRandom">;
	/** Host name of the service. */
	readonly host: string;
	/** Receives a function that ends the check at once. */
	onAbortable?(stop: () => void): void;
}

const resolveTimeoutMs = 4_000;
const timeoutsMs: Partial<ExchangeTimeoutsMs> = Object.freeze({
	resolve: 4_000,
	connect: 4_000,
	send: 4_000,
	receive: 4_000,
	total: 8_000,
});

/**
 * Whether the network is a captive portal. Two signs, without a request to a third party: it resolves a name that cannot
 * exist (`.invalid`, RFC 2606), or it responds for the service over HTTP with status 511 (RFC 6585) or a redirect to
 * another host.
 */
export async function isCaptivePortal(options: CaptivePortalOptions): Promise<boolean> {
	return (await resolvesInvalidName(options)) || (await redirectsElsewhere(options));
}

function resolvesInvalidName({ board, onAbortable }: CaptivePortalOptions): Promise<boolean> {
	const { network, time } = board;
	return new Promise((resolve) => {
		const end = (isResolved: boolean) => {
			time.clear(deadline);
			resolve(isResolved);
		};
		const deadline = time.set(() => end(false), resolveTimeoutMs);
		onAbortable?.(() => end(false));
		network.resolver.resolve({
			host: `${randomHex(board, 6)}.invalid`,
			onResolved: () => end(true),
			onError: () => end(false),
		});
	});
}

async function redirectsElsewhere({ board, host, onAbortable }: CaptivePortalOptions): Promise<boolean> {
	const { network, time } = board;
	const connection = new HttpConnection({
		network,
		time,
		host,
		port: 80,
		secure: false,
		timeoutsMs,
		responseHeaders: ["location"],
	});
	onAbortable?.(() => connection.close());
	const outcome = await connection.exchange({ method: "GET", path: "/", headers: [] });
	connection.close();
	if (outcome.kind === "failure") return false;
	if (outcome.status === 511) return true;
	const target = hostOf(outcome.headers.get("location") ?? "") ?? host;
	return isRedirect(outcome.status) && target !== host;
}

/** The host of an absolute address, in lower case; `undefined` for a relative one. */
function hostOf(location: string): string | undefined {
	const [scheme = "", ...rest] = lowerCase(location).split("://");
	const host = untilAnyOf("/:?#", rest.join("://"));
	return (scheme === "http" || scheme === "https") && host !== "" ? host : undefined;
}
