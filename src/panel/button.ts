import type { Time, Timer } from "../boards/board";
import type { Digital, DigitalConstructor } from "../boards/ecma419";

/** What a press asks for, by how long it is held. */
export type ButtonPress = "send now" | "set up" | "forget everything";

export const setupPressMs = 5_000;
export const factoryResetPressMs = 10_000;

/**
 * Nobody holds a button for a minute: then it is stuck, or its pin is not a button's, as that of BOOT is not while a
 * computer at the USB port holds it low.
 */
const maxPressMs = 60_000;

/** What a press of so many milliseconds asks for; `undefined` for what is none. */
export function classifyPress(milliseconds: number): ButtonPress | undefined {
	if (milliseconds >= maxPressMs) return undefined;
	if (milliseconds >= factoryResetPressMs) return "forget everything";
	return milliseconds >= setupPressMs ? "set up" : "send now";
}

/** Contacts bounce for some milliseconds: a level counts when it has stood for so long. */
const debounceMs = 30;

export interface ButtonOptions {
	readonly Digital: DigitalConstructor;
	/** Low while pressed; the pin is pulled up. */
	readonly pin: number;
	readonly time: Time;
	/** Down since before this start, with nobody at it: it counts once it has come up. */
	readonly stuckSinceBoot: boolean;
	/** Released. */
	onPress(press: ButtonPress): void;
	/** Held on; what releasing it now would do, or `undefined` when it is released. */
	onHeld(press: Exclude<ButtonPress, "send now"> | undefined): void;
}

/** The board's button. */
export class Button {
	private readonly options: ButtonOptions;
	private readonly pin: Digital;
	private debounceTimer: Timer | undefined;
	private holdTimer: Timer | undefined;
	/** Ticks of its press. */
	private pressedTicks: number | undefined;
	private edgeTicks = 0;

	/** Throws what the platform throws for a pin that cannot be an input. */
	constructor(options: ButtonOptions) {
		const { Digital, pin, stuckSinceBoot } = options;
		this.options = options;
		this.pin = new Digital({
			pin,
			mode: Digital.InputPullUp,
			edge: Digital.Rising | Digital.Falling,
			onReadable: () => this.onEdge(),
		});
		// It may have been held while the board started.
		if (!stuckSinceBoot && this.pin.read() === 0) this.onEdge();
	}

	/** Whether its contact is closed, by somebody or not. */
	get isContactClosed(): boolean {
		return this.pin.read() === 0;
	}

	/** Whether somebody presses it. */
	get isPressed(): boolean {
		if (this.debounceTimer !== undefined) return true;
		return this.pressedTicks !== undefined && this.options.time.ticks() - this.pressedTicks < maxPressMs;
	}

	close(): void {
		this.options.time.clear(this.debounceTimer);
		this.options.time.clear(this.holdTimer);
		this.pin.close();
	}

	private onEdge(): void {
		const { time } = this.options;
		if (this.debounceTimer === undefined) this.edgeTicks = time.ticks();
		time.clear(this.debounceTimer);
		this.debounceTimer = time.set(() => this.onSettled(), debounceMs);
	}

	private onSettled(): void {
		this.debounceTimer = undefined;
		const pressed = this.pin.read() === 0;
		if (pressed === (this.pressedTicks !== undefined)) return;
		if (pressed) this.beginPress();
		else this.endPress();
	}

	private beginPress(): void {
		this.pressedTicks = this.edgeTicks;
		this.holdTimer = this.afterHeldMs(setupPressMs, () => {
			this.options.onHeld("set up");
			this.holdTimer = this.afterHeldMs(factoryResetPressMs, () => {
				this.options.onHeld("forget everything");
				this.holdTimer = this.afterHeldMs(maxPressMs, () => this.options.onHeld(undefined));
			});
		});
	}

	/** When it has been held for so long. */
	private afterHeldMs(held: number, callback: () => void): Timer {
		const { time } = this.options;
		return time.set(callback, (this.pressedTicks ?? 0) + held - time.ticks());
	}

	private endPress(): void {
		const { time, onPress, onHeld } = this.options;
		time.clear(this.holdTimer);
		const held = this.edgeTicks - (this.pressedTicks ?? 0);
		this.pressedTicks = undefined;
		onHeld(undefined);
		const press = classifyPress(held);
		if (press !== undefined) onPress(press);
	}
}
