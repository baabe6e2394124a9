import type { Digital, DigitalConstructor } from "../../boards/ecma419";
import { errorMessage } from "../../common/error-message";

/** The two lines of an I2C bus while it is not in use. */
export type BusLineState =
	/** Both high. */
	| "idle"
	/** A chip held the data line low and has released it. */
	| "recovered"
	/** Stays low: a short circuit, or a chip without supply. */
	| "data held"
	| "clock held";

/** For the rest of a byte and the acknowledge bit (I2C specification, section 3.1.16). */
const maxRecoveryPulses = 9;

/** A line with a pull-up resistor. */
export interface OpenDrainLine {
	pullLow(): void;
	release(): void;
	/** Only while it is released. */
	isHigh(): boolean;
	/** Releases the pin for other uses. */
	close(): void;
}

/**
 * Recovers a bus on which a chip was interrupted while it sent a zero and holds the data line low: up to nine
 * clock pulses, then a start and a stop (I2C specification, section 3.1.16, "bus clear"). Leaves an idle bus
 * alone.
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
	// A start resets the bus logic of every chip, and a stop ends it. No clock pulse in between lets a chip
	// continue.
	data.pullLow();
	data.release();
	return data.isHigh() ? "recovered" : "data held";
}

/**
 * {@link recoverBus} at the pins of a bus on which no device is open. No delays are needed: at 100 kHz an
 * edge takes 5 µs, and opening a pin takes longer. If the pins cannot be used, returns the reason. Never
 * throws.
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

/** Either a low output or an input: driving it high would short a chip that pulls it low. */
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
