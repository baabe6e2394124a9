import type { DataPoint } from "../dakkio/api";
import type { Weather } from "../weather/weather";
import { violate } from "./invariants";

/** What the world knows of a reading that the board has stored. */
export interface MeasuredReading {
	/** When it was stored, milliseconds of Unix time; it was sampled at most {@link maxSamplingMs} before. */
	readonly utc: number;
	readonly environment: Weather;
	/** dBm, and percent; `undefined` without network, and without battery. */
	readonly signalStrength: number | undefined;
	readonly batteryLevel: number | undefined;
	readonly context: ExpectedContext;
}

/** What is the same for many readings. */
export interface ExpectedContext {
	readonly deviceId: string;
	readonly location: string;
	readonly firmwareVersion: string;
	/** With the first reading of a start alone. */
	readonly resetReason: string | undefined;
	/** Counts the stretches of the board's ticks whose beginnings it has to remember. */
	readonly stretch: number;
	/**
	 * Whether its time may be an estimate: the board had not learned it, or counted it asleep for too long; or a time
	 * server has lied to a board that could not know it, and then its time may also be wrong.
	 */
	time: "known" | "may be estimated" | "misled";
	/** How far an estimate may be from the truth, milliseconds. */
	bound: number;
}

/** How long a sample may take, milliseconds. */
const maxSamplingMs = 1_000;
/** Of more stretches of ticks than this a board need not remember when they began. */
const maxRememberedStretches = 60;
/** How far a timestamp may be from the truth, milliseconds. */
const timeToleranceMs = 1_000;
/** Half of the last decimal, and what the sensor's own resolution adds. */
const tolerances = { temperature: 0.02, humidity: 0.2, pressure: 0.05 } as const;

/** What has become of a reading, each a bit. */
const measured = 1;
const delivered = 2;
/** Its 2xx has reached the board. */
const answered = 4;
/** It may go missing: it stood on a part of the flash that has lost it. */
const excused = 8;
/** It went because the flash was full. */
const overwritten = 16;
/** The service has refused it alone, and the board knows. */
const refused = 32;
/** A person has had it forgotten. */
const forgotten = 64;
/** It may be told with another time, once: what the board knew of the time was lost. */
const retimed = 128;
/** The service has refused it alone, once at least. */
const everRefused = 256;

/** Nothing more is to be done for these. */
const settledMask = excused | overwritten | forgotten;

const none = -128;
/** What was under way to the service when all was forgotten is there after so long, milliseconds. */
const inFlightMs = 60_000;

/** Columns of what is kept of each reading, by its number. */
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
	/** A sum of what was told of it. */
	checksum = new Uint32Array(0);
	context = new Uint32Array(0);

	/** Has room for a reading of this number. */
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

/** What is found on the board's flash at a moment. */
export interface FlashContents {
	/** The numbers of the readings that wait, in order. */
	readonly pending: Iterable<number>;
	/** How many went because the flash was full, as the board counts them. */
	readonly dropped: number;
	/** What is in quarantine, by number, with the reason. */
	readonly quarantined: ReadonlyMap<number, string>;
	/** The oldest in quarantine went because it was full. */
	readonly quarantineFull: boolean;
}

/** Of a request that the service has stored. */
export interface StoreCircumstances {
	/** A time server has lied to the board. */
	readonly isMisled: boolean;
	/** The board had closed the connection before it arrived. */
	readonly isLate: boolean;
}

/**
 * The world's own record of what was measured and what the service has stored, and the judge between them. It
 * knows nothing of the firmware but the number under which a reading was stored.
 */
