import type { Board } from "../boards/board";
import { errorMessage } from "../common/error-message";
import type { Settings } from "../settings/settings";
import { Button, type ButtonPress } from "./button";
import { StatusLight } from "./light";
import { type LightInputs, lightState } from "./light-patterns";

export interface PanelOptions {
	readonly board: Pick<Board, "pins" | "time" | "log">;
	readonly settings: Pick<Settings, "ledPin" | "ledActive" | "buttonPin">;
	/** Whether the button has been down since before this start. */
	readonly stuckSinceBoot: boolean;
	lightInputs(): Omit<LightInputs, "held">;
	onPress(press: ButtonPress): void;
}

/** What a person sees and touches of the board: the light and the button, where there are any. */
export class Panel {
	private readonly light: StatusLight | undefined;
	private readonly button: Button | undefined;
	private readonly buttonPin: number | undefined;
	/** What releasing the button now would do, once it has been held for long. */
	private heldPress: "set up" | "forget everything" | undefined;

	constructor({ board, settings, stuckSinceBoot, lightInputs, onPress }: PanelOptions) {
		const { Digital, led, button } = board.pins;
		const { time } = board;
		const attempt = <T>(what: string, pin: number | undefined, open: (pin: number) => T): T | undefined => {
			try {
				return pin === undefined ? undefined : open(pin);
			} catch (error) {
				const why = errorMessage(error);
				board.log(`${what}: pin ${pin} cannot be used: ${why}`);
				return undefined;
			}
		};
		const inverted = settings.ledActive === "low";
		// Told one by one: the light asks some times a second, and a copy costs more than all else it does.
		const state = () => {
			const { setup, settingsFault, online, timeKnown, sending, savingPower } = lightInputs();
			return lightState({
				held: this.heldPress,
				setup,
				settingsFault,
				online,
				timeKnown,
				sending,
				savingPower,
			});
		};
		this.light = attempt(
			"light",
			resolvePin(settings.ledPin, led),
			(pin) => new StatusLight({ Digital, pin, inverted, time, state }),
		);
		this.buttonPin = resolvePin(settings.buttonPin, button);
		this.button = attempt(
			"button",
			this.buttonPin,
			(pin) =>
				new Button({
					Digital,
					pin,
					time,
					stuckSinceBoot,
					onPress,
					onHeld: (press) => {
						this.heldPress = press;
						this.refresh();
					},
				}),
		);
	}

	/** Whether somebody holds the button. */
	get isButtonPressed(): boolean {
		return this.button?.isPressed === true;
	}

	/** Whether the button is down although the board is at rest, and so nobody presses it. */
	get isButtonStuck(): boolean {
		return this.button?.isContactClosed === true;
	}

	/** Of the button, if it may wake the board: one that is stuck would, again and again, until the battery is empty. */
	get wakePin(): number | undefined {
		return this.isButtonStuck ? undefined : this.buttonPin;
	}

	/** What the light tells may have changed. */
	refresh(): void {
		this.light?.refresh();
	}

	close(): void {
		this.light?.close();
		this.button?.close();
	}
}

function resolvePin(set: number | "auto" | "none", defaultPin: number | undefined): number | undefined {
	if (set === "none") return undefined;
	return set === "auto" ? defaultPin : set;
}
