import { decodeUtf8, encodeUtf8, encodeUtf8Into, utf8Bytes } from "../common/utf8";
import type { SampleContext, StoredReading } from "../reading/reading";

/** Where points are stored. */
export interface Destination {
	readonly bucketId: string;
	readonly dataSourceId: string;
}

/** A stored reading together with the time that the clock gives it. */
export interface TimedReading {
	readonly reading: StoredReading;
	/** Milliseconds of Unix time. */
	readonly utc: number;
	/** The boot was never synchronized: `utc` is interpolated between its neighbours. */
	readonly estimated: boolean;
}

/** The body of `POST /api/data/batch` before its points. */
export function batchHead({ bucketId }: Destination): Uint8Array {
	return encodeUtf8(`{"bucketId":${JSON.stringify(bucketId)},"dataPoints":[`);
}

/** The body of `POST /api/data/batch` after its points. */
export function batchTail(): Uint8Array {
	return encodeUtf8("]}");
}

/** One element of a batch's `dataPoints`, as text. */
export function pointJson(timed: TimedReading, destination: Destination): string {
	return decodeUtf8(new PointEncoder(destination).encode(timed), 1);
}

/** Maximum UTF-8 bytes per string unit (in XS a code point). */
const maxBytesPerPlace = 4;

/** Encodes points as JSON in UTF-8. The parts shared by all points of a context are encoded once. */
export class PointEncoder {
	private readonly destination: Destination;
	private context: SampleContext | undefined;
	/**
	 * What the points of the context share: the texts before and after the timestamp, each value's key, the text after the
	 * values.
	 */
	private sharedTexts: Uint8Array = new Uint8Array(0);
	/** Where each of these texts ends. */
	private sharedEnds: readonly number[] = [];
	/** Index of the field and of its value, for each key. */
	private fieldIndices: readonly number[] = [];
	private buffer = new Uint8Array(512);
	private length = 0;
	/** Counts bytes without writing them. */
	private isMeasuring = false;

	constructor(destination: Destination) {
		this.destination = destination;
	}

	/**
	 * A comma and one element of a batch's `dataPoints`; valid until the next call. `quarantineDrops`: number of points dropped
	 * by the quarantine, to be reported with this one.
	 */
	encode(timed: TimedReading, quarantineDrops?: number): Uint8Array {
		this.begin(false);
		this.putAscii(",{");
		this.putMembers(timed, quarantineDrops);
		return this.buffer.subarray(0, this.length);
	}

	/** The number of bytes that {@link encode} returns, at a fraction of the work. */
	measure(timed: TimedReading, quarantineDrops?: number): number {
		this.begin(true);
		this.putAscii(",{");
		this.putMembers(timed, quarantineDrops);
		return this.length;
	}

	/** The body of `POST /api/data`; valid until the next call. */
	encodeSingle(timed: TimedReading, quarantineDrops?: number): Uint8Array {
		this.begin(false);
		this.putText(`{"bucketId":${JSON.stringify(this.destination.bucketId)},`);
		this.putMembers(timed, quarantineDrops);
		return this.buffer.subarray(0, this.length);
	}

	private begin(isMeasuring: boolean): void {
		this.isMeasuring = isMeasuring;
		this.length = 0;
	}

	private putMembers({ reading, utc, estimated }: TimedReading, quarantineDrops: number | undefined): void {
		const { context, values } = reading;
		if (context !== this.context) this.enterContext(context);
		this.putShared(0);
		this.putAscii(new Date(Math.round(utc)).toISOString());
		this.putShared(1);
		let isFirst = true;
		for (let key = 0; key < this.fieldIndices.length; key++) {
			const value = values[this.fieldIndices[key] ?? 0];
			// JSON has no NaN or infinity: such a value counts as not measured.
			if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) continue;
			this.putShared(2 + key, isFirst ? 1 : 0);
			if (typeof value === "string") this.putText(JSON.stringify(value));
			else this.putAscii(String(value));
			isFirst = false;
		}
		this.putShared(2 + this.fieldIndices.length);
		// JSON.stringify omits undefined members.
		const metadata = JSON.stringify({
			signalStrength: reading.signalStrength,
			// mutation: reading-battery-level
			batteryLevel: reading.batteryLevel,
			// mutation: reading-number
			seq: reading.sequence,
			// mutation: mark-estimated-time
			timeEstimated: estimated ? true : undefined,
			quarantineDrops,
		});
		this.putAscii(`${metadata.slice(1)}}`);
	}

	private enterContext(context: SampleContext): void {
		this.context = context;
		const { fields, deviceId, location, firmwareVersion, resetReason } = context;
		// In the order of JSON.stringify: integer-like names come first.
		const members = Object.entries(Object.fromEntries(fields.map(({ name }, index) => [name, index])));
		const metadata = JSON.stringify({
			deviceId,
			location: location === "" ? undefined : location,
			firmwareVersion,
			resetReason,
		});
		const texts = [
			`"dataSourceId":${JSON.stringify(this.destination.dataSourceId)},"timestamp":"`,
			'","values":{',
			...members.map(([name]) => `,${JSON.stringify(name)}:`),
			`},"metadata":${metadata.slice(0, -1)},`,
		];
		let end = 0;
		this.sharedEnds = texts.map((text) => (end += utf8Bytes(text)));
		this.sharedTexts = new Uint8Array(end);
		let at = 0;
		for (const text of texts) at += encodeUtf8Into(text, this.sharedTexts, at);
		this.fieldIndices = members.map(([, index]) => index);
	}

	/** Appends a shared text from its byte `from` on. */
	private putShared(text: number, from = 0): void {
		const start = (this.sharedEnds[text - 1] ?? 0) + from;
		const end = this.sharedEnds[text] ?? start;
		if (!this.isMeasuring) {
			this.reserve(end - start);
			this.buffer.set(this.sharedTexts.subarray(start, end), this.length);
		}
		this.length += end - start;
	}

	/** Appends a text of ASCII characters. */
	private putAscii(text: string): void {
		if (this.isMeasuring) this.length += text.length;
		else this.putText(text);
	}

	private putText(text: string): void {
		if (this.isMeasuring) {
			this.length += utf8Bytes(text);
			return;
		}
		const maxBytes = text.length * maxBytesPerPlace;
		if (this.length + maxBytes > this.buffer.length) this.reserve(utf8Bytes(text));
		this.length += encodeUtf8Into(text, this.buffer, this.length);
	}

	private reserve(count: number): void {
		if (this.length + count <= this.buffer.length) return;
		const grown = new Uint8Array(Math.max(this.length + count, 2 * this.buffer.length));
		grown.set(this.buffer.subarray(0, this.length));
		this.buffer = grown;
	}
}
