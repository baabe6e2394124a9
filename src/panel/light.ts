import type { Time, Timer } from "../boards/board";
import type { Digital, DigitalConstructor } from "../boards/ecma419";
import { type LightState, patterns } from "./patterns";

export interface LightOptions {
	readonly Digital: DigitalConstructor;
	readonly pin: number;
	/** The light is on when the pin is low. */
	readonly inverted: boolean;
	readonly time: Pick<Time, "set" | "clear">;
	/** Asked at each change of the light. */
	state(): LightState;
}

/** The status light: shows the pattern of the present state. */
export class Light {
	private readonly options: LightOptions;
	private readonly pin: Digital;
	private timer: Timer | undefined;
	private shown: LightState | undefined;
	private step = 0;
	private closed = false;

	/** Throws what the platform throws for a pin that cannot be an output. */
	constructor(options: LightOptions) {
		const { Digital, pin } = options;
		this.options = options;
		this.pin = new Digital({ pin, mode: Digital.Output });
		this.refresh();
	}

	/** The state may have changed. */
	refresh(): void {
		if (!this.closed && this.options.state() !== this.shown) this.next();
	}

	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.options.time.clear(this.timer);
		this.write(false);
		this.pin.close();
	}

	private next(): void {
		const { time, state } = this.options;
		const now = state();
		this.step = now === this.shown ? this.step + 1 : 0;
		this.shown = now;
		const pattern = patterns[now];
		const index = this.step % pattern.length;
		const duration = pattern[index] ?? 0;
		this.write(index % 2 === 0 && duration > 0);
		time.clear(this.timer);
		this.timer = time.set(() => this.next(), duration);
	}

	private write(on: boolean): void {
		this.pin.write(on === this.options.inverted ? 0 : 1);
	}
}
