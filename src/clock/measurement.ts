/** What a time server said, checked: it was `utc` when this board's ticks were `ticks`. */
export interface Measurement {
	/** Milliseconds of Unix time, with a fraction. */
	readonly utc: number;
	readonly ticks: number;
	/** Milliseconds from the question to the answer: `utc` is wrong by half of it at the most. */
	readonly roundTripMs: number;
	/** The most that the server itself may be wrong by, milliseconds, as it says. */
	readonly rootDistanceMs?: number | undefined;
	/** As it stands in the settings. */
	readonly server: string;
}

/** The most that the true time can differ from the measured one, milliseconds. */
export function uncertaintyMs({ roundTripMs, rootDistanceMs = 0 }: Measurement): number {
	return roundTripMs / 2 + rootDistanceMs;
}