export class Ledger {
	private readonly columns = new ReadingColumns();
	private readonly contexts: ExpectedContext[] = [];
	/** When power went: a reading that was just being stored may be there or not. */
	private readonly cuts: number[] = [];
	/** The numbers that were answered last, and when. */
	private lastAcknowledged: { readonly at: number; readonly sequences: readonly number[] } = {
		at: 0,
		sequences: [],
	};
	/** What is missing for which the board has to count a reading as overwritten, since its counter began. */
	private overwrittenSince = 0;
	/** All before this number are at the service, or accounted for. */
	private settledBefore = 1;
	private forgottenAt = 0;
	/** Up to this number readings waited in more stretches of ticks than a board can remember the beginnings of. */
	private crowdedBefore = 0;
	/** Numbers may be left out, once, before the next reading; and where flash has failed, ever after. */
	private gapAllowed = true;
	private damaged = false;
	private _newest = 0;
	measured = 0;
	delivered = 0;
	duplicates = 0;
	estimated = 0;
	overwritten = 0;
	/** The longest time from a measurement to its arrival, milliseconds. */
	maxDelayMs = 0;

	/** The highest number that was given. */
	get newest(): number {
		return this._newest;
	}

	measure(
		sequence: number,
		{ utc, environment, signalStrength, batteryLevel, context }: MeasuredReading,
	): void {
		if (!(sequence > this._newest)) violate("numbered", `${sequence} was given after ${this._newest}`);
		if (sequence !== this._newest + 1 && !this.gapAllowed && !this.damaged)
			violate("numbered", `${sequence} was given after ${this._newest}, and nothing has happened between`);
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
		// An answer that arrived at this very moment may not have been noted any more.
		if (this.lastAcknowledged.at === utc) this.undoAcknowledgement(this.lastAcknowledged.sequences);
	}

	/** Flash has failed: numbers are left out, and what was acknowledged in so many of the latest numbers may come again. */
	onDamage(from: number): void {
		this.damaged = true;
		for (let sequence = Math.max(1, from); sequence <= this._newest; sequence++) {
			this.undoAcknowledgement([sequence]);
			// Of boots of which nothing seemed to wait any more, the board has forgotten the time.
			this.loosenTime(sequence);
		}
	}

	/** These numbers may go missing. */
	excuse(from: number, to: number): void {
		const { state } = this.columns;
		this.gapAllowed = true;
		for (let sequence = Math.max(1, from); sequence < Math.min(to, state.length); sequence++)
			state[sequence] = (state[sequence] ?? 0) | excused;
	}

