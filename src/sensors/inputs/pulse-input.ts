import type { Time, Timer } from "../../boards/board";
import type { Digital, DigitalConstructor } from "../../boards/ecma419";
import type { Value } from "../../reading/reading";
import type { PulsesInputSettings } from "../../settings/input-settings";
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
const defaultDebounceMs = 10;

/** Pulses at a digital pin, counted from edge to edge while the board does something else. */
export class PulseInput {
	private readonly options: PulseInputOptions;
	private readonly pin: Digital;
	private readonly active: 0 | 1;
	private readonly debounceMs: number;
	private readonly counter: PulseCounter;
	private settleTimer: Timer | undefined;
	/** Ticks of the reading before. */
	private lastReadTicks: number;

	/** Throws what the platform throws for a pin that cannot be an input. */
	constructor(options: PulseInputOptions) {
		const { Digital, time, settings } = options;
		const { pin, pull, active } = settings;
		this.options = options;
		this.active = activeLevel(active);
		this.debounceMs = settings.debounce ?? defaultDebounceMs;
		const begin = this.active === 1 ? Digital.Rising : Digital.Falling;
		this.pin = new Digital({
			pin,
			mode: pullMode(Digital, pull),
			// Without bounces each beginning is a pulse; the ends need not be told.
			edge: this.debounceMs === 0 ? begin : Digital.Rising | Digital.Falling,
			onReadable: () => this.onEdge(),
		});
		this.counter = new PulseCounter(this.debounceMs, this.isActive);
		this.lastReadTicks = time.ticks();
	}

	start(): number {
		return 0;
	}

	read(): readonly Value[] {
		const { time, settings, addToTotal } = this.options;
		const { report = "count", scale = 1 } = settings;
		const pulses = this.counter.takeCount();
		const now = time.ticks();
		const seconds = (now - this.lastReadTicks) / 1000;
		this.lastReadTicks = now;
		if (report === "total") return [addToTotal(pulses) * scale];
		if (report === "count") return [pulses * scale];
		return [seconds > 0 ? (pulses / seconds) * scale : undefined];
	}

	close(): void {
		this.options.time.clear(this.settleTimer);
		this.pin.close();
	}

	private get isActive(): boolean {
		return this.pin.read() === this.active;
	}

	private onEdge(): void {
		const { time } = this.options;
		if (this.debounceMs === 0) {
			this.counter.settle(false);
			this.counter.onEdge(time.ticks());
			return;
		}
		this.counter.onEdge(time.ticks());
		time.clear(this.settleTimer);
		this.settleTimer = time.set(() => this.counter.settle(this.isActive), this.debounceMs);
	}
}
