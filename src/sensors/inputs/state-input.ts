import type { Digital, DigitalConstructor } from "../../boards/ecma419";
import type { Value } from "../../reading/reading";
import type { StateInputSettings } from "../../settings/input-settings";

/** Whether a digital pin is at its active level. */
export class StateInput {
	private readonly pin: Digital;
	private readonly active: 0 | 1;

	/** Throws what the platform throws for a pin that cannot be an input. */
	constructor(Digital: DigitalConstructor, { pin, pull, active }: StateInputSettings) {
		this.active = activeLevel(active);
		this.pin = new Digital({ pin, mode: pullMode(Digital, pull) });
	}

	read(): Value {
		return this.pin.read() === this.active;
	}

	close(): void {
		this.pin.close();
	}
}

/** The mode of an input pin with this pull resistor; default `up`. */
export function pullMode(Digital: DigitalConstructor, pull: StateInputSettings["pull"] = "up"): number {
	const modes = { up: Digital.InputPullUp, down: Digital.InputPullDown, none: Digital.Input };
	return modes[pull];
}

/** Default: `low`. */
export function activeLevel(active: StateInputSettings["active"] = "low"): 0 | 1 {
	return active === "high" ? 1 : 0;
}
