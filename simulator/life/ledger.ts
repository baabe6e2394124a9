import type { DataPoint } from "../dakkio/api";
import type { Weather } from "../weather/weather";
import { violate } from "./invariants";

/** A stored reading, as the simulator knows it. */
export interface MeasuredReading {
	/** When it was stored, milliseconds of Unix time; it was sampled up to {@link maxSamplingMs} before. */
	readonly utc: number;
	readonly environment: Weather;
	/** dBm and percent; `undefined` without network and without battery. */
	readonly signalStrength: number | undefined;
	readonly batteryLevel: number | undefined;
	readonly context: ExpectedContext;
}

/** What many readings have in common. */
export interface ExpectedContext {
	readonly deviceId: string;
	readonly location: string;
	readonly firmwareVersion: string;
	/** Only with the first reading of a boot. */
	readonly resetReason: string | undefined;
	/** Counts the stretches of ticks whose start times the board has to remember. */
	readonly stretch: number;
	/**
	 * May be estimated: the board did not know the time, or slept for too long. Misled: a time server gave a wrong time that
	 * the board could not detect, so the time may also be wrong.
	 */
	time: "known" | "may be estimated" | "misled";
	/** Maximum error of an estimate, milliseconds. */
	bound: number;
}

/** Maximum duration of a sample, milliseconds. */
const maxSamplingMs = 1_000;
/** A board need not remember the start times of more stretches than this. */
const maxRememberedStretches = 60;
/** Maximum error of a timestamp that is not an estimate, milliseconds. */
const timeToleranceMs = 1_000;
/** Half of the last decimal plus the sensor's resolution. */
const tolerances = { temperature: 0.02, humidity: 0.2, pressure: 0.05 } as const;

/** The states of a reading, one bit each. */
const measured = 1;
const delivered = 2;
/** Its 2xx has been received by the board. */
const answered = 4;
/** May be lost: its flash block was damaged. */
const excused = 8;
/** Dropped because the flash was full. */
const overwritten = 16;
/** Refused by the service in a request of its own; the board has received the refusal. */
const refused = 32;
/** Erased by a factory reset. */
const forgotten = 64;
/** May be sent with a different time once: the board lost its clock data. */
const retimed = 128;
/** Has been refused at least once. */
const everRefused = 256;
/** The service has taken another one after a refusal. */
const proven = 512;
/** Dropped from the full quarantine. */
const fallen = 1024;

/** A refusal that is not about content proves that a point is at fault when it was repeated so often. */
const minStrikes = 6;

/** Readings in these states are settled. */
const settledMask = excused | overwritten | forgotten | fallen;

const none = -128;
/** A request in flight at a factory reset arrives within this time, milliseconds. */
const inFlightMs = 60_000;

/** What is known of each reading, in columns indexed by sequence number. */
class ReadingColumns {
	utc = new Float64Array(0);
	readonly values = {
		temperature: new Float32Array(0),
		humidity: new Float32Array(0),
		pressure: new Float32Array(0),
	};
	signal = new Int8Array(0);
	battery = new Int8Array(0);
	state = new Uint16Array(0);
	/** Hash of the delivered point. */
	checksum = new Uint32Array(0);
	context = new Uint32Array(0);

	/** Makes room for a sequence number. */
	ensureCapacity(sequence: number): void {
		if (sequence < this.state.length) return;
		const length = Math.max(4096, 2 * sequence);
		const { values } = this;
		this.utc = grown(this.utc, new Float64Array(length));
		values.temperature = grown(values.temperature, new Float32Array(length));
		values.humidity = grown(values.humidity, new Float32Array(length));
		values.pressure = grown(values.pressure, new Float32Array(length));
		this.signal = grown(this.signal, new Int8Array(length));
		this.battery = grown(this.battery, new Int8Array(length));
		this.state = grown(this.state, new Uint16Array(length));
		this.checksum = grown(this.checksum, new Uint32Array(length));
		this.context = grown(this.context, new Uint32Array(length));
	}
}

