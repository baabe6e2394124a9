/** What is done, one after the other, while not even a name can be resolved although the Wi-Fi is up. */
export type Remedy = "ask for the time" | "restart the network" | "restart the board";

/** In the storage while the last restart was for a silent network, and it is still silent. */
export const silenceKey = "silence";

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * A server that is down is nobody's reason to restart: something still answers, if only the resolver. Before a
 * restart the time servers are asked, because their answer tells a dead network from a name that does not exist.
 */
const remedies: readonly { readonly after: number; readonly remedy: Remedy }[] = [
	{ after: 60 * minute, remedy: "ask for the time" },
	{ after: 65 * minute, remedy: "restart the network" },
	{ after: 120 * minute, remedy: "ask for the time" },
	{ after: 125 * minute, remedy: "restart the board" },
];

/** What is known when an attempt got nowhere. */
export interface Attempt {
	readonly ticks: number;
	/** A restart forgets the time of day, and readings until the next answer have only an estimate. */
	readonly timeKnown: boolean;
}

/** How long nothing has been heard from the network, in a board's ticks. */
export class Silence {
	private readonly restarted: boolean;
	private since: number;
	private tried = 0;

	/** `restarted`: the board was restarted for this, and nothing has been heard since. */
	constructor(ticks: number, restarted: boolean) {
		this.since = ticks;
		this.restarted = restarted;
	}

	/** Something came from the network. */
	heard(ticks: number): void {
		this.since = ticks;
		this.tried = 0;
	}

	/** The Wi-Fi was joined. While a remedy is being tried, that alone proves nothing. */
	joined(ticks: number): void {
		if (this.tried === 0) this.since = ticks;
	}

	/** Nothing came at this attempt; each remedy is named once. */
	unheard({ ticks, timeKnown }: Attempt): Remedy | undefined {
		const next = remedies[this.tried];
		if (next === undefined) return undefined;
		const after = next.remedy === "restart the board" ? this.restartAfter(timeKnown) : undefined;
		if (ticks - this.since < (after ?? next.after)) return undefined;
		this.tried++;
		return next.remedy;
	}

	/** One that did not help is repeated once a day; one that costs true times waits for a week. */
	private restartAfter(timeKnown: boolean): number | undefined {
		if (timeKnown) return 7 * day;
		return this.restarted ? day : undefined;
	}
}
