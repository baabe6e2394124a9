import { violate } from "./invariants";

/** The state that the light has to show. */
export type ExpectedLight =
	| "setup"
	| "joining"
	| "no time"
	| "sending"
	| "settings fault"
	| "working"
	| "forgetting"
	| "dark";

/** From the manual: milliseconds on, off, on, off and so on, repeated. */
const expectedPatterns: Readonly<Record<ExpectedLight, readonly number[]>> = {
	setup: [500, 500],
	joining: [100, 900],
	"no time": [100, 200, 100, 1600],
	sending: [100, 100],
	"settings fault": [100, 200, 100, 200, 100, 1300],
	working: [20, 4980],
	forgetting: [50, 50],
	dark: [],
};

/** The longest phase of a pattern, milliseconds. */
const maxPhaseMs = 5_000;
/** Timers have a resolution, and crystals an error. */
const toleranceMs = 5;

/** Compares a board's light with its state. */
export class LightChecker {
	private readonly now: () => number;
	/** The expected state and since when; `undefined` while it is uncertain. */
	private expected: ExpectedLight | undefined = "dark";
	private since = 0;
	private on = false;
	private changedAt = 0;
	private changedBefore = 0;
	/** A phase that fits no pattern. It is excused if the state changes at its end. */
	private mismatch: { readonly at: number; readonly message: string } | undefined;

	constructor(now: () => number) {
		this.now = now;
	}

	setExpected(state: ExpectedLight | undefined): void {
		if (state === this.expected) return;
		if (this.mismatch !== undefined && this.now() - this.mismatch.at <= toleranceMs)
			this.mismatch = undefined;
		this.check();
		this.expected = state;
		this.since = this.now();
	}

	onLight(on: boolean): void {
		if (on === this.on) return;
		const now = this.now();
		if (now === this.changedAt) {
			// A phase without duration is invisible.
			this.on = on;
			this.changedAt = this.changedBefore;
			return;
		}
		this.settle();
		const lasted = now - this.changedAt;
		// A phase that began before the state changed proves nothing.
		if (
			this.expected !== undefined &&
			this.changedAt > this.since &&
			!matchesPattern(this.expected, this.on, lasted)
		)
			this.mismatch = { at: now, message: describeMismatch(this.expected, this.on, lasted) };
		this.on = on;
		this.changedBefore = this.changedAt;
		this.changedAt = now;
	}

	/** Checks that a pattern is shown at all. */
	check(): void {
		this.settle();
		const still = this.now() - Math.max(this.changedAt, this.since);
		if (this.expected === undefined || still <= maxPhaseMs + toleranceMs) return;
		if (this.expected !== "dark" || this.on)
			violate("light", describeMismatch(this.expected, this.on, still));
	}

	private settle(): void {
		if (this.mismatch !== undefined && this.now() - this.mismatch.at > toleranceMs)
			violate("light", this.mismatch.message);
	}
}

function matchesPattern(state: ExpectedLight, on: boolean, lasted: number): boolean {
	return expectedPatterns[state].some(
		(part, index) => (index % 2 === 0) === on && Math.abs(part - lasted) <= toleranceMs,
	);
}

function describeMismatch(state: ExpectedLight, on: boolean, lasted: number): string {
	return `it was ${on ? "on" : "off"} for ${Math.round(lasted)} ms while the board was "${state}"`;
}
