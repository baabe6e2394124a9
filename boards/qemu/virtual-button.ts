import Timer from "timer";
import type { Pins } from "../../src/boards/board";
import type { Digital, DigitalOptions } from "../../src/boards/ecma419";
import { guard } from "../../src/boards/esp32/callbacks";

/** Pin for a chip without a usual button. */
const defaultButtonPin = 10;

/** The board's button: QEMU does not drive pins, so the control port does. Low while pressed. */
export class VirtualButton {
	readonly pin: number;
	private level: 0 | 1 = 1;
	private onReadable: (() => void) | undefined;

	constructor(pin = defaultButtonPin) {
		this.pin = pin;
	}

	/** Presses for this long by the board's clock; does not extend a press in progress. */
	press(milliseconds: number): void {
		if (this.level === 0) return;
		this.change(0);
		Timer.set(() => guard(() => this.change(1)), milliseconds);
	}

	private change(level: 0 | 1): void {
		this.level = level;
		this.onReadable?.();
	}

	/** The chip's pins, with the button among them. */
	addTo(pins: Pins): Pins {
		const { Digital: ChipDigital } = pins;
		const open = (options: DigitalOptions) => this.open(options);
		const buttonPin = this.pin;
		class EmulatedDigital implements Digital {
			static get Input(): number {
				return ChipDigital.Input;
			}

			static get InputPullUp(): number {
				return ChipDigital.InputPullUp;
			}

			static get InputPullDown(): number {
				return ChipDigital.InputPullDown;
			}

			static get Output(): number {
				return ChipDigital.Output;
			}

			static get Rising(): number {
				return ChipDigital.Rising;
			}

			static get Falling(): number {
				return ChipDigital.Falling;
			}

			private readonly digital: Digital;

			constructor(options: DigitalOptions) {
				this.digital = options.pin === buttonPin ? open(options) : new ChipDigital(options);
			}

			read(): 0 | 1 {
				return this.digital.read();
			}

			write(value: 0 | 1): void {
				this.digital.write(value);
			}

			close(): void {
				this.digital.close();
			}
		}
		return { ...pins, Digital: EmulatedDigital, button: buttonPin };
	}

	private open({ onReadable }: DigitalOptions): Digital {
		this.onReadable = () => onReadable?.();
		return {
			read: () => this.level,
			write: () => {},
			close: () => {
				this.onReadable = undefined;
			},
		};
	}
}
