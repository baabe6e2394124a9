import type { Board } from "../boards/board";
import { errorMessage } from "../common/error-message";
import type { Settings } from "../settings/settings";
import { Button, type ButtonOwner, type ButtonPress } from "./button";
import { StatusLight, type StatusLightOwner } from "./light";
import { type LightInputs, type LightState, lightState } from "./light-patterns";

export interface PanelOptions {
	readonly board: Pick<Board, "pins" | "time" | "log">;
	readonly settings: Pick<Settings, "ledPin" | "ledActive" | "buttonPin">;
	/** The button was stuck before this boot. */
	readonly isStuckSinceBoot: boolean;
	/** Current inputs of the light. */
	readonly lightInputs: Omit<LightInputs, "held">;
	onPress(press: ButtonPress): void;
}

/** The status light and the button, if the board has them. */
export class Panel implements StatusLightOwner, ButtonOwner {
	private readonly options: PanelOptions;
	private readonly light: StatusLight | undefined;
	private readonly button: Button | undefined;
	private readonly buttonPin: number | undefined;
	/** What releasing the button now would do. */
	private heldPress: "set up" | "factory reset" | undefined;

	constructor(options: PanelOptions) {
		this.options = options;
		const { board, settings, isStuckSinceBoot } = options;
		const { Digital, led, button } = board.pins;
		const { time } = board;
		const inverted = settings.ledActive === "low";
		this.light = this.attempt(
			"light",
			resolvePin(settings.ledPin, led),
			(pin) => new StatusLight({ Digital, pin, inverted, time, owner: this }),
		);
		this.buttonPin = resolvePin(settings.buttonPin, button);
		this.button = this.attempt(
			"button",
			this.buttonPin,
			(pin) => new Button({ Digital, pin, time, stuckSinceBoot: isStuckSinceBoot, owner: this }),
		);
	}

	/** No spread: this runs several times a second, and in XS the copy would cost more than the rest. */
	get lightState(): LightState {
		const { setup, settingsFault, online, timeKnown, sending, savingPower } = this.options.lightInputs;
		return lightState({
			held: this.heldPress,
			setup,
			settingsFault,
			online,
			timeKnown,
			sending,
			savingPower,
		});
	}

	onPress(press: ButtonPress): void {
		this.options.onPress(press);
	}

	onHeld(press: "set up" | "factory reset" | undefined): void {
		this.heldPress = press;
		this.refresh();
	}

	/** Pressed, and not stuck. */
	get isButtonPressed(): boolean {
		return this.button?.isPressed === true;
	}

	/** Call when the board goes to sleep: a button that is down then is stuck. */
	get isButtonStuck(): boolean {
		return this.button?.isContactClosed === true;
	}

	/** The pin that wakes the board; `undefined` for a stuck button, which would drain the battery. */
	get wakePin(): number | undefined {
		return this.isButtonStuck ? undefined : this.buttonPin;
	}

	/** Call when the light's inputs may have changed. */
	refresh(): void {
		this.light?.refresh();
	}

	close(): void {
		this.light?.close();
		this.button?.close();
	}

	private attempt<T>(what: string, pin: number | undefined, open: (pin: number) => T): T | undefined {
		try {
			return pin === undefined ? undefined : open(pin);
		} catch (error) {
			this.options.board.log(`${what}: pin ${pin} cannot be used: ${errorMessage(error)}`);
			return undefined;
		}
	}
}

function resolvePin(set: number | "auto" | "none", defaultPin: number | undefined): number | undefined {
	if (set === "none") return undefined;
	return set === "auto" ? defaultPin : set;
}