function grown<T extends Float64Array | Float32Array | Int8Array | Uint16Array | Uint32Array>(
	old: T,
	larger: T,
): T {
	larger.set(old);
	return larger;
}

/** The contents of the board's flash. */
export interface FlashContents {
	/** Sequence numbers of the pending readings, in order. */
	readonly pending: Iterable<number>;
	/** Readings dropped because the flash was full, as counted by the board. */
	readonly dropped: number;
	/** Quarantined points: sequence number and reason. */
	readonly quarantined: ReadonlyMap<number, string>;
	/** How many of its oldest points the full quarantine has dropped. */
	readonly quarantineDropped: number;
}

/** The circumstances of a stored request. */
export interface StoreCircumstances {
	/** A time server has misled the board. */
	readonly isMisled: boolean;
	/** The board closed the connection before the request arrived. */
	readonly isLate: boolean;
}

/**
 * Compares what was measured with what the service has stored. It is independent of the firmware, except for the sequence
 * number under which a reading was stored.
 */
export class Ledger {
	private readonly columns = new ReadingColumns();
	private readonly contexts: ExpectedContext[] = [];
	/** Power cuts: a reading that was being stored at one may exist or not. */
	private readonly cuts: number[] = [];
	/** The last acknowledged sequence numbers. */
	private lastAcknowledged: { readonly at: number; readonly sequences: readonly number[] } = {
		at: 0,
		sequences: [],
	};
	/** Readings missing since the board's counter was last reset; it must count at least as many as overwritten. */
	private overwrittenSince = 0;
	/** Points dropped from the quarantine since then. */
	private fallenSince = 0;
	/** Refused, and the service has taken none since. */
	private readonly suspects = new Set<number>();
	/** How often points got another response than a 2xx, which was not about their content; whether others were taken since. */
	private readonly strikes = new Map<number, { count: number; hasTaken: boolean }>();
	/** All readings before this sequence number are settled. */
	private settledBefore = 1;
	private forgottenAt = 0;
	/** Up to this sequence number, pending readings spanned more stretches than a board can remember. */
	private crowdedBefore = 0;
	/** Sequence numbers may be skipped once before the next reading; after damage, at any time. */
	private gapAllowed = true;
	private damaged = false;
	private _newest = 0;
	measured = 0;
	delivered = 0;
	duplicates = 0;
	estimated = 0;
	overwritten = 0;
	/** Maximum time from measurement to arrival, milliseconds. */
	maxDelayMs = 0;

	/** The highest sequence number so far. */
	get newest(): number {
		return this._newest;
	}

	measure(
		sequence: number,
		{ utc, environment, signalStrength, batteryLevel, context }: MeasuredReading,
	): void {
		if (!(sequence > this._newest)) violate("numbered", `${sequence} follows ${this._newest}`);
		if (sequence !== this._newest + 1 && !this.gapAllowed && !this.damaged)
			violate("numbered", `${sequence} follows ${this._newest} without a restart between them`);
		const columns = this.columns;
		columns.ensureCapacity(sequence);
		columns.state[sequence] = measured | ((columns.state[sequence] ?? 0) & delivered);
		columns.utc[sequence] = utc;
		columns.values.temperature[sequence] = environment.temperature;
		columns.values.humidity[sequence] = environment.humidity;
		columns.values.pressure[sequence] = environment.pressure / 100;
		columns.signal[sequence] = signalStrength ?? none;
		columns.battery[sequence] = batteryLevel ?? none;
		if (this.contexts.at(-1) !== context) this.contexts.push(context);
		columns.context[sequence] = this.contexts.length - 1;
		this._newest = sequence;
		this.gapAllowed = false;
		this.measured++;
	}

