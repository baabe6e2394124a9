import type { Board, FirmwareSlots } from "../boards/board";
import { errorMessage } from "../common/error-message";
import { readJsonRecord, writeJsonRecord } from "../common/json-record";
import { afterTrial, decideTrial, Reach, readBaseline, type TrialBaseline } from "../update/trial";
import { versionOf } from "../version";
import type { DeviceStorage } from "./device-storage";
import type { SamplingLoop } from "./sampling-loop";

export interface FirmwareTrialOptions {
	readonly board: Pick<Board, "identity" | "time" | "log" | "restart" | "resetReason">;
	readonly slots: FirmwareSlots;
	readonly storage: Pick<DeviceStorage, "keyValue" | "readings" | "tryWrite">;
	readonly sampling: Pick<SamplingLoop, "lastSample" | "sampleWithoutStoring">;
	readonly owner: FirmwareTrialOwner;
}

export interface FirmwareTrialOwner {
	/** What an update has to reach, one of `Reach`: as far as this firmware gets, not only in this boot. */
	requiredReach(reached: number): number;
	/** The firmware on trial is kept. */
	onKept(): void;
	/** Before the restart into the firmware before. */
	onRollBack(): void;
}

const checkIntervalMs = 10_000;
const noUpdate: TrialBaseline = Object.freeze({
	...{ slot: -1, version: "", attempt: 0, pending: 0, newest: 0, boot: 0 },
	...{ fields: [], reach: 0, failure: "" },
});

/**
 * Both sides of an update's trial: the firmware before it writes down what the update has to come to, and learns how it
 * ended; the update proves itself, or gives up.
 */
export class FirmwareTrial {
	/** Whether this firmware has yet to prove itself. Every restart and sleep ends the trial. */
	isRunning: boolean;
	private readonly options: FirmwareTrialOptions;
	private baseline: TrialBaseline;
	/** When the readings were mounted. */
	private readonly mounted: Pick<TrialBaseline, "pending" | "newest" | "boot">;
	private readonly startTicks: number;
	private reached: number = Reach.none;

	constructor(options: FirmwareTrialOptions) {
		this.options = options;
		const { keyValue } = options.storage;
		const stored = readJsonRecord(keyValue, "trial");
		this.baseline = (typeof stored === "object" && readBaseline(stored.value)) || noUpdate;
		this.mounted = this.storedReadings;
		this.isRunning = options.slots.isOnTrial;
		this.startTicks = options.board.time.ticks();
	}

	/** `1.2.3` of an update that was rolled back; `undefined`: none, or another one was written since. */
	get failedVersion(): string | undefined {
		const { version, failure } = this.baseline;
		return failure === "" || this.isRunning ? undefined : version;
	}

	/** One of `Reach`. */
	onReached(reach: number): void {
		this.reached = Math.max(this.reached, reach);
	}

	/** Call at the start. True: the board is restarted for another attempt of the update. */
	start(): boolean {
		const { slots, board } = this.options;
		const { baseline } = this;
		if (this.isRunning) {
			if (baseline.slot !== slots.running) {
				const reach = this.options.owner.requiredReach(Reach.heard);
				this.baseline = { ...noUpdate, version: versionOf(board.identity), reach };
			}
			board.log(`update: ${this.baseline.version} on trial, attempt ${this.baseline.attempt}`);
			this.scheduleCheck();
			return false;
		}
		if (baseline.attempt === 0) return false;
		if (baseline.slot === slots.running) {
			// Power was lost right after it was kept.
			this.forget();
			return false;
		}
		const { resetReason } = board;
		const next = afterTrial(baseline, resetReason === "power-on" || resetReason === "brown-out");
		if (next === "repeat" && this.tryRepeat()) return true;
		const failure = next === "repeat" ? "image" : next;
		this.write({ ...baseline, attempt: 0, failure });
		board.log(
			`update: ${baseline.version} did not prove itself (${failure}); ${versionOf(board.identity)} runs again`,
		);
		return false;
	}

	/** Writes down what an update has to come to: once it is activated, and again before the restart. */
	prepare(version = this.baseline.version): void {
		const { slots, owner } = this.options;
		this.write({
			...this.storedReadings,
			...{ slot: 1 - slots.running, version, attempt: 1, failure: "" },
			fields: this.measuredFields,
			reach: owner.requiredReach(this.reached),
		});
	}

	/** Before a restart that is asked for: keeps the firmware if all it lacks is time. */
	settle(): void {
		if (!this.isRunning) return;
		const decision = this.decide(Number.POSITIVE_INFINITY);
		if (decision === "keep") this.keep();
		else this.write({ ...this.baseline, failure: decision });
	}

	private get storedReadings(): Pick<TrialBaseline, "pending" | "newest" | "boot"> {
		const { length, newestSequence = 0, newestBoot } = this.options.storage.readings;
		return { pending: length, newest: newestSequence, boot: newestBoot };
	}

	/** Fields that have a value in the last sample. */
	private get measuredFields(): readonly string[] {
		const { fields = [], values = [] } = this.options.sampling.lastSample ?? {};
		return fields.filter((_, index) => values[index] !== undefined).map(({ name }) => name);
	}

	private check(): void {
		const { board, sampling, slots, owner } = this.options;
		if (!this.isRunning) return;
		// mutation: decide-trial
		const decision = this.decide(board.time.ticks() - this.startTicks);
		if (decision === "keep" && this.keep()) return;
		if (decision !== "keep" && decision !== "wait") {
			board.log(`update: ${this.baseline.version} gives up (${decision})`);
			this.write({ ...this.baseline, failure: decision });
			owner.onRollBack();
			slots.rollBack();
			return;
		}
		// The next sample may be a day away.
		if (this.measuredFields.length < this.baseline.fields.length) void sampling.sampleWithoutStoring();
		this.scheduleCheck();
	}

	private scheduleCheck(): void {
		this.options.board.time.set(() => this.check(), checkIntervalMs);
	}

	private decide(elapsedMs: number): ReturnType<typeof decideTrial> {
		const { mounted, measuredFields: fields, reached: reach } = this;
		return decideTrial(this.baseline, { ...mounted, fields, reach, elapsedMs });
	}

	/** False if that fails: it is tried again. */
	private keep(): boolean {
		const { slots, board, owner } = this.options;
		try {
			slots.keep();
		} catch (error) {
			board.log(`update: ${errorMessage(error)}`);
			return false;
		}
		this.isRunning = false;
		board.log(`update: ${this.baseline.version} is kept`);
		this.forget();
		owner.onKept();
		return true;
	}

	private tryRepeat(): boolean {
		const { slots, board } = this.options;
		const { baseline, mounted } = this;
		const attempt = baseline.attempt + 1;
		this.write({ ...baseline, ...mounted, attempt });
		try {
			slots.activate();
		} catch (error) {
			board.log(`update: ${errorMessage(error)}`);
			return false;
		}
		board.log(`update: power was lost on trial; attempt ${attempt}`);
		board.restart();
		return true;
	}

	private write(baseline: TrialBaseline): void {
		const { storage } = this.options;
		this.baseline = baseline;
		storage.tryWrite(() => writeJsonRecord(storage.keyValue, "trial", baseline));
	}

	private forget(): void {
		const { storage } = this.options;
		this.baseline = noUpdate;
		storage.tryWrite(() => storage.keyValue.delete("trial"));
	}
}
