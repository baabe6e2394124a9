import { violate } from "./invariants";

/** What the light has to tell. */
export type ExpectedLight =
	| "setup"
	| "joining"
	| "no time"
	| "sending"
	| "settings fault"
	| "working"
	| "forgetting"
	| "dark";

/** As the manual has it: milliseconds on, off, on, off and so on, then from the beginning. */
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

/** No pattern stands still for longer, milliseconds. */
const maxPhaseMs = 5_000;
/** Timers are on a grid, and crystals are off by some parts per million. */
const toleranceMs = 5;

/** Looks at the light of a board, and says whether it tells what is so. */
export class LightChecker {
	private readonly now: () => number;
	/** What is so, as the world sees it, and since when; `undefined` while the world is not sure. */
	private expected: ExpectedLight | undefined = "dark";
	private since = 0;
	private on = false;
	private changedAt = 0;
	private changedBefore = 0;
	/** A part that fits no pattern; it may be the end of one, where about then something else became so. */
	private mismatch: { readonly at: number; readonly told: string } | undefined;

	constructor(now: () => number) {
		this.now = now;
	}

	/** What is so now. */
	setExpected(truth: ExpectedLight | undefined): void {
		if (truth === this.expected) return;
		if (this.mismatch !== undefined && this.now() - this.mismatch.at <= toleranceMs)
			this.mismatch = undefined;
		this.check();
		this.expected = truth;
		this.since = this.now();
	}

	/** The firmware has switched the light. */
	onLight(on: boolean): void {
		if (on === this.on) return;
		const now = this.now();
		if (now === this.changedAt) {
			// Nobody sees what lasts no time.
			this.on = on;
			this.changedAt = this.changedBefore;
			return;
		}
		this.settle();
		const lasted = now - this.changedAt;
		// A part that began before the truth was so says nothing.
		if (
			this.expected !== undefined &&
			this.changedAt > this.since &&
			!matchesPattern(this.expected, this.on, lasted)
		)
			this.mismatch = { at: now, told: describeMismatch(this.expected, this.on, lasted) };
		this.on = on;
		this.changedBefore = this.changedAt;
		this.changedAt = now;
	}

	/** Whether it shows anything at all, where it has to. */
	check(): void {
		this.settle();
		const still = this.now() - Math.max(this.changedAt, this.since);
		if (this.expected === undefined || still <= maxPhaseMs + toleranceMs) return;
		if (this.expected !== "dark" || this.on)
			violate("light", describeMismatch(this.expected, this.on, still));
	}

	private settle(): void {
		if (this.mismatch !== undefined && this.now() - this.mismatch.at > toleranceMs)
			violate("light", this.mismatch.told);
	}
}

function matchesPattern(truth: ExpectedLight, on: boolean, lasted: number): boolean {
	return expectedPatterns[truth].some(
		(part, index) => (index % 2 === 0) === on && Math.abs(part - lasted) <= toleranceMs,
	);
}

function describeMismatch(truth: ExpectedLight, on: boolean, lasted: number): string {
	return `it was ${on ? "on" : "off"} for ${Math.round(lasted)} ms while the board was "${truth}"`;
}
