import { type Clock, type SendingPosition, unknownPosition } from "../clock/clock";
import { errorMessage } from "../common/error-message";
import type { Destination, TimedReading } from "../dakkio/point";
import type { ReadingLog } from "../store/reading-log";
import { type Batch, planBatch } from "./batch";
import { gapFrom } from "./passed-over";
import type { Quarantine } from "./quarantine";
import type { PointSelection, RefusalSearch, SuspectPoint } from "./refusal-search";

export interface PendingPointsOptions {
	readonly clock: Clock;
	readonly readings: ReadingLog;
	readonly quarantine: Quarantine;
	readonly destination: Destination;
	/** Estimates times for readings of boots that were never synchronized, in one pass. */
	estimateUnanchoredBoots(): void;
	log(line: string): void;
}

/**
 * The points in the ring of readings: which of them the next request has, as the search decides, and how they leave the
 * ring: acknowledged, or into the quarantine.
 */
export class PendingPoints {
	/** Set again when it is resolved. */
	destination: Destination;
	/** How many points dropped from the quarantine have been reported to the service. */
	reportedDrops = 0;
	private readonly options: PendingPointsOptions;
	private readonly search: RefusalSearch;
	/** The ring could not be written in this upload. */
	private isRingFailed = false;

	constructor(options: PendingPointsOptions, search: RefusalSearch) {
		this.options = options;
		this.search = search;
		this.destination = options.destination;
	}

	/** An upload begins: a ring that could not be written is tried again. */
	begin(): void {
		this.isRingFailed = false;
	}

	/** Which points the next request may have; `undefined`: none in this upload. */
	select(): PointSelection | undefined {
		this.acknowledgeSettled();
		const { oldestSequence, newestSequence } = this.options.readings;
		if (oldestSequence === undefined || newestSequence === undefined) return undefined;
		return this.search.next(oldestSequence, newestSequence);
	}

	/** The oldest point that can be read, and the first such that is not settled. */
	get sendingPosition(): SendingPosition {
		const settled = this.search.passedOver.filter(({ strikes }) => strikes === 0);
		let oldestBoot: number | undefined;
		for (let from = 0; ; ) {
			const [point] = this.options.readings.readable(from);
			if (point === undefined)
				return oldestBoot === undefined
					? unknownPosition
					: { oldestBoot, nextBoot: Number.POSITIVE_INFINITY, nextTime: undefined };
			const { boot } = point.context;
			oldestBoot ??= boot;
			from = gapFrom(settled, point.sequence).from;
			if (from === point.sequence) return { oldestBoot, nextBoot: boot, nextTime: point.time };
		}
	}

	/** The request with these points. `undefined`: the first has no time, its boot was never synchronized, or cannot be read. */
	plan(selection: PointSelection): Batch | undefined {
		const { droppedPoints } = this.options.quarantine;
		const quarantineDrops = droppedPoints > this.reportedDrops ? droppedPoints : undefined;
		const source = (from: number) => this.timedReadings(from, selection.before);
		const options = { ...selection, quarantineDrops };
		const batch = planBatch(source, this.destination, options);
		if (batch !== undefined) return batch;
		this.options.estimateUnanchoredBoots();
		return planBatch(source, this.destination, options);
	}

	/** The oldest points leave the ring as far as the service has taken them, or the quarantine. */
	acknowledgeSettled(): void {
		const { readings } = this.options;
		// Ends, too, where the ring takes an acknowledgement and does not move.
		for (let oldest: number | undefined = 0; !this.isRingFailed && oldest !== readings.oldestSequence; ) {
			oldest = readings.oldestSequence;
			const upTo = this.search.takeSettled(oldest);
			if (upTo === 0) return;
			try {
				// mutation: acknowledge-batch
				readings.acknowledge(upTo);
			} catch (error) {
				// They are passed over, also after a restart: sent again, they would be stored again.
				this.isRingFailed = true;
				this.options.log(
					`upload: points up to ${upTo} stay pending, and are not sent again: ${errorMessage(error)}`,
				);
			}
		}
	}

	/** A point that is proven to be at fault. If the quarantine does not take it, it stays pending. */
	quarantine({ sequence, cause }: SuspectPoint): void {
		const { quarantine } = this.options;
		try {
			let isKept = false;
			for (const timed of this.timedReadings(sequence, sequence + 1)) {
				// mutation: quarantine-reading
				quarantine.add(timed, this.destination, cause);
				isKept = true;
			}
			if (!isKept) throw new Error("the point cannot be read");
		} catch (error) {
			this.search.hold(sequence);
			this.options.log(
				`refused: point ${sequence}: ${cause}; it stays pending, as the quarantine fails: ${errorMessage(error)}`,
			);
			return;
		}
		const { length, droppedPoints } = quarantine;
		const dropped = droppedPoints === 0 ? "" : `, ${droppedPoints} overwritten`;
		this.options.log(`refused: point ${sequence}: ${cause}; kept in quarantine (${length} there${dropped})`);
	}

	private *timedReadings(from: number, before: number): Generator<TimedReading> {
		const { readings, clock } = this.options;
		for (const reading of readings.pending(from)) {
			const time = clock.resolve(reading.time);
			if (time === undefined || reading.sequence >= before) return;
			yield {
				reading,
				// mutation: reading-time
				utc: time.utc,
				estimated: time.estimated,
			};
		}
	}
}
