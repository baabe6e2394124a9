import type { Time, Timer } from "../boards/board";
import type { Digital, DigitalConstructor } from "../boards/ecma419";

/** What a press does, by its duration. */
export type ButtonPress = "send now" | "set up" | "factory reset";

export const setupPressMs = 5_000;
export const factoryResetPressMs = 10_000;

/** Beyond this the button counts as stuck: a computer at the USB port may also hold the BOOT pin low. */
const maxPressMs = 60_000;

/** `undefined` if the button is stuck. */
export function classifyPress(milliseconds: number): ButtonPress | undefined {
	if (milliseconds >= maxPressMs) return undefined;
	if (milliseconds >= factoryResetPressMs) return "factory reset";
	return milliseconds >= setupPressMs ? "set up" : "send now";
}

/** A level counts once it has been stable for this long: contacts bounce. */
const debounceMs = 30;

export interface ButtonOptions {
	readonly Digital: DigitalConstructor;
	/** Low while pressed; the pin has a pull-up. */
	readonly pin: number;
	readonly time: Time;
	/** The button was stuck before this boot: ignored until released. */
	readonly stuckSinceBoot: boolean;
	readonly owner: ButtonOwner;
}

export interface ButtonOwner {
	/** The button was released. */
	onPress(press: ButtonPress): void;
	/** What releasing the button now would do; `undefined`: it is released or stuck. */
	onHeld(press: Exclude<ButtonPress, "send now"> | undefined): void;
}

/** The board's button. */
export class Button {
	private readonly options: ButtonOptions;
	private readonly pin: Digital;
	private debounceTimer: Timer | undefined;
	private holdTimer: Timer | undefined;
	/** When it was pressed; `undefined` while it is released. */
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
		// It may have been pressed before the board started.
		if (!stuckSinceBoot && this.pin.read() === 0) this.onEdge();
	}

	/** Pressed or stuck. */
	get isContactClosed(): boolean {
		return this.pin.read() === 0;
	}

	/** Pressed, and not stuck. */
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
			this.options.owner.onHeld("set up");
			this.holdTimer = this.afterHeldMs(factoryResetPressMs, () => {
				this.options.owner.onHeld("factory reset");
				this.holdTimer = this.afterHeldMs(maxPressMs, () => this.options.owner.onHeld(undefined));
			});
		});
	}

	/** Calls back when the button has been held for this long. */
	private afterHeldMs(held: number, callback: () => void): Timer {
		const { time } = this.options;
		return time.set(callback, (this.pressedTicks ?? 0) + held - time.ticks());
	}

	private endPress(): void {
		const { time, owner } = this.options;
		time.clear(this.holdTimer);
		const held = this.edgeTicks - (this.pressedTicks ?? 0);
		this.pressedTicks = undefined;
		owner.onHeld(undefined);
		const press = classifyPress(held);
		if (press !== undefined) owner.onPress(press);
	}
}
