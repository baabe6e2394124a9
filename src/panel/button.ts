import type { Time, Timer } from "../boards/board";
import type { Digital, DigitalConstructor } from "../boards/ecma419";

/** What a press asks for, by how long it is held. */
export type Press = "send now" | "set up" | "forget everything";

export const setupPress = 5_000;
export const forgetPress = 10_000;

/**
 * Nobody holds a button for a minute: then it is stuck, or its pin is not a button's, as that of BOOT is not while a
 * computer at the USB port holds it low.
 */
const longestPress = 60_000;

/** What a press of so many milliseconds asks for; `undefined` for what is none. */
export function pressOf(milliseconds: number): Press | undefined {
	if (milliseconds >= longestPress) return undefined;
	if (milliseconds >= forgetPress) return "forget everything";
	return milliseconds >= setupPress ? "set up" : "send now";
}

/** Contacts bounce for some milliseconds: a level counts when it has stood for so long. */
const debounceTime = 30;

export interface ButtonOptions {
	readonly Digital: DigitalConstructor;
	/** Low while pressed; the pin is pulled up. */
	readonly pin: number;
	readonly time: Time;
	/** Down since before this start, with nobody at it: it counts once it has come up. */
	readonly stuck: boolean;
	/** Released. */
	onPress(press: Press): void;
	/** Held on; what releasing it now would do, or `undefined` when it is released. */
	onHeld(press: Exclude<Press, "send now"> | undefined): void;
}

/** The board's button. */
export class Button {
	private readonly options: ButtonOptions;
	private readonly pin: Digital;
	private debounce: Timer | undefined;
	private hold: Timer | undefined;
	/** Ticks of its press. */
	private pressedAt: number | undefined;
	private edgeAt = 0;

	/** Throws what the platform throws for a pin that cannot be an input. */
	constructor(options: ButtonOptions) {
		const { Digital, pin, stuck } = options;
		this.options = options;
		this.pin = new Digital({
			pin,
			mode: Digital.InputPullUp,
			edge: Digital.Rising | Digital.Falling,
			onReadable: () => this.edge(),
		});
		// It may have been held while the board started.
		if (!stuck && this.pin.read() === 0) this.edge();
	}

	/** Whether its contact is closed, by somebody or not. */
	get closed(): boolean {
		return this.pin.read() === 0;
	}

	/** Whether somebody presses it. */
	get pressed(): boolean {
		if (this.debounce !== undefined) return true;
		return this.pressedAt !== undefined && this.options.time.ticks() - this.pressedAt < longestPress;
	}

	close(): void {
		this.options.time.clear(this.debounce);
		this.options.time.clear(this.hold);
		this.pin.close();
	}

	private edge(): void {
		const { time } = this.options;
		if (this.debounce === undefined) this.edgeAt = time.ticks();
		time.clear(this.debounce);
		this.debounce = time.set(() => this.settled(), debounceTime);
	}

	private settled(): void {
		this.debounce = undefined;
		const pressed = this.pin.read() === 0;
		if (pressed === (this.pressedAt !== undefined)) return;
		if (pressed) this.begin();
		else this.end();
	}

	private begin(): void {
		this.pressedAt = this.edgeAt;
		this.hold = this.after(setupPress, () => {
			this.options.onHeld("set up");
			this.hold = this.after(forgetPress, () => {
				this.options.onHeld("forget everything");
				this.hold = this.after(longestPress, () => this.options.onHeld(undefined));
			});
		});
	}

	/** When it has been held for so long. */
	private after(held: number, callback: () => void): Timer {
		const { time } = this.options;
		return time.set(callback, (this.pressedAt ?? 0) + held - time.ticks());
	}

	private end(): void {
		const { time, onPress, onHeld } = this.options;
		time.clear(this.hold);
		const held = this.edgeAt - (this.pressedAt ?? 0);
		this.pressedAt = undefined;
		onHeld(undefined);
		const press = pressOf(held);
		if (press !== undefined) onPress(press);
	}
}
