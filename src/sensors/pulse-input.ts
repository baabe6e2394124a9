import type { Time, Timer } from "../boards/board";
import type { Digital, DigitalConstructor } from "../boards/ecma419";
import type { Value } from "../reading/reading";
import type { PulsesInputSettings } from "../settings/input-settings";
import { PulseCounter } from "./pulse-counter";
import { activeLevel, pullMode } from "./state-input";

export interface PulseInputOptions {
	readonly Digital: DigitalConstructor;
	readonly time: Time;
	readonly settings: PulsesInputSettings;
	/** Adds pulses to those that were ever counted here; returns all. */
	addToTotal(pulses: number): number;
}

/** Milliseconds for which a contact bounces, unless the settings say otherwise. */
const usualDebounce = 10;

/** Pulses at a digital pin, counted from edge to edge while the board does something else. */
export class PulseInput {
	private readonly options: PulseInputOptions;
	private readonly pin: Digital;
	private readonly active: 0 | 1;
	private readonly debounce: number;
	private readonly counter: PulseCounter;
	private settling: Timer | undefined;
	/** Ticks of the reading before. */
	private readAt: number;

	/** Throws what the platform throws for a pin that cannot be an input. */
	constructor(options: PulseInputOptions) {
		const { Digital, time, settings } = options;
		const { pin, pull, active } = settings;
		this.options = options;
		this.active = activeLevel(active);
		this.debounce = settings.debounce ?? usualDebounce;
		const begin = this.active === 1 ? Digital.Rising : Digital.Falling;
		this.pin = new Digital({
			pin,
			mode: pullMode(Digital, pull),
			// Without bounces each beginning is a pulse; the ends need not be told.
			edge: this.debounce === 0 ? begin : Digital.Rising | Digital.Falling,
			onReadable: () => this.edge(),
		});
		this.counter = new PulseCounter(this.debounce, this.isActive);
		this.readAt = time.ticks();
	}

	measure(): number {
		return 0;
	}

	read(): readonly Value[] {
		const { time, settings, addToTotal } = this.options;
		const { report = "count", scale = 1 } = settings;
		const pulses = this.counter.take();
		const now = time.ticks();
		const seconds = (now - this.readAt) / 1000;
		this.readAt = now;
		if (report === "total") return [addToTotal(pulses) * scale];
		if (report === "count") return [pulses * scale];
		return [seconds > 0 ? (pulses / seconds) * scale : undefined];
	}

	close(): void {
		this.options.time.clear(this.settling);
		this.pin.close();
	}

	private get isActive(): boolean {
		return this.pin.read() === this.active;
	}

	private edge(): void {
		const { time } = this.options;
		if (this.debounce === 0) {
			this.counter.settle(false);
			this.counter.edge(time.ticks());
			return;
		}
		this.counter.edge(time.ticks());
		time.clear(this.settling);
		this.settling = time.set(() => this.counter.settle(this.isActive), this.debounce);
	}
}