	/** Power has gone. */
	onPowerCut(utc: number): void {
		this.cuts.push(utc);
		this.gapAllowed = true;
		// The board may not have recorded a response that it received at this very moment.
		if (this.lastAcknowledged.at === utc) this.undoAcknowledgement(this.lastAcknowledged.sequences);
	}

	/** Flash is damaged: numbers may be skipped, and acknowledged readings from `from` on may be sent again. */
	onDamage(from: number): void {
		this.onReadsFail(from);
		// The board has discarded the times of boots that seemed to have no pending readings.
		for (let sequence = Math.max(1, from); sequence <= this._newest; sequence++) this.loosenTime(sequence);
	}

	/**
	 * A part of the flash cannot be read from now on: numbers that it may have given out are skipped, and readings from `from`
	 * on may be sent again, whose acknowledgements are there, and whose times the board has discarded.
	 */
	onReadsFail(from: number): void {
		const { state } = this.columns;
		this.damaged = true;
		for (let sequence = Math.max(1, from); sequence <= this._newest; sequence++) {
			if (((state[sequence] ?? 0) & answered) !== 0) state[sequence] = (state[sequence] ?? 0) | retimed;
			this.undoAcknowledgement([sequence]);
		}
	}

	/** These readings may be missing. */
	excuse(from: number, to: number): void {
		const { state } = this.columns;
		this.gapAllowed = true;
		for (let sequence = Math.max(1, from); sequence < Math.min(to, state.length); sequence++)
			state[sequence] = (state[sequence] ?? 0) | excused;
	}

