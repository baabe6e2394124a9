import type { Board, Timer } from "../boards/board";
import type { ResetReason } from "../boards/reset-reason";
import type { Clock } from "../clock/clock";
import { errorMessage } from "../common/error-message";
import type { Field, SampleContext, Value } from "../reading/reading";
import { batteryPercent, readBatteryVolts } from "../sensors/inputs/battery";
import { Sampler, type SensorSample } from "../sensors/pipeline/sampler";
import { deviceIdOf, type Settings } from "../settings/settings";
import type { SetupSampling } from "../setup/setup";
import { versionOf } from "../version";
import { type BootInfo, markReasonReported } from "./boot-counter";
import type { DeviceStorage } from "./device-storage";
import { PinProbe } from "./pin-probe";

/** From the wake alarm to the firmware, plus the error of the slow clock. */
const maxWakeLatencyMs = 5_000;
/** Without a sample for this many intervals and this time, the loop is stalled. */
const maxMissedIntervals = 3;
const minStallMs = 10 * 60_000;

export interface SamplingLoopOptions {
	readonly board: Pick<Board, "i2c" | "pins" | "identity" | "time" | "log">;
	readonly storage: Pick<DeviceStorage, "keyValue" | "readings" | "tryWrite">;
	readonly settings: Settings;
	readonly bootInfo: BootInfo;
	readonly clock: Pick<Clock, "sampleTime">;
	/** No sensor is touched. */
	readonly isSafeMode: boolean;
	/** dBm; `undefined` without a network. */
	readonly signalStrength: number | undefined;
	/** A reading is on flash. */
	onStored(): void;
	/** A sample has ended. */
	onChange(): void;
}

/** Samples the sensors at each interval, and stores the readings. */
export class SamplingLoop implements SetupSampling {
	/** Ticks of the next sample: on a fixed grid, so that the duration of samples does not add up. */
	nextSampleTicks = 0;
	private readonly options: SamplingLoopOptions;
	private readonly intervalMs: number;
	private sampler: Sampler;
	/** In setup, those under test. */
	private activeSettings: Settings;
	/** Goes with the first reading of the boot. */
	private unreportedReason: ResetReason | undefined;
	private timer: Timer | undefined;
	/** When the last sample ended. */
	private lastSampleTicks = 0;
	private sampling: Promise<void> | undefined;
	/** A sample under way that is not stored. */
	private liveSample: Promise<void> | undefined;
	private latestSample: SensorSample | undefined;
	/** Of the last reading; the next one has the same object, unless something of it has changed. */
	private context: SampleContext | undefined;
	private readonly pinProbe: PinProbe;

	constructor(options: SamplingLoopOptions) {
		this.options = options;
		this.intervalMs = options.settings.interval * 1000;
		this.activeSettings = options.settings;
		this.unreportedReason = options.bootInfo.unreportedReason;
		this.sampler = this.makeSampler();
		this.pinProbe = new PinProbe(options.board);
	}

	get isSampling(): boolean {
		return this.sampling !== undefined;
	}

	/** Whether samples have stopped, although the board runs. */
	get isStalled(): boolean {
		const limitMs = Math.max(minStallMs, maxMissedIntervals * this.intervalMs);
		return this.options.board.time.ticks() - this.lastSampleTicks > limitMs;
	}

	get sensors(): SetupSampling["sensors"] {
		return this.sampler.sensors;
	}

	/** Fields of the last sample; empty before the first. */
	get fields(): readonly Field[] {
		return this.latestSample?.fields ?? [];
	}

	/** `ticks`: when it ended; `undefined` before the first. */
	get lastSample(): (SensorSample & { readonly ticks: number }) | undefined {
		return this.latestSample === undefined
			? undefined
			: { ...this.latestSample, ticks: this.lastSampleTicks };
	}

	/** Fields of the last sample; before the first, of the oldest pending reading that can be read. */
	get knownFields(): readonly Field[] {
		if (this.latestSample !== undefined) return this.latestSample.fields;
		for (const { context } of this.options.storage.readings.readable()) return context.fields;
		return [];
	}

	/** Percent, from a battery gauge or else from the battery's voltage; `undefined` where it cannot be measured. */
	get batteryLevel(): number | undefined {
		const { batteryLevel: gauged } = this.sampler;
		if (gauged !== undefined) return gauged;
		const { batteryPin: pin, batteryRatio: dividerRatio } = this.activeSettings;
		const { Analog, analogRangeV: fullScaleVolts } = this.options.board.pins;
		if (pin === "none") return undefined;
		try {
			return batteryPercent(readBatteryVolts({ Analog, pin, fullScaleVolts, dividerRatio }));
		} catch {
			// A pin without an ADC costs the battery level, not the reading.
			return undefined;
		}
	}

	/**
	 * Starts with a sample; after a deep sleep, continues the grid of the samples before it.
	 *
	 * @returns whether the board woke between two samples, as it does when its button is pressed.
	 */
	start(wokeFromSleep: boolean): boolean {
		this.lastSampleTicks = this.options.board.time.ticks();
		const wokeEarly = this.alignToGrid(wokeFromSleep);
		this.scheduleSample();
		return wokeEarly;
	}

	/** Stores a reading taken with these settings; they stay active. */
	async sampleAndStore(settings: Settings): Promise<void> {
		await this.activate(settings);
		await this.takeSample();
	}

