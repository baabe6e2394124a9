/** What the firmware guarantees. A simulated life checks it continuously. */
export const invariants = Object.freeze({
	kept: "Every measured reading is at the service, in flash, in quarantine with the reason, or counted as overwritten, there or in flash.",
	genuine: "No point is invented or altered: values, device, location and metadata are those of the reading.",
	numbered: "Sequence numbers increase and are never reused.",
	ordered: "The points of a request are ordered by time and by sequence number.",
	timed:
		"A point's time is within one second of its sampling or marked as estimated, and is marked only if necessary.",
	same: "A point that is sent again is identical.",
	once: "No point is sent again after its 2xx has been received.",
	proven: "A refused point goes into quarantine only when the service has taken another one since.",
	few: "In any 24 hours, no point is stored more than 30 times, and no more than 1,000 are stored more than twice; without a 2xx, few more than 5 times.",
	single: "At most one request is in flight.",
	paced:
		"A second passes after a refusal; waits between failed attempts grow, are capped, and are as long as the service requests.",
	budget: "API calls stay within the plan and what other devices leave of it.",
	sampled: "A reading is taken at each interval, whatever else fails.",
	delivered: "After the last fault all pending readings are delivered by the deadline.",
	light: "The light shows the board's state.",
	status: "The status reports the board's state.",
	page: "The page on the home network is there, shows the board's state, and no secret.",
	bounded: "The firmware's memory is bounded: timers, sockets, files, peripherals and tables.",
	forgotten: "Holding the button for ten seconds erases settings, secrets and readings.",
	secret: "The log contains neither the API key nor a password.",
	signed: "Only a firmware runs that the release key has signed for this chip, and no older one.",
	worthy: "An update that does not work as the firmware before it is not kept.",
	sturdy: "The firmware starts, obeys the rules of the flash, and throws nothing into the platform.",
} as const);

export type InvariantName = keyof typeof invariants;

/** The firmware violated an invariant. */
export class InvariantViolation extends Error {
	override name = "InvariantViolation";
	readonly invariant: InvariantName;
	/** What was observed. */
	readonly detail: string;
	/** When, milliseconds of Unix time. */
	at: number | undefined;

	constructor(invariant: InvariantName, detail: string) {
		super(`${invariants[invariant]} Violated: ${detail}.`);
		this.invariant = invariant;
		this.detail = detail;
	}
}

/** Ends the current check with a violation. */
export function violate(invariant: InvariantName, detail: string): never {
	throw new InvariantViolation(invariant, detail);
}
