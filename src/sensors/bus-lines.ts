import type { Digital, DigitalConstructor } from "../boards/ecma419";

/** What is found at the two lines of an I2C bus while nobody uses it. */
export type BusLines =
	/** Both are high: it can be used. */
	| "idle"
	/** A chip held the data line and has let it go. */
	| "freed"
	/** Stays low whatever is done: shorted, or somebody has no supply. */
	| "data held"
	| "clock held";

/** Pulses after which a chip has sent the byte that it was at, and has seen no acknowledge (I2C specification, 3.1.16). */
const mostPulses = 9;

/** A line with a pull-up: pulled low, or let go. */
export interface Line {
	pull(): void;
	release(): void;
	/** Whether it is high; while it is let go. */
	high(): boolean;
	/** Gives the pin back. */
	close(): void;
}

/**
 * Frees a bus on which a chip was interrupted while it sent a zero, and waits for clock pulses with the data line held
 * low: it gets them, up to nine, and then a stop (I2C specification, section 3.1.16). On an idle bus nothing is done.
 */
export function freeBus(data: Line, clock: Line): BusLines {
	data.release();
	clock.release();
	if (!clock.high()) return "clock held";
	if (data.high()) return "idle";
	for (let pulse = 0; pulse < mostPulses && !data.high(); pulse++) {
		clock.pull();
		clock.release();
	}
	if (!data.high()) return "data held";
	// A start makes every chip listen anew, and a stop ends it. Between them no pulse lets a chip go on sending.
	data.pull();
	data.release();
	return data.high() ? "freed" : "data held";
}

/**
 * Looks at the lines of a bus and frees it. Every object on the bus must be closed, or else the pins are in use. A
 * clock of 100 kHz waits 5 µs between edges; opening a pin takes longer by itself. Where the pins cannot be had, it
 * tells why. Never throws.
 */
export function lookAtBus(
	Digital: DigitalConstructor,
	pins: { data: number; clock: number },
): BusLines | { readonly unusable: string } {
	const data = new PulledUpLine(Digital, pins.data);
	const clock = new PulledUpLine(Digital, pins.clock);
	try {
		return freeBus(data, clock);
	} catch (error) {
		return { unusable: error instanceof Error ? error.message : String(error) };
	} finally {
		data.close();
		clock.close();
	}
}

/**
 * A pin as a line of a bus: an output that is low, or an input. It is never driven high, where a chip may pull it low;
 * and an output cannot be read.
 */
class PulledUpLine implements Line {
	private readonly Digital: DigitalConstructor;
	private readonly pin: number;
	private open: Digital | undefined;

	constructor(Digital: DigitalConstructor, pin: number) {
		this.Digital = Digital;
		this.pin = pin;
	}

	pull(): void {
		this.become(this.Digital.Output).write(0);
	}

	release(): void {
		this.become(this.Digital.InputPullUp);
	}

	high(): boolean {
		return this.open?.read() === 1;
	}

	close(): void {
		this.open?.close();
		this.open = undefined;
	}

	private become(mode: number): Digital {
		this.close();
		this.open = new this.Digital({ pin: this.pin, mode });
		return this.open;
	}
}
