import type { Time, Timer } from "../boards/board";
import type { Digital, DigitalConstructor } from "../boards/ecma419";
import { type LightState, lightPatterns } from "./light-patterns";

export interface StatusLightOptions {
	readonly Digital: DigitalConstructor;
	readonly pin: number;
	/** The light is on when the pin is low. */
	readonly inverted: boolean;
	readonly time: Pick<Time, "set" | "clear">;
	readonly owner: StatusLightOwner;
}

export interface StatusLightOwner {
	/** Read at each change of the light. */
	readonly lightState: LightState;
}

/** The status light: shows the pattern of the current state. */
export class StatusLight {
	private readonly options: StatusLightOptions;
	private readonly pin: Digital;
	private timer: Timer | undefined;
	private shownState: LightState | undefined;
	private step = 0;
	private closed = false;

	/** Throws what the platform throws for a pin that cannot be an output. */
	constructor(options: StatusLightOptions) {
		const { Digital, pin } = options;
		this.options = options;
		this.pin = new Digital({ pin, mode: Digital.Output });
		this.refresh();
	}

	/** Call when the state may have changed. */
	refresh(): void {
		if (!this.closed && this.options.owner.lightState !== this.shownState) this.showNext();
	}

	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.options.time.clear(this.timer);
		this.write(false);
		this.pin.close();
	}

	private showNext(): void {
		const { time, owner } = this.options;
		const now = owner.lightState;
		this.step = now === this.shownState ? this.step + 1 : 0;
		this.shownState = now;
		const pattern = lightPatterns[now];
		const index = this.step % pattern.length;
		const duration = pattern[index] ?? 0;
		this.write(index % 2 === 0 && duration > 0);
		time.clear(this.timer);
		this.timer = time.set(() => this.showNext(), duration);
	}

	private write(on: boolean): void {
		this.pin.write(on === this.options.inverted ? 0 : 1);
	}
}
