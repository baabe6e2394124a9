import { broken } from "./promises";

/** What the light has to tell. */
export type LightTruth =
	| "setup"
	| "joining"
	| "no time"
	| "sending"
	| "settings fault"
	| "working"
	| "forgetting"
	| "dark";

/** As the manual has it: milliseconds on, off, on, off and so on, then from the beginning. */
const manual: Readonly<Record<LightTruth, readonly number[]>> = {
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
const longest = 5_000;
/** Timers are on a grid, and crystals are off by some parts per million. */
const tolerance = 5;

/** Looks at the light of a board, and says whether it tells what is so. */
export class LightWatch {
	private readonly now: () => number;
	/** What is so, as the world sees it, and since when; `undefined` while the world is not sure. */
	private truth: LightTruth | undefined = "dark";
	private since = 0;
	private on = false;
	private changedAt = 0;
	private changedBefore = 0;
	/** A part that fits no pattern; it may be the end of one, where about then something else became so. */
	private doubt: { readonly at: number; readonly told: string } | undefined;

	constructor(now: () => number) {
		this.now = now;
	}

	/** What is so now. */
	tell(truth: LightTruth | undefined): void {
		if (truth === this.truth) return;
		if (this.doubt !== undefined && this.now() - this.doubt.at <= tolerance) this.doubt = undefined;
		this.check();
		this.truth = truth;
		this.since = this.now();
	}

	/** The firmware has switched the light. */
	show(on: boolean): void {
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
		if (this.truth !== undefined && this.changedAt > this.since && !fits(this.truth, this.on, lasted))
			this.doubt = { at: now, told: tell(this.truth, this.on, lasted) };
		this.on = on;
		this.changedBefore = this.changedAt;
		this.changedAt = now;
	}

	/** Whether it shows anything at all, where it has to. */
	check(): void {
		this.settle();
		const still = this.now() - Math.max(this.changedAt, this.since);
		if (this.truth === undefined || still <= longest + tolerance) return;
		if (this.truth !== "dark" || this.on) broken("light", tell(this.truth, this.on, still));
	}

	private settle(): void {
		if (this.doubt !== undefined && this.now() - this.doubt.at > tolerance) broken("light", this.doubt.told);
	}
}

function fits(truth: LightTruth, on: boolean, lasted: number): boolean {
	return manual[truth].some(
		(part, index) => (index % 2 === 0) === on && Math.abs(part - lasted) <= tolerance,
	);
}

function tell(truth: LightTruth, on: boolean, lasted: number): string {
	return `it was ${on ? "on" : "off"} for ${Math.round(lasted)} ms while the board was "${truth}"`;
}