	/** Everything pending is erased, and the board's counter of overwritten readings restarts. */
	onFactoryReset(now: number): void {
		const { state } = this.columns;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++)
			state[sequence] = (state[sequence] ?? 0) | forgotten;
		this.overwrittenSince = 0;
		this.fallenSince = 0;
		this.forgottenAt = now;
		this.gapAllowed = true;
	}

	/** The factory reset did not happen: power failed before it began. */
	undoFactoryReset(): void {
		const { state } = this.columns;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++)
			state[sequence] = (state[sequence] ?? 0) & ~forgotten;
	}

	/** The board may have forgotten which points were stored while older ones are pending. */
	onSentAheadLost(): void {
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++)
			this.undoAcknowledgement([sequence]);
	}

	/** The board lost its clock data: each pending reading may be sent with a different time. */
	onClockLost(): void {
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) this.loosenTime(sequence);
	}

	private loosenTime(sequence: number): void {
		const { state, context } = this.columns;
		state[sequence] = (state[sequence] ?? 0) | retimed;
		const expected = this.contexts[context[sequence] ?? 0];
		if (expected === undefined) return;
		if (expected.time === "known") expected.time = "may be estimated";
		expected.bound = Number.POSITIVE_INFINITY;
	}

	/** The service has stored the points of a request. */
	onStored(points: readonly DataPoint[], now: number, { isMisled, isLate }: StoreCircumstances): void {
		this.checkCrowded();
		let before = Number.NEGATIVE_INFINITY;
		let sequenceBefore = 0;
		for (const point of points) {
			const time = Date.parse(point.timestamp);
			const sequence = sequenceOf(point);
			if (time < before) violate("ordered", `a point goes back in time to ${point.timestamp}`);
			if (sequence <= sequenceBefore) violate("ordered", `${sequence} follows ${sequenceBefore}`);
			before = time;
			sequenceBefore = sequence;
			if (time > now + timeToleranceMs && !isMisled && !this.isMisled(sequence))
				violate("timed", `${sequence} is in the future, ${point.timestamp}`);
			this.check(point, sequence, time, isMisled);
			this.count(point, sequence, time, now, isLate);
		}
	}

	/** The board has received the 2xx for these. */
	onAcknowledged(sequences: readonly number[], now: number): void {
		const { state } = this.columns;
		for (const sequence of sequences) state[sequence] = (state[sequence] ?? 0) | answered;
		for (const sequence of this.suspects)
			if (!sequences.includes(sequence)) state[sequence] = (state[sequence] ?? 0) | proven;
		this.suspects.clear();
		for (const [sequence, strikes] of this.strikes)
			if (sequences.includes(sequence)) this.strikes.delete(sequence);
			else strikes.hasTaken = true;
		this.lastAcknowledged = { at: now, sequences };
	}

	/** The board has received the refusal of this point. `isContent`: for its content. */
	onRefused(sequence: number, now: number, isContent: boolean): void {
		this.columns.ensureCapacity(sequence);
		const { state } = this.columns;
		state[sequence] = (state[sequence] ?? 0) | refused | everRefused;
		if (isContent) this.suspects.add(sequence);
		else this.strike(sequence);
		this.lastAcknowledged = { at: now, sequences: [sequence] };
	}

	private strike(sequence: number): void {
		const { state } = this.columns;
		const strikes = this.strikes.get(sequence) ?? { count: 0, hasTaken: false };
		this.strikes.set(sequence, strikes);
		if (++strikes.count >= minStrikes && strikes.hasTaken) state[sequence] = (state[sequence] ?? 0) | proven;
	}

	/** Compares the board's flash with what was measured. `reasons`: one is a part of each refusal's message. */
	checkContents(
		{ pending, dropped, quarantined, quarantineDropped }: FlashContents,
		reasons: readonly string[],
	): void {
		this.checkCrowded();
		const { state } = this.columns;
		const here = new Uint8Array(this._newest + 1 - this.settledBefore);
		let oldest = Number.POSITIVE_INFINITY;
		for (const sequence of pending) {
			oldest = Math.min(oldest, sequence);
			if (sequence >= this.settledBefore && sequence <= this._newest) here[sequence - this.settledBefore] = 1;
		}
		for (const [sequence, cause] of quarantined) {
			if (((state[sequence] ?? 0) & everRefused) === 0 && sequence <= this._newest)
				violate("kept", `${sequence} is in quarantine but was not refused`);
			if (((state[sequence] ?? 0) & proven) === 0 && sequence <= this._newest)
				violate("proven", `${sequence} is in quarantine, but the service has taken none since its refusal`);
			if (!reasons.some((reason) => cause.includes(reason)))
				violate("kept", `${sequence} is in quarantine for "${cause}"`);
		}
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) {
			if (here[sequence - this.settledBefore] === 1 || this.isAccounted(sequence, quarantined)) continue;
			if (((state[sequence] ?? 0) & proven) !== 0 && this.fallenSince < quarantineDropped) {
				state[sequence] = (state[sequence] ?? 0) | fallen;
				this.fallenSince++;
				continue;
			}
			if (sequence > oldest) violate("kept", `${sequence} is lost while ${oldest} is still pending`);
			state[sequence] = (state[sequence] ?? 0) | overwritten;
			this.overwritten++;
			this.overwrittenSince++;
			if (this.overwrittenSince > dropped)
				violate("kept", `${sequence} is lost, but only ${dropped} were counted as overwritten`);
		}
		this.settle(
			(sequence, from) => here[sequence - from] === 1,
			(sequence) => quarantined.has(sequence),
		);
	}

	/** When the oldest undelivered reading that can be read was measured; Infinity if there is none. */
	oldestDue(isUnread = (_sequence: number) => false): number {
		const { state, utc } = this.columns;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) {
			const known = state[sequence] ?? 0;
			if ((known & measured) === 0 || (known & (delivered | proven | settledMask)) !== 0) continue;
			if (!isUnread(sequence)) return utc[sequence] ?? 0;
		}
		return Number.POSITIVE_INFINITY;
	}

	/** Readings that are measured, undelivered and not settled. */
	get pending(): number {
		const { state } = this.columns;
		let count = 0;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) {
			const known = state[sequence] ?? 0;
			if ((known & measured) !== 0 && (known & (delivered | settledMask | refused)) === 0) count++;
		}
		return count;
	}

	private isAccounted(sequence: number, quarantined: ReadonlyMap<number, string>): boolean {
		const known = this.columns.state[sequence] ?? 0;
		if ((known & measured) === 0 || (known & (delivered | settledMask)) !== 0) return true;
		return (known & everRefused) !== 0 && quarantined.has(sequence);
	}

	/** Advances over readings that need no further check. */
	private settle(
		waits: (sequence: number, from: number) => boolean,
		isAside: (sequence: number) => boolean,
	): void {
		const { state } = this.columns;
		const from = this.settledBefore;
		for (; this.settledBefore <= this._newest && !waits(this.settledBefore, from); this.settledBefore++) {
			const known = state[this.settledBefore] ?? 0;
			const done = (known & answered) !== 0 || (known & settledMask) !== 0 || (known & measured) === 0;
			if (!done && !((known & everRefused) !== 0 && isAside(this.settledBefore))) break;
		}
	}

	private undoAcknowledgement(sequences: readonly number[]): void {
		const { state } = this.columns;
		for (const sequence of sequences) state[sequence] = (state[sequence] ?? 0) & ~(answered | refused);
	}

	private check(point: DataPoint, sequence: number, time: number, misled: boolean): void {
		const isEstimated = point.metadata.timeEstimated === true;
		const columns = this.columns;
		if (((columns.state[sequence] ?? 0) & measured) === 0) {
			const cut = this.cuts.some((utc) => Math.abs(utc - time) <= maxSamplingMs + timeToleranceMs);
			if (!cut && !isEstimated && !misled)
				violate("genuine", `${sequence} of ${point.timestamp} was never measured`);
			return;
		}
		this.checkTime(point, sequence, time, isEstimated);
		this.checkValues(point, sequence);
		this.checkMetadata(point, sequence);
	}

	private isMisled(sequence: number): boolean {
		const context = this.contexts[this.columns.context[sequence] ?? 0];
		return context?.time === "misled";
	}

	private checkTime(
		{ timestamp }: DataPoint,
		sequence: number,
		pointTime: number,
		isEstimated: boolean,
	): void {
		const utc = this.columns.utc[sequence] ?? 0;
		const { time, bound } = this.contextOf(sequence);
		if (time === "misled") return;
		const isRetimed = ((this.columns.state[sequence] ?? 0) & retimed) !== 0;
		const isRemembered = sequence > this.crowdedBefore && !isRetimed;
		if (isEstimated && time === "known" && isRemembered)
			violate("timed", `${sequence} is marked as estimated although the board knew the time`);
		const off = Math.max(0, utc - maxSamplingMs - pointTime, pointTime - utc);
		if (isEstimated && off > bound && isRemembered)
			violate(
				"timed",
				`${sequence} was measured at ${new Date(utc).toISOString()}, estimated at ${timestamp}`,
			);
		if (!isEstimated && off > timeToleranceMs)
			violate("timed", `${sequence} was measured at ${new Date(utc).toISOString()}, not at ${timestamp}`);
	}

	/** Checks whether pending or recent readings span more stretches than the board can remember. */
	private checkCrowded(): void {
		if (this.settledBefore > this._newest) return;
		const began = this.contextOf(this._newest).stretch - this.contextOf(this.settledBefore).stretch;
		if (began >= maxRememberedStretches) this.crowdedBefore = this._newest;
	}

	private checkValues({ values }: DataPoint, sequence: number): void {
		const columns = this.columns;
		let count = 0;
		for (const name in values) if (Object.hasOwn(values, name)) count++;
		if (count !== 3) violate("genuine", `${sequence} has ${count} values instead of 3`);
		for (const name of ["temperature", "humidity", "pressure"] as const) {
			const truth = columns.values[name][sequence] ?? 0;
			const value = values[name];
			if (typeof value !== "number" || Math.abs(value - truth) > tolerances[name])
				violate("genuine", `${sequence} has ${name} ${String(value)} instead of ${truth}`);
		}
	}

	private checkMetadata({ metadata }: DataPoint, sequence: number): void {
		const columns = this.columns;
		const expected = this.contextOf(sequence);
		const differs = (name: string, actual: unknown, truth: unknown) => {
			if (actual !== truth)
				violate("genuine", `${sequence} has ${name} ${String(actual)} instead of ${String(truth)}`);
		};
		const level = (value: number | undefined) => (value === none ? undefined : value);
		differs("signalStrength", metadata.signalStrength, level(columns.signal[sequence]));
		differs("batteryLevel", metadata.batteryLevel, level(columns.battery[sequence]));
		differs("deviceId", metadata.deviceId, expected.deviceId);
		differs("location", metadata.location ?? "", expected.location);
		differs("firmwareVersion", metadata.firmwareVersion, expected.firmwareVersion);
		differs("resetReason", metadata.resetReason, expected.resetReason);
	}

	private contextOf(sequence: number): ExpectedContext {
		return (
			this.contexts[this.columns.context[sequence] ?? 0] ?? violate("genuine", `${sequence} has no context`)
		);
	}

	private count(point: DataPoint, sequence: number, time: number, now: number, late: boolean): void {
		const columns = this.columns;
		columns.ensureCapacity(sequence);
		const known = columns.state[sequence] ?? 0;
		const sum = checksumOf(point, time);
		if ((known & forgotten) !== 0 && now > this.forgottenAt + inFlightMs)
			violate("forgotten", `${sequence} arrives at ${new Date(now).toISOString()} after a factory reset`);
		if ((known & (delivered | retimed)) === (delivered | retimed)) {
			columns.state[sequence] = known & ~retimed;
			columns.checksum[sequence] = sum;
		}
		if ((known & delivered) === 0) {
			columns.state[sequence] = known | delivered;
			columns.checksum[sequence] = sum;
			this.delivered++;
			if (point.metadata.timeEstimated === true) this.estimated++;
			// An estimate may be far from the truth.
			const utc = (known & measured) === 0 ? time : (columns.utc[sequence] ?? time);
			this.maxDelayMs = Math.max(this.maxDelayMs, now - utc);
			return;
		}
		if (columns.checksum[sequence] !== sum)
			violate("same", `${sequence} was sent again as ${JSON.stringify(point)}`);
		// A request in flight on an abandoned connection may arrive after its replacement.
		if ((known & answered) !== 0 && !late) violate("once", `${sequence} does`);
		this.duplicates++;
	}
}

