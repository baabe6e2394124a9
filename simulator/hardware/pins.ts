import type { Pins, Timer } from "../../src/boards/board";
import type { Analog, Digital, DigitalOptions, Serial } from "../../src/boards/ecma419";
import { type ChipPins, type PinRole, pinProblem } from "../../src/boards/pin-problem";
import type { SimulatedI2CBus } from "./i2c-bus";
import { OneWireLine, OneWireMaster } from "./one-wire";

/** Of an ESP32. */
export const chipPins: ChipPins = {
	last: 39,
	absent: "24 28 29 30 31",
	flash: [6, 11],
	lastOutput: 33,
	analog: [32, 39],
};

/** As an ESP32 does. */
export function problemOf(pin: number, role: PinRole): string | undefined {
	return pinProblem(chipPins, pin, role);
}

function assertUsable(pin: number, role: PinRole = "input"): void {
	const problem = problemOf(pin, role);
	if (problem !== undefined) throw new RangeError(problem);
}

/** Modes; edges are bits. */
const mode = { Input: 0, InputPullUp: 1, InputPullDown: 2, Output: 8, Rising: 1, Falling: 2 } as const;

const resolutionBits = 12;

interface WiredBus {
	readonly bus: SimulatedI2CBus;
	readonly data: number;
	readonly clock: number;
}

/** The pins of a simulated board. Tests observe the outputs and set the inputs. */
export class SimulatedPins {
	/** Volts, of the ESP32's converter with its widest range. */
	readonly analogRange = 2.45;
	/** Written by the firmware, or driven from outside. */
	private readonly levels = new Map<number, 0 | 1>();
	/** Bus lines that the firmware pulls low. */
	private readonly pulledLow = new Set<number>();
	private readonly volts = new Map<number, number>();
	/** Pins that the firmware has open. */
	private readonly open = new Map<number, DigitalOptions>();
	private readonly _oneWire = new Map<number, OneWireLine>();
	/** What sends to a serial port, by the pin that receives. */
	readonly serialPorts = new Map<number, Serial>();
	private readonly buses: WiredBus[] = [];
	private readonly after: (callback: () => void, delay: number) => Timer;
	/** Called when the firmware writes a pin. */
	onWrite: ((pin: number, level: 0 | 1) => void) | undefined;

	/** `after`: a timer in the board's time. */
	constructor(after: (callback: () => void, delay: number) => Timer) {
		this.after = after;
	}

	/** For a board. */
	provider(defaults: Pick<Pins, "led" | "button"> = {}): Pins {
		const pins = this;
		class SimulatedDigital implements Digital {
			static readonly Input = mode.Input;
			static readonly InputPullUp = mode.InputPullUp;
			static readonly InputPullDown = mode.InputPullDown;
			static readonly Output = mode.Output;
			static readonly Rising = mode.Rising;
			static readonly Falling = mode.Falling;
			private readonly options: DigitalOptions;

			constructor(options: DigitalOptions) {
				assertUsable(options.pin, options.mode === mode.Output ? "output" : "input");
				pins.openPin(options);
				this.options = options;
			}

			read(): 0 | 1 {
				// As in the SDK.
				if (this.options.mode === mode.Output) throw new Error("can't read output");
				return pins.level(this.options.pin);
			}

			write(value: 0 | 1): void {
				if (this.options.mode !== mode.Output) throw new Error("can't write input");
				pins.setLevel(this.options.pin, value);
				pins.onWrite?.(this.options.pin, value);
			}

			close(): void {
				pins.closePin(this.options);
			}
		}
		class SimulatedAnalog implements Analog {
			readonly resolution = resolutionBits;
			private readonly pin: number;

			constructor({ pin }: { pin: number }) {
				assertUsable(pin, "analog");
				if (!pins.volts.has(pin)) throw new RangeError("not analog pin");
				this.pin = pin;
			}

			read(): number {
				const ratio = (pins.volts.get(this.pin) ?? 0) / pins.analogRange;
				return Math.round(Math.min(1, Math.max(0, ratio)) * (2 ** resolutionBits - 1));
			}

			close(): void {}
		}
		return {
			Digital: SimulatedDigital,
			Analog: SimulatedAnalog,
			OneWire: class extends OneWireMaster {
				constructor({ pin }: { pin: number }) {
					assertUsable(pin, "output");
					super(pins.oneWire(pin));
				}
			},
			Serial: class implements Serial {
				private readonly port: Serial;

				constructor({ receive }: { receive: number }) {
					assertUsable(receive);
					const port = pins.serialPorts.get(receive);
					if (port === undefined) throw new Error("nothing is connected in this simulation");
					this.port = port;
				}

				read(): ArrayBuffer | undefined {
					return this.port.read();
				}

				close(): void {}
			},
			analogRangeV: this.analogRange,
			problemOf,
			...defaults,
		};
	}

	level(pin: number): 0 | 1 {
		const wired = this.busAt(pin);
		if (wired === undefined) return this.levels.get(pin) ?? 0;
		// Open drain with a pull-up.
		const low = this.pulledLow.has(pin) || this.levels.get(pin) === 0;
		return low || (pin === wired.data && wired.bus.isHeld) ? 0 : 1;
	}

	/** Drives a digital pin from outside; the callback of the firmware runs asynchronously. */
	drive(pin: number, level: 0 | 1): void {
		if (this.level(pin) === level) return;
		this.levels.set(pin, level);
		const { edge = 0, onReadable } = this.open.get(pin) ?? {};
		if ((edge & (level === 1 ? mode.Rising : mode.Falling)) !== 0) this.after(() => onReadable?.(), 0);
	}

	/** Makes the pin an analog one. */
	setVolts(pin: number, volts: number): void {
		this.volts.set(pin, volts);
	}

	/** Connects the lines of an I2C bus, so that the pins can recover it. */
	wireBus(wired: WiredBus): void {
		this.buses.push(wired);
		wired.bus.connectPins(() => this.open.has(wired.data) || this.open.has(wired.clock));
	}

	/** The 1-Wire line at a pin, to which chips are attached. */
	oneWire(pin: number): OneWireLine {
		let line = this._oneWire.get(pin);
		if (line === undefined) {
			line = new OneWireLine();
			this._oneWire.set(pin, line);
		}
		return line;
	}

	/** After a restart of the firmware. */
	closeAll(): void {
		this.open.clear();
		this.pulledLow.clear();
	}

	private busAt(pin: number): WiredBus | undefined {
		return this.buses.find(({ data, clock }) => pin === data || pin === clock);
	}

	private openPin(options: DigitalOptions): void {
		const { pin } = options;
		const wired = this.busAt(pin);
		if (this.open.has(pin) || wired?.bus.inUse === true) throw new RangeError("in use");
		this.open.set(pin, options);
		// As in the SDK, an output is low until it is written.
		if (options.mode === mode.Output) this.setLevel(pin, 0);
		else if (wired === undefined && options.mode === mode.InputPullUp && !this.levels.has(pin))
			this.levels.set(pin, 1);
	}

	private setLevel(pin: number, level: 0 | 1): void {
		const wired = this.busAt(pin);
		if (wired === undefined) this.levels.set(pin, level);
		else if (level === 0) this.pulledLow.add(pin);
		else if (this.pulledLow.delete(pin) && pin === wired.clock) wired.bus.clockPulse();
	}

	private closePin({ pin, mode: oldMode }: DigitalOptions): void {
		// A released bus line rises.
		if (this.open.delete(pin) && oldMode === mode.Output && this.busAt(pin) !== undefined)
			this.setLevel(pin, 1);
	}
}