	/** Takes a live sample for the setup page; not stored. */
	sampleWithoutStoring(): Promise<void> {
		if (this.sampling !== undefined) return this.sampling;
		if (this.options.isSafeMode) return Promise.resolve();
		this.liveSample ??= this.sampler.sample().then((sample) => {
			this.latestSample = sample;
			this.liveSample = undefined;
		});
		return this.liveSample;
	}

	/** Measures the inputs in these settings whose pins are not in use yet; returns their latest values. */
	probeInputs(settings: Settings): SetupSampling["sensors"] {
		return this.options.isSafeMode ? [] : this.pinProbe.probe(settings, this.activeSettings);
	}

	async scanSensors(forgetMissing: boolean): Promise<void> {
		if (this.options.isSafeMode) return;
		if (forgetMissing) this.sampler.forgetMissing();
		await this.sampler.rescan();
	}

	/** Takes no further sample. */
	pause(): void {
		this.options.board.time.clear(this.timer);
	}

	/** Waits for samples under way, then closes the sensors. */
	async stop(): Promise<void> {
		this.pause();
		await this.sampling;
		await this.liveSample;
		this.pinProbe.close();
		this.sampler.close();
	}

	private alignToGrid(wokeFromSleep: boolean): boolean {
		const now = this.options.board.time.ticks();
		this.nextSampleTicks = now;
		if (!wokeFromSleep) return false;
		const nearest = Math.round(now / this.intervalMs) * this.intervalMs;
		const wokeEarly = Math.abs(now - nearest) > Math.min(maxWakeLatencyMs, this.intervalMs / 4);
		this.nextSampleTicks = wokeEarly ? Math.ceil(now / this.intervalMs) * this.intervalMs : nearest;
		return wokeEarly;
	}

	private scheduleSample(): void {
		const { time } = this.options.board;
		this.timer = time.set(() => {
			void this.takeSample();
			// Not negative: a platform's timer may fire a little early.
			const missed = Math.max(0, Math.floor((time.ticks() - this.nextSampleTicks) / this.intervalMs));
			// mutation: schedule-next-sample
			this.nextSampleTicks += (missed + 1) * this.intervalMs;
			this.scheduleSample();
		}, this.nextSampleTicks - time.ticks());
	}

	/** Skips a sample that is due while another is under way. */
	private takeSample(): Promise<void> {
		this.sampling ??= this.runSample();
		return this.sampling;
	}

	private async runSample(): Promise<void> {
		try {
			await this.measureAndStore();
		} finally {
			this.sampling = undefined;
			// mutation: record-sample-time
			this.lastSampleTicks = this.options.board.time.ticks();
			this.options.onChange();
		}
	}

	private async measureAndStore(): Promise<void> {
		const { board, storage, clock, isSafeMode } = this.options;
		if (isSafeMode) return;
		try {
			if (this.liveSample !== undefined) await this.liveSample;
			const time = clock.sampleTime();
			this.latestSample = await this.sampler.sample();
			const { fields, values } = this.latestSample;
			if (values.every((value) => value === undefined)) return;
			const sequence = storage.readings.append(
				{ time, values, batteryLevel: this.batteryLevel, signalStrength: this.options.signalStrength },
				this.sampleContext(fields),
			);
			if (this.unreportedReason !== undefined) storage.tryWrite(() => markReasonReported(storage.keyValue));
			this.unreportedReason = undefined;
			board.log(`reading ${sequence}: ${formatValues(fields, values)}; stored`);
			this.options.onStored();
		} catch (error) {
			board.log(`reading not stored: ${errorMessage(error)}`);
		}
	}

	private async activate(settings: Settings): Promise<void> {
		await this.sampling;
		await this.liveSample;
		if (settings === this.activeSettings) return;
		// It has pins open that these settings use.
		this.pinProbe.close();
		this.activeSettings = settings;
		this.sampler.close();
		this.sampler = this.makeSampler();
		this.latestSample = undefined;
		this.context = undefined;
	}

	private sampleContext(fields: readonly Field[]): SampleContext {
		const { context, unreportedReason: resetReason } = this;
		if (context?.fields === fields && context.resetReason === resetReason) return context;
		const { board, bootInfo } = this.options;
		this.context = {
			boot: bootInfo.boot,
			resetReason,
			deviceId: deviceIdOf(this.activeSettings, board.identity),
			location: this.activeSettings.location,
			firmwareVersion: versionOf(board.identity),
			fields,
		};
		return this.context;
	}

	private makeSampler(): Sampler {
		const { board, storage, bootInfo } = this.options;
		const { dataPin, clockPin } = this.activeSettings;
		return new Sampler({
			bus: {
				...board.i2c,
				data: dataPin === "auto" ? board.i2c.data : dataPin,
				clock: clockPin === "auto" ? board.i2c.clock : clockPin,
			},
			pins: board.pins,
			time: board.time,
			storage: storage.keyValue,
			settings: this.activeSettings,
			resumed: bootInfo.resumed,
			log: (line) => board.log(line),
		});
	}
}

function formatValues(fields: readonly Field[], values: readonly Value[]): string {
	return fields
		.map(({ name, unit }, index) => {
			const value = values[index];
			return value === undefined ? `no ${name}` : `${name} ${value}${unit === "" ? "" : ` ${unit}`}`;
		})
		.join(", ");
}