function sequenceOf({ metadata }: DataPoint): number {
	const { seq } = metadata;
	if (typeof seq !== "number" || !Number.isInteger(seq) || seq < 1)
		return violate("genuine", `a point has the sequence number ${String(seq)}`);
	return seq;
}

/** Hash of a point's contents. */
function checksumOf({ values, metadata }: DataPoint, time: number): number {
	let sum = mix(0x811c9dc5, Math.floor(time / 2 ** 32));
	sum = mix(sum, time | 0);
	for (const name in values) {
		const value = values[name];
		sum = typeof value === "number" ? mix(sum, Math.round(value * 1e4)) : mixText(sum, String(value));
	}
	sum = mix(sum, Number(metadata.signalStrength ?? 0));
	sum = mix(sum, Number(metadata.batteryLevel ?? none));
	sum = mix(sum, metadata.timeEstimated === true ? 1 : 0);
	for (const name in metadata) {
		const value = metadata[name];
		if (typeof value === "string") sum = mixText(sum, value);
	}
	return sum;
}

function mix(sum: number, word: number): number {
	const mixed = Math.imul(sum ^ word, 0x9e3779b1);
	return (mixed ^ (mixed >>> 15)) >>> 0;
}

function mixText(sum: number, text: string): number {
	let mixed = sum;
	for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
	return mixed >>> 0;
}
