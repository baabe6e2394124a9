/** What a board on battery has still to do. Ticks. */
export interface Duties {
	readonly now: number;
	readonly nextSample: number;
	/** When the network is needed for the next upload; without end while nothing waits. */
	readonly nextUpload: number;
	/** A reading is being measured or stored, or a person holds the button. */
	readonly busy: boolean;
	/** A request is under way. */
	readonly sending: boolean;
	/** Since when the network has been wanted; `undefined` while it is not. */
	readonly onlineSince: number | undefined;
}

export type Rest =
	| { readonly kind: "stay" }
	/** The radio is needed. */
	| { readonly kind: "join" }
	| { readonly kind: "sleep"; readonly milliseconds: number };

/** Waking up takes about so long, and as much energy as it saves. Milliseconds. */
const shortestSleep = 2_000;
/** The network, the time and an upload may take so long; what is left then is for the next time. Milliseconds. */
export const longestOnline = 3 * 60_000;
/** After a time online that came to no end the next attempt waits, twice as long each time. Milliseconds. */
const firstPause = 15 * 60_000;
const longestPause = 6 * 3_600_000;

/** How long the next attempt waits after so many in a row that came to no end, milliseconds. */
export function pauseAfter(failures: number): number {
	return Math.min(longestPause, firstPause * 2 ** Math.min(failures - 1, 10));
}

/** What a board on battery does next: it sleeps whenever it can. */
export function rest({ now, nextSample, nextUpload, busy, sending, onlineSince }: Duties): Rest {
	if (busy) return { kind: "stay" };
	const tooLong = onlineSince !== undefined && now - onlineSince >= longestOnline;
	if (!tooLong && sending) return { kind: "stay" };
	if (!tooLong && nextUpload <= now) return onlineSince === undefined ? { kind: "join" } : { kind: "stay" };
	const milliseconds = nextSample - now;
	return milliseconds < shortestSleep ? { kind: "stay" } : { kind: "sleep", milliseconds };
}
