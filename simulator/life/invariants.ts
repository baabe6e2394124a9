/** What the firmware promises, as a life checks it all the time: each with its own sentence. */
export const invariants = Object.freeze({
	kept: "Every reading measured is at the service, on flash, in quarantine with its reason, or counted as overwritten.",
	genuine:
		"No point is invented or altered: each is a reading, as it was measured, and where and when the board was.",
	numbered: "The numbers of readings rise, and none is ever given twice.",
	ordered: "The points of a request are in order, of time and of number.",
	timed:
		"Each point's time is within a second of its sampling, or marked as estimated; and marked only where it must be.",
	same: "A point that comes again is the same.",
	once: "No point comes again after its 2xx has arrived.",
	single: "No more than one request is in flight.",
	paced: "Waits between attempts that fail grow, end at their cap, and are as long as the service asks.",
	budget: "The calls stay within the plan, and what others leave of it.",
	sampled: "A reading is taken at each interval, whatever else is wrong.",
	delivered: "After the last fault everything that waits is delivered within the promised time.",
	light: "The light tells the truth.",
	status: "The status tells the truth.",
	bounded:
		"The firmware's memory is bounded: timers, sockets, files, peripherals, and what it keeps in tables.",
	forgotten: "Who holds the button for ten seconds has a board without settings, secrets and readings.",
	secret: "Neither the key nor a password is in a log.",
	sturdy: "The firmware starts, breaks no rule of the flash, and throws nothing into the platform.",
} as const);

export type InvariantName = keyof typeof invariants;

/** The firmware broke a promise. */
export class InvariantViolation extends Error {
	override name = "BrokenPromiseError";
	readonly invariant: InvariantName;
	/** What was seen. */
	readonly detail: string;
	/** When, milliseconds of Unix time. */
	at: number | undefined;

	constructor(promise: InvariantName, detail: string) {
		super(`${invariants[promise]} But ${detail}.`);
		this.invariant = promise;
		this.detail = detail;
	}
}

/** Ends what is going on with the promise that was broken. */
export function violate(promise: InvariantName, detail: string): never {
	throw new InvariantViolation(promise, detail);
}
