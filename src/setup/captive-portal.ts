import type { Board } from "../boards/board";
import { HttpConnection } from "../http/http-connection";

export interface CaptivePortalOptions {
	readonly board: Pick<Board, "network" | "time" | "fillRandom">;
	/** Of the service. */
	readonly host: string;
	/** Called with what ends the search at once. */
	onAbortable?(stop: () => void): void;
}

const resolveTimeoutMs = 4_000;
const timeoutsMs = Object.freeze({
	resolve: 4_000,
	connect: 4_000,
	send: 4_000,
	receive: 4_000,
	whole: 8_000,
});

/**
 * Whether a network shows a login page in place of the internet. Two signs give one away, and no third party is asked:
 * it knows a name that nobody can have (RFC 2606: `.invalid`), or it answers in the service's place and leads
 * elsewhere (RFC 6585: 511).
 */
export async function isCaptivePortal(options: CaptivePortalOptions): Promise<boolean> {
	return (await resolvesInvalidName(options)) || (await redirectsElsewhere(options));
}

function resolvesInvalidName({ board, onAbortable }: CaptivePortalOptions): Promise<boolean> {
	const { network, time } = board;
	const bytes = new Uint8Array(6);
	board.fillRandom(bytes);
	const label = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return new Promise((resolve) => {
		const end = (known: boolean) => {
			time.clear(deadline);
			resolve(known);
		};
		const deadline = time.set(() => end(false), resolveTimeoutMs);
		onAbortable?.(() => end(false));
		network.resolver.resolve({
			host: `${label}.invalid`,
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
	const [, target = host] = /^https?:\/\/([^/:?#]+)/i.exec(outcome.headers.get("location") ?? "") ?? [];
	return outcome.status >= 300 && outcome.status < 400 && target.toLowerCase() !== host;
}
