import type { Time, Timer } from "../../boards/board";
import type { Digital, DigitalConstructor } from "../../boards/ecma419";
import type { Value } from "../../reading/reading";
import type { PulsesInputSettings } from "../../settings/input-settings";
import { activeLevel, pullMode } from "./state-input";

export interface PulseInputOptions {
	readonly Digital: DigitalConstructor;
	readonly time: Time;
	readonly settings: PulsesInputSettings;
	/** Adds pulses to the persisted total of this input; returns the total. */
	addToTotal(pulses: number): number;
}

const defaultDebounceMs = 10;

/** Pulses at a digital pin, counted by its edges while the board does something else. */
export class PulseInput {
	private readonly options: PulseInputOptions;
	private readonly pin: Digital;
	private readonly active: 0 | 1;
	private readonly debounceMs: number;
	private readonly counter: PulseCounter;
	private settleTimer: Timer | undefined;
	private lastReadTicks: number;

	/** Throws what the platform throws for a pin that cannot be an input. */
	constructor(options: PulseInputOptions) {
		const { Digital, time, settings } = options;
		const { pin, pull, active } = settings;
		this.options = options;
		this.active = activeLevel(active);
		this.debounceMs = settings.debounce ?? defaultDebounceMs;
		const leadingEdge = this.active === 1 ? Digital.Rising : Digital.Falling;
		this.pin = new Digital({
			pin,
			mode: pullMode(Digital, pull),
			// Without bounces each leading edge is a pulse.
			edge: this.debounceMs === 0 ? leadingEdge : Digital.Rising | Digital.Falling,
			onReadable: () => this.onEdge(),
		});
		this.counter = new PulseCounter(this.debounceMs, this.isActive);
		this.lastReadTicks = time.ticks();
	}

	/** Since the previous call: pulses, or pulses per second; or the total. Times the scale of the settings. */
	read(): Value {
		const { time, settings, addToTotal } = this.options;
		const { report = "count", scale = 1 } = settings;
		const pulses = this.counter.takeCount();
		const now = time.ticks();
		const seconds = (now - this.lastReadTicks) / 1000;
		this.lastReadTicks = now;
		if (report === "total") return addToTotal(pulses) * scale;
		if (report === "count") return pulses * scale;
		return seconds > 0 ? (pulses / seconds) * scale : undefined;
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

/**
 * Counts the pulses of a contact that bounces. A pulse counts at its first edge after a quiet time, so a
 * pulse that came and went while the board was busy counts, too. Edges within the debounce time are bounces.
 */
export class PulseCounter {
	private readonly debounceMs: number;
	private count = 0;
	private lastEdgeTicks = Number.NEGATIVE_INFINITY;
	private active: boolean;

	/** `active`: the present state of the line. */
	constructor(debounceMs: number, active: boolean) {
		this.debounceMs = debounceMs;
		this.active = active;
	}

	/** One edge, or several in quick succession that the platform reports as one. */
	onEdge(ticks: number): void {
		const isQuiet = ticks - this.lastEdgeTicks >= this.debounceMs;
		this.lastEdgeTicks = ticks;
		if (!isQuiet) return;
		if (!this.active) this.count++;
		this.active = !this.active;
	}

	/** The line has been quiet for the debounce time, so its present state is reliable. */
	settle(active: boolean): void {
		this.active = active;
	}

	/** The pulses since the previous call. */
	takeCount(): number {
		const count = this.count;
		this.count = 0;
		return count;
	}
}