	/** All that waits is forgotten, and the board's counter of what it has overwritten begins anew. */
	onFactoryReset(now: number): void {
		const { state } = this.columns;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++)
			state[sequence] = (state[sequence] ?? 0) | forgotten;
		this.overwrittenSince = 0;
		this.forgottenAt = now;
		this.gapAllowed = true;
	}

	/** It was not forgotten: power went before it had begun. */
	undoFactoryReset(): void {
		const { state } = this.columns;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++)
			state[sequence] = (state[sequence] ?? 0) & ~forgotten;
	}

	/** What the board knew of the time is lost: of what waits, each may be told with another time than before. */
	onClockLost(): void {
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) this.loosenTime(sequence);
	}

	private loosenTime(sequence: number): void {
		const { state, context } = this.columns;
		state[sequence] = (state[sequence] ?? 0) | retimed;
		const told = this.contexts[context[sequence] ?? 0];
		if (told === undefined) return;
		if (told.time === "known") told.time = "may be estimated";
		told.bound = Number.POSITIVE_INFINITY;
	}

	/** The service has stored the points of a request. */
	onStored(points: readonly DataPoint[], now: number, { isMisled, isLate }: StoreCircumstances): void {
		this.checkCrowded();
		let before = Number.NEGATIVE_INFINITY;
		let sequenceBefore = 0;
		for (const point of points) {
			const told = Date.parse(point.timestamp);
			const sequence = sequenceOf(point);
			if (told < before) violate("ordered", `one goes back in time to ${point.timestamp}`);
			if (sequence <= sequenceBefore) violate("ordered", `${sequence} comes after ${sequenceBefore}`);
			before = told;
			sequenceBefore = sequence;
			if (told > now + timeToleranceMs && !isMisled && !this.isMisled(sequence))
				violate("timed", `${sequence} is from the future, ${point.timestamp}`);
			this.check(point, sequence, told, isMisled);
			this.count(point, sequence, told, now, isLate);
		}
	}

	/** The 2xx for these has reached the board. */
	onAcknowledged(sequences: readonly number[], now: number): void {
		const { state } = this.columns;
		for (const sequence of sequences) state[sequence] = (state[sequence] ?? 0) | answered;
		this.lastAcknowledged = { at: now, sequences };
	}

	/** The service's refusal of this one alone has reached the board. */
	onRefused(sequence: number, now: number): void {
		this.columns.ensureCapacity(sequence);
		const { state } = this.columns;
		state[sequence] = (state[sequence] ?? 0) | refused | everRefused;
		this.lastAcknowledged = { at: now, sequences: [sequence] };
	}

	/** Holds what the board has against what was measured; `reason`: what a refusal says. */
	checkContents({ pending, dropped, quarantined, quarantineFull }: FlashContents, reason: string): void {
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
				violate("kept", `${sequence} is in quarantine, and was not refused`);
			if (!cause.includes(reason))
				violate("kept", `${sequence} is in quarantine for "${cause}", not "${reason}"`);
		}
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) {
			if (
				here[sequence - this.settledBefore] === 1 ||
				this.isAccounted(sequence, quarantined, quarantineFull)
			)
				continue;
			if (sequence > oldest) violate("kept", `${sequence} is lost, and ${oldest} still waits`);
			state[sequence] = (state[sequence] ?? 0) | overwritten;
			this.overwritten++;
			this.overwrittenSince++;
			if (this.overwrittenSince > dropped)
				violate("kept", `${sequence} is lost, and ${dropped} were counted as overwritten`);
		}
		this.settle(
			(sequence, from) => here[sequence - from] === 1,
			(sequence) => quarantineFull || quarantined.has(sequence),
		);
	}

	/** When the oldest reading was measured that is to be delivered yet; without end when there is none. */
	oldestDue(): number {
		const { state, utc } = this.columns;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) {
			const known = state[sequence] ?? 0;
			if ((known & measured) !== 0 && (known & (delivered | everRefused | settledMask)) === 0)
				return utc[sequence] ?? 0;
		}
		return Number.POSITIVE_INFINITY;
	}

	/** How many have been measured, are not delivered and are not accounted for otherwise. */
	get pending(): number {
		const { state } = this.columns;
		let count = 0;
		for (let sequence = this.settledBefore; sequence <= this._newest; sequence++) {
			const known = state[sequence] ?? 0;
			if ((known & measured) !== 0 && (known & (delivered | settledMask | refused)) === 0) count++;
		}
		return count;
	}

	private isAccounted(sequence: number, quarantined: ReadonlyMap<number, string>, full: boolean): boolean {
		const known = this.columns.state[sequence] ?? 0;
		if ((known & measured) === 0 || (known & (delivered | settledMask)) !== 0) return true;
		return (known & everRefused) !== 0 && (full || quarantined.has(sequence));
	}

	/** What is delivered and answered, or accounted for, need not be looked at any more. */
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

	private check(point: DataPoint, sequence: number, told: number, misled: boolean): void {
		const isEstimated = point.metadata.timeEstimated === true;
		const columns = this.columns;
		if (((columns.state[sequence] ?? 0) & measured) === 0) {
			const cut = this.cuts.some((utc) => Math.abs(utc - told) <= maxSamplingMs + timeToleranceMs);
			if (!cut && !isEstimated && !misled)
				violate("genuine", `${sequence} of ${point.timestamp} was never measured`);
			return;
		}
		this.checkTime(point, sequence, told, isEstimated);
		this.checkValues(point, sequence);
		this.checkMetadata(point, sequence);
	}

	private isMisled(sequence: number): boolean {
		const context = this.contexts[this.columns.context[sequence] ?? 0];
		return context?.time === "misled";
	}

	private checkTime({ timestamp }: DataPoint, sequence: number, told: number, isEstimated: boolean): void {
		const utc = this.columns.utc[sequence] ?? 0;
		const { time, bound } = this.contextOf(sequence);
		if (time === "misled") return;
		const isRemembered = sequence > this.crowdedBefore;
		if (isEstimated && time === "known" && isRemembered)
			violate("timed", `${sequence} is marked as estimated, although the board knew the time`);
		const off = Math.max(0, utc - maxSamplingMs - told, told - utc);
		if (isEstimated && off > bound && isRemembered)
			violate(
				"timed",
				`${sequence} was measured at ${new Date(utc).toISOString()}, estimated at ${timestamp}`,
			);
		if (!isEstimated && off > timeToleranceMs)
			violate("timed", `${sequence} was measured at ${new Date(utc).toISOString()}, not at ${timestamp}`);
	}

	/** Whether more stretches began since the oldest reading that waits, or did of late, than can be remembered. */
	private checkCrowded(): void {
		if (this.settledBefore > this._newest) return;
		const began = this.contextOf(this._newest).stretch - this.contextOf(this.settledBefore).stretch;
		if (began >= maxRememberedStretches) this.crowdedBefore = this._newest;
	}

	private checkValues({ values }: DataPoint, sequence: number): void {
		const columns = this.columns;
		let count = 0;
		for (const name in values) if (Object.hasOwn(values, name)) count++;
		if (count !== 3) violate("genuine", `${sequence} has ${count} values, and 3 were measured`);
		for (const name of ["temperature", "humidity", "pressure"] as const) {
			const truth = columns.values[name][sequence] ?? 0;
			const value = values[name];
			if (typeof value !== "number" || Math.abs(value - truth) > tolerances[name])
				violate("genuine", `${sequence} says ${name} ${String(value)}, and it was ${truth}`);
		}
	}

	private checkMetadata({ metadata }: DataPoint, sequence: number): void {
		const columns = this.columns;
		const expected = this.contextOf(sequence);
		const differs = (name: string, told: unknown, truth: unknown) => {
			if (told !== truth)
				violate("genuine", `${sequence} says ${name} ${String(told)}, and it was ${String(truth)}`);
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

	private count(point: DataPoint, sequence: number, told: number, now: number, late: boolean): void {
		const columns = this.columns;
		columns.ensureCapacity(sequence);
		const known = columns.state[sequence] ?? 0;
		const sum = checksumOf(point, told);
		if ((known & forgotten) !== 0 && now > this.forgottenAt + inFlightMs)
			violate("forgotten", `${sequence} arrives at ${new Date(now).toISOString()} all the same`);
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
			const utc = (known & measured) === 0 ? told : (columns.utc[sequence] ?? told);
			this.maxDelayMs = Math.max(this.maxDelayMs, now - utc);
			return;
		}
		if (columns.checksum[sequence] !== sum)
			violate("same", `${sequence} comes again as ${JSON.stringify(point)}`);
		// What was under way when its connection was given up may arrive after what was sent in its place.
		if ((known & answered) !== 0 && !late) violate("once", `${sequence} does`);
		this.duplicates++;
	}
}

function sequenceOf({ metadata }: DataPoint): number {
	const { seq } = metadata;
	if (typeof seq !== "number" || !Number.isInteger(seq) || seq < 1)
		return violate("genuine", `a point has the number ${String(seq)}`);
	return seq;
}

/** A sum of all that a point tells. */
function checksumOf({ values, metadata }: DataPoint, told: number): number {
	let sum = mix(0x811c9dc5, Math.floor(told / 2 ** 32));
	sum = mix(sum, told | 0);
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
