import type { Digital, DigitalConstructor } from "../../boards/ecma419";
import { errorMessage } from "../../common/error-message";

/** What is found at the two lines of an I2C bus while nobody uses it. */
export type BusLineState =
	/** Both are high: it can be used. */
	| "idle"
	/** A chip held the data line and has let it go. */
	| "freed"
	/** Stays low whatever is done: shorted, or somebody has no supply. */
	| "data held"
	| "clock held";

/** Pulses after which a chip has sent the byte that it was at, and has seen no acknowledge (I2C specification, 3.1.16). */
const maxRecoveryPulses = 9;

/** A line with a pull-up: pulled low, or let go. */
export interface OpenDrainLine {
	pullLow(): void;
	release(): void;
	/** Whether it is high; while it is let go. */
	isHigh(): boolean;
	/** Gives the pin back. */
	close(): void;
}

/**
 * Frees a bus on which a chip was interrupted while it sent a zero, and waits for clock pulses with the data line held
 * low: it gets them, up to nine, and then a stop (I2C specification, section 3.1.16). On an idle bus nothing is done.
 */
export function recoverBus(data: OpenDrainLine, clock: OpenDrainLine): BusLineState {
	data.release();
	clock.release();
	if (!clock.isHigh()) return "clock held";
	if (data.isHigh()) return "idle";
	for (let pulse = 0; pulse < maxRecoveryPulses && !data.isHigh(); pulse++) {
		clock.pullLow();
		clock.release();
	}
	if (!data.isHigh()) return "data held";
	// A start makes every chip listen anew, and a stop ends it. Between them no pulse lets a chip go on sending.
	data.pullLow();
	data.release();
	return data.isHigh() ? "freed" : "data held";
}

/**
 * Looks at the lines of a bus and frees it. Every object on the bus must be closed, or else the pins are in use. A
 * clock of 100 kHz waits 5 µs between edges; opening a pin takes longer by itself. Where the pins cannot be had, it
 * tells why. Never throws.
 */
export function recoverBusPins(
	Digital: DigitalConstructor,
	pins: { data: number; clock: number },
): BusLineState | { readonly unusable: string } {
	const data = new OpenDrainPin(Digital, pins.data);
	const clock = new OpenDrainPin(Digital, pins.clock);
	try {
		return recoverBus(data, clock);
	} catch (error) {
		return { unusable: errorMessage(error) };
	} finally {
		data.close();
		clock.close();
	}
}

/**
 * A pin as a line of a bus: an output that is low, or an input. It is never driven high, where a chip may pull it low;
 * and an output cannot be read.
 */
class OpenDrainPin implements OpenDrainLine {
	private readonly Digital: DigitalConstructor;
	private readonly pin: number;
	private openPin: Digital | undefined;

	constructor(Digital: DigitalConstructor, pin: number) {
		this.Digital = Digital;
		this.pin = pin;
	}

	pullLow(): void {
		this.reopen(this.Digital.Output).write(0);
	}

	release(): void {
		this.reopen(this.Digital.InputPullUp);
	}

	isHigh(): boolean {
		return this.openPin?.read() === 1;
	}

	close(): void {
		this.openPin?.close();
		this.openPin = undefined;
	}

	private reopen(mode: number): Digital {
		this.close();
		this.openPin = new this.Digital({ pin: this.pin, mode });
		return this.openPin;
	}
}
