import type { Pins, Timer } from "../src/boards/board";
import type { Analog, Digital, DigitalOptions } from "../src/boards/ecma419";

/** Modes and edges, each a bit. */
const mode = { Input: 0, InputPullUp: 1, InputPullDown: 2, Output: 8, Rising: 1, Falling: 2 } as const;

const resolution = 12;

/** The pins of a simulated board: what the firmware does to them can be seen, and what it reads be set. */
export class SimulatedPins {
	/** As the ESP32's converter with its widest range. */
	readonly analogRange = 2.45;
	readonly #levels = new Map<number, 0 | 1>();
	readonly #volts = new Map<number, number>();
	readonly #inputs = new Map<number, DigitalOptions>();
	readonly #after: (callback: () => void, delay: number) => Timer;
	/** The firmware wrote a pin. */
	onWrite: ((pin: number, level: 0 | 1) => void) | undefined;

	/** `after`: calls back in the board's time. */
	constructor(after: (callback: () => void, delay: number) => Timer) {
		this.#after = after;
	}

	/** As the board has them. */
	provider(usual: Pick<Pins, "led" | "button"> = {}): Pins {
		const pins = this;
		class SimulatedDigital implements Digital {
			static readonly Input = mode.Input;
			static readonly InputPullUp = mode.InputPullUp;
			static readonly InputPullDown = mode.InputPullDown;
			static readonly Output = mode.Output;
			static readonly Rising = mode.Rising;
			static readonly Falling = mode.Falling;
			readonly #pin: number;

			constructor(options: DigitalOptions) {
				this.#pin = options.pin;
				if (options.mode === mode.Output) return;
				if (pins.#inputs.has(options.pin)) throw new RangeError("in use");
				pins.#inputs.set(options.pin, options);
				if (options.mode === mode.InputPullUp && !pins.#levels.has(options.pin))
					pins.#levels.set(options.pin, 1);
			}

			read(): 0 | 1 {
				return pins.level(this.#pin);
			}

			write(value: 0 | 1): void {
				pins.#levels.set(this.#pin, value);
				pins.onWrite?.(this.#pin, value);
			}

			close(): void {
				pins.#inputs.delete(this.#pin);
			}
		}
		class SimulatedAnalog implements Analog {
			readonly resolution = resolution;
			readonly #pin: number;

			constructor({ pin }: { pin: number }) {
				if (!pins.#volts.has(pin)) throw new RangeError("not analog pin");
				this.#pin = pin;
			}

			read(): number {
				const share = (pins.#volts.get(this.#pin) ?? 0) / pins.analogRange;
				return Math.round(Math.min(1, Math.max(0, share)) * (2 ** resolution - 1));
			}

			close(): void {}
		}
		return { Digital: SimulatedDigital, Analog: SimulatedAnalog, analogRange: this.analogRange, ...usual };
	}

	level(pin: number): 0 | 1 {
		return this.#levels.get(pin) ?? 0;
	}

	/** Something outside drives a digital pin; the firmware is told in a turn of its own. */
	drive(pin: number, level: 0 | 1): void {
		if (this.level(pin) === level) return;
		this.#levels.set(pin, level);
		const { edge = 0, onReadable } = this.#inputs.get(pin) ?? {};
		if ((edge & (level === 1 ? mode.Rising : mode.Falling)) !== 0) this.#after(() => onReadable?.(), 0);
	}

	/** Volts at an analog pin. */
	apply(pin: number, volts: number): void {
		this.#volts.set(pin, volts);
	}

	/** The firmware that had them is gone. */
	release(): void {
		this.#inputs.clear();
	}
}
